"""What the outputs of a network mean: classes, or numbers.

Targets in the terms of the loss from what is given to `fit`, and predictions from the
outputs.
"""

import numpy as np
from sklearn.metrics import r2_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d, compute_class_weight, compute_sample_weight
from sklearn.utils.multiclass import type_of_target, unique_labels


class ClassOutputs:
    """Outputs are probabilities of classes, or of labels."""

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
        return self._encode_more(y, dtype, "y")

    def _softened(self, Y):
        """Return targets with part of them spread over the classes."""
        if not self.label_smoothing:
            return Y
        n_ways = Y.shape[1] if self._out_activation() == "softmax" else 2
        return (1 - self.label_smoothing) * Y + Y.dtype.type(
            self.label_smoothing / n_ways
        )

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

    def _class_weighted(self, y, sample_weight):
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
        return Y > 0.5 if Y.shape[1] == 1 else None

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


class NumberOutputs:
    """Outputs are what is predicted, or its logarithm."""

    def predict(self, X):
        """Predict the targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions.
        """
        return self._shape(self._outputs(X))

    def _out_activation(self):
        return "exp" if self.loss == "poisson" else "identity"

    def _encode(self, y, dtype, *, fresh, incremental):
        Y = self._encode_more(y, dtype, "y")
        if not fresh and Y.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y has {Y.shape[1]} outputs, but the network has {self.n_outputs_}."
            )
        return Y

    def _encode_more(self, y, dtype, name):
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if self.loss == "poisson" and np.any(y < 0):
            raise ValueError(f"{name} must not be negative with loss='poisson'.")
        return np.array(y.reshape(len(y), -1), dtype=dtype, order="C")

    def _softened(self, Y):
        return Y

    def _class_weighted(self, y, sample_weight):
        return sample_weight

    def _labels_of(self, y, Y):
        return y

    def _strata(self, Y):
        return None

    def _score_raw(self, Y, raw, sample_weight):
        """Return the coefficient of determination of raw predictions."""
        return r2_score(Y, self._link(raw), sample_weight=sample_weight)

    def _shape(self, outputs):
        return outputs.ravel() if outputs.shape[1] == 1 else outputs


def _column(y):
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
