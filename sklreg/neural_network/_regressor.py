"""Multi-layer perceptron regressor."""

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if

from sklreg._validation import StrOptions, _fit_context, restored_on_error
from sklreg.neural_network._base import BaseMLP, is_stochastic


class MLPRegressor(RegressorMixin, BaseMLP):
    """DOC"""

    _parameter_constraints: dict = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson"})],
    }

    def __init__(
        self,
        loss="squared_error",
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
        restore_best=True,
        early_stopping_scoring=None,
    ):
        self.loss = loss
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
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation data. With `early_stopping` it decides when to stop and which
            epoch is best, and all of `X` is trained on; without, it only adds its
            curves to `history_`.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
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
    def partial_fit(self, X, y, sample_weight=None):
        """Go on for one epoch over a chunk of the data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Chunk of the training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Its targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

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
            self._partial_fit(X, y, sample_weight)
        return self

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

    def _class_weighted(self, y, Y, sample_weight, incremental):
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

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
