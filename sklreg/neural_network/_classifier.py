"""Multi-layer perceptron classifier."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d, compute_class_weight, compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target, unique_labels

from sklreg._validation import (
    Interval,
    Real,
    StrOptions,
    _check_partial_fit_first_call,
    _fit_context,
    restored_on_error,
)
from sklreg.neural_network._base import BaseMLP, is_stochastic


class MLPClassifier(ClassifierMixin, BaseMLP):
    """DOC"""

    loss = "log_loss"
    _parameter_constraints: dict = {
        **BaseMLP._parameter_constraints,
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        dropout=0.0,
        input_dropout=0.0,
        structured_dropout=0.0,
        batch_norm=False,
        max_norm=None,
        l1_ratio=0.0,
        decoupled_weight_decay=False,
        weight_noise=0.0,
        gradient_noise=0.0,
        activation_noise=0.0,
        input_noise=0.0,
        residual=False,
        stochastic_depth=0.0,
        mixup_alpha=0.0,
        cutmix_alpha=0.0,
        image_shape=None,
        label_smoothing=0.0,
        class_weight=None,
        restore_best=True,
        early_stopping_scoring=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.structured_dropout = structured_dropout
        self.batch_norm = batch_norm
        self.max_norm = max_norm
        self.l1_ratio = l1_ratio
        self.decoupled_weight_decay = decoupled_weight_decay
        self.weight_noise = weight_noise
        self.gradient_noise = gradient_noise
        self.activation_noise = activation_noise
        self.input_noise = input_noise
        self.residual = residual
        self.stochastic_depth = stochastic_depth
        self.mixup_alpha = mixup_alpha
        self.cutmix_alpha = cutmix_alpha
        self.image_shape = image_shape
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.restore_best = restore_best
        self.early_stopping_scoring = early_stopping_scoring

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X, y, sample_weight=None, X_val=None, y_val=None, sample_weight_val=None
    ):
        """Fit the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_classes)
            Labels; a 0/1 matrix of several labels a sample; or rows of probabilities
            of the classes (soft targets), which are floats that sum to 1.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation data. With `early_stopping` it decides when to stop and which
            epoch is best, and all of `X` is trained on; without, it only adds its
            curves to `history_`.
        y_val : array-like of shape (n_val,) or (n_val, n_classes), default=None
            Targets of `X_val`.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the validation samples.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If an input or a combination of parameters is wrong; the estimator is then
            left as it was. If the loss overflows; the weights are then those of the
            last epoch that was finite, if there was one.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(is_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None, classes=None):
        """Go on for one epoch over a chunk of the data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Chunk of the training data.
        y : array-like of shape (n_samples,) or (n_samples, n_classes)
            Its targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        classes : array-like of shape (n_classes,), default=None
            All labels that any chunk will have; needed in the first call.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If an input is wrong or the loss overflows. The weights are then those
            before the call.
        """
        with restored_on_error(self):
            if self.class_weight == "balanced":
                raise ValueError(
                    "class_weight='balanced' needs all classes' frequencies and is not "
                    "supported by partial_fit. Compute the weights with "
                    "compute_class_weight from a sample of y and pass them as a dict."
                )
            if _check_partial_fit_first_call(self, classes):
                self._label_binarizer = LabelBinarizer()
                several = type_of_target(y).startswith("multilabel")
                self._label_binarizer.fit(y if several else self.classes_)
            self._partial_fit(X, y, sample_weight)
        return self

    def predict(self, X):
        """Return the class of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Labels; a 0/1 matrix after a fit to one.
        """
        return self._labels(self._raw(X))

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, columns in the order of `classes_`. With several labels a
            sample, those of each label by itself.
        """
        return self._shape(self._outputs(X))

    def predict_log_proba(self, X):
        """Return the logarithms of the probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log-probabilities.
        """
        return np.log(self.predict_proba(X))

    # ------------------------------------------------------------------ targets

    def _out_activation(self):
        kind = self._label_binarizer.y_type_
        return "softmax" if kind == "multiclass" else "logistic"

    def _encode(self, y, dtype, *, fresh, incremental):
        """Learn the classes of a fit, and return targets (n_samples, n_outputs)."""
        known = hasattr(self, "classes_") and (self.warm_start or incremental)
        if not known:
            self._label_binarizer = LabelBinarizer()
            if self._is_soft(y):
                self._label_binarizer.fit(np.arange(y.shape[1]))
            else:
                self._label_binarizer.fit(_column(y))
            self.classes_ = self._label_binarizer.classes_
        elif self.warm_start and not incremental and not self._is_soft(y):
            classes = unique_labels(_column(y))
            if set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in "
                    f"the previous call to fit. Previously got {self.classes_}, `y` "
                    f"has {classes}"
                )
        Y = self._encode_more(y, dtype, "y")
        if self.label_smoothing:
            n_ways = Y.shape[1] if self._out_activation() == "softmax" else 2
            Y *= 1 - self.label_smoothing
            Y += self.label_smoothing / n_ways
        return Y

    def _encode_more(self, y, dtype, name):
        """Return targets in the terms of the loss, by the classes that are known."""
        if self._is_soft(y):
            y = self._check_soft(y, name)
            binary = self._label_binarizer.y_type_ == "binary"
            return np.ascontiguousarray(y[:, 1:] if binary else y, dtype=dtype)
        y = _column(y)
        classes = unique_labels(y)
        if len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`{name}` has classes not in `self.classes_`. `self.classes_` has "
                f"{self.classes_}. '{name}' has {classes}."
            )
        return np.array(self._label_binarizer.transform(y), dtype=dtype, order="C")

    def _is_soft(self, y):
        """Return whether y holds probabilities rather than labels."""
        if getattr(y, "ndim", 1) != 2 or y.shape[1] < 2 or y.dtype.kind != "f":
            return False
        if type_of_target(y) == "continuous-multioutput":
            return True
        # a 0/1 matrix is of several labels, unless the network knows it is not
        known = hasattr(self, "classes_") and hasattr(self, "coefs_")
        return known and not self._label_binarizer.y_type_.startswith("multilabel")

    def _check_soft(self, y, name):
        if y.shape[1] != len(self.classes_):
            raise ValueError(
                f"{name} has probabilities of {y.shape[1]} classes, but there are "
                f"{len(self.classes_)}: {self.classes_}."
            )
        total = y.sum(axis=1, keepdims=True, dtype=np.float64)
        wrong = (y < 0).any(axis=1) | (np.abs(total[:, 0] - 1) > 1e-4)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(
                f"Unknown label type: a matrix of floats in {name} is taken for "
                "probabilities of the classes, which must not be negative and sum to 1 "
                f"in each row; row {row} is {y[row]}."
            )
        return y / total

    def _class_weighted(self, y, Y, sample_weight, incremental):
        """Return the weights of samples times those of their classes."""
        if self.class_weight is None:
            return sample_weight
        if not self._is_soft(y):
            of_class = compute_sample_weight(self.class_weight, _column(y))
        elif self.class_weight == "balanced":
            of_class = y @ (1 / np.maximum(y.mean(axis=0), 1e-12)) / y.shape[1]
        else:
            weights = compute_class_weight(
                self.class_weight, classes=self.classes_, y=self.classes_
            )
            of_class = y @ weights
        return of_class if sample_weight is None else sample_weight * of_class

    def _labels_of(self, y, Y):
        """Return labels to score with: of soft targets the most probable."""
        if not self._is_soft(y):
            return _column(y)
        return self._labels_from(Y)

    def _strata(self, Y):
        return Y[:, 0] > 0.5 if Y.shape[1] == 1 else None

    # ------------------------------------------------------------------ results

    def _labels(self, raw):
        return self._labels_from(self._link(raw))

    def _labels_from(self, probability):
        binarizer = self._label_binarizer
        if binarizer.y_type_.startswith("multilabel"):
            return binarizer.inverse_transform(probability)
        if probability.shape[1] == 1:
            which = (probability[:, 0] > 0.5).astype(np.intp)
            return self.classes_[np.minimum(which, len(self.classes_) - 1)]
        return self.classes_[probability.argmax(axis=1)]

    def _score_raw(self, Y, raw, sample_weight):
        """Return the accuracy of raw predictions."""
        if self._out_activation() == "softmax":
            right = raw.argmax(axis=1) == Y.argmax(axis=1)
        else:
            right = np.all((raw > 0) == (Y > 0.5), axis=1)
        return float(np.average(right, weights=sample_weight))

    def _shape(self, probability):
        if probability.shape[1] == 1:
            return np.hstack([1 - probability, probability])
        return probability

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _column(y):
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
