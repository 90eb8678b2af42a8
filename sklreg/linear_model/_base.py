"""What the linear regressors share: prediction, weights, shapes of what is fitted."""

from numbers import Number

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from sklreg._base import DocLinkMixin
from sklreg._validation import _check_sample_weight, check_array, validate_data
from sklreg._warnings import warn

NOT_CONVERGED = (
    "Objective did not converge. You might want to increase the number of iterations, "
    "check the scale of the features or consider increasing regularisation. "
    "Duality gap: {gap:.3e}, tolerance: {goal:.3e}"
)


class LinearRegressor(DocLinkMixin, MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Linear prediction from ``coef_`` and ``intercept_``, plus an offset."""

    _has_offset = False

    def predict(self, X, *, offset=None):
        """Predict with the linear model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        offset : array-like of shape (n_samples,) or (n_samples, n_targets), \
                default=None
            Added to the predictions. Required where the model was fitted with an
            offset; zeros for none.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predicted values.

        Raises
        ------
        ValueError
            If the model was fitted with an offset and `offset` is missing, or if it
            has the wrong shape.
        """
        check_is_fitted(self)
        return self._predict(X, self.coef_, self.intercept_, offset)

    def score(self, X, y, sample_weight=None, *, offset=None):
        """Return the coefficient of determination of the predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            True values.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.
        offset : array-like of shape (n_samples,) or (n_samples, n_targets), \
                default=None
            As in :meth:`predict`.

        Returns
        -------
        float
            R², averaged over the targets.
        """
        from sklearn.metrics import r2_score  # which takes long to import

        kwargs = {} if offset is None else {"offset": offset}
        return r2_score(y, self.predict(X, **kwargs), sample_weight=sample_weight)

    def _predict(self, X, coef, intercept, offset):
        X = rows_to_predict(self, X, offset)
        predictions = X @ coef.T + intercept
        if offset is None:
            return predictions
        return predictions + check_offset(offset, predictions.shape)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def rows_to_predict(model, X, offset):
    """Return X checked for a prediction of a fitted linear model.

    Raises
    ------
    ValueError
        If the model was fitted with an offset and there is none now, or if X does not
        fit the model.
    """
    if offset is None and model._has_offset:
        raise ValueError(
            f"This {type(model).__name__} was fitted with an offset: predictions "
            "need one too. Give offset=, zeros for none."
        )
    return validate_data(
        model,
        X,
        accept_sparse=["csr", "csc", "coo"],
        dtype=[np.float64, np.float32],
        reset=False,
    )


def check_weights(sample_weight, X):
    """Return float64 weights, or None where they are all the same number.

    Raises
    ------
    ValueError
        If a weight is negative, or if none is positive.
    """
    if sample_weight is None or isinstance(sample_weight, Number):
        return None
    weights = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True
    )
    if not weights.any():
        raise ValueError(
            "sample_weight must contain at least one positive number; all weights "
            "are zero."
        )
    return weights


def as_columns(y):
    """Return y as float64 of shape (n_samples, n_targets)."""
    y = np.asarray(y, dtype=np.float64)
    return y[:, None] if y.ndim == 1 else y


def check_offset(offset, shape):
    """Return an offset as float64 in the shape of the target it belongs to.

    Raises
    ------
    ValueError
        If it is not finite, or has another shape.
    """
    offset = check_array(
        offset,
        ensure_2d=False,
        dtype=np.float64,
        input_name="offset",
        ensure_min_samples=0,
    )
    if offset.shape != shape:
        raise ValueError(f"offset has shape {offset.shape}; it must be {shape}.")
    return offset


def warn_if_short(gap, goal):
    """Warn when a duality gap has stayed above its goal."""
    if gap > goal:
        warn(
            NOT_CONVERGED.format(gap=gap, goal=goal),
            ConvergenceWarning,
        )
