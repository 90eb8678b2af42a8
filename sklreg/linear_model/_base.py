"""What the linear regressors share: prediction, weights, shapes of what is fitted."""

from numbers import Number

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from sklreg._base import DocLinkMixin
from sklreg._validation import _check_sample_weight, validate_data


class LinearRegressor(DocLinkMixin, MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Linear prediction from ``coef_`` and ``intercept_``."""

    def predict(self, X):
        """Predict with the linear model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predicted values.
        """
        check_is_fitted(self)
        X = validate_data(
            self,
            X,
            accept_sparse=["csr", "csc", "coo"],
            dtype=[np.float64, np.float32],
            reset=False,
        )
        return X @ self.coef_.T + self.intercept_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


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
