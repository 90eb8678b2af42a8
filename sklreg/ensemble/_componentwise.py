"""Least squares on the single feature that fits best: boosted, the lasso's cousin."""

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from sklreg._base import DocLinkMixin
from sklreg._validation import (
    _check_sample_weight,
    _fit_context,
    restored_on_error,
    validate_data,
)


class ComponentwiseLeastSquares(DocLinkMixin, RegressorMixin, BaseEstimator):
    """Linear regression on one feature: the one that leaves the least squared error.

    Minimises, over one feature j, its coefficient and an intercept::

        sum_i s_i * (y_i - x_ij * w - b)**2

    with the sample weights `s`, ones by default. By itself it is a poor model. As the
    `estimator` of :class:`GradientBoostingRegressor` it makes L2-boosting [1]_: with a
    small `learning_rate` the coefficients grow along a path that is close to the
    lasso's, and the number of stages is the penalty.

    Parameters
    ----------
    fit_intercept : bool, default=True
        Whether to fit the intercept.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Coefficients, one of them not zero.
    intercept_ : float
        Intercept, 0.0 without `fit_intercept`.
    feature_ : int
        The feature chosen; the first of several that are equally good.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    GradientBoostingRegressor : Fits many of these, one after the other.

    References
    ----------
    .. [1] P. Bühlmann and B. Yu (2003). Boosting with the L2 loss: regression and
       classification. J. Amer. Statist. Assoc. 98(462).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.ensemble import ComponentwiseLeastSquares
    >>> X, y = load_diabetes(return_X_y=True)
    >>> ComponentwiseLeastSquares().fit(X, y).feature_
    2
    """

    _parameter_constraints: dict = {"fit_intercept": ["boolean"]}

    def __init__(self, *, fit_intercept=True):
        self.fit_intercept = fit_intercept

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Non-negative weights of the samples.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If the data are not finite, or the weights negative or all zero.
        """
        with restored_on_error(self):
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse=["csr", "csc"],
                dtype=[np.float64, np.float32],
                y_numeric=True,
            )
            weight = np.full(len(y), 1.0 / len(y))
            if sample_weight is not None:
                weight = _check_sample_weight(
                    sample_weight, X, dtype=np.float64, ensure_non_negative=True
                )
                if not weight.any():
                    raise ValueError(
                        "sample_weight must contain at least one positive number; all "
                        "weights are zero."
                    )
                weight = weight / weight.sum()
            return self._fit(X, np.asarray(y, dtype=np.float64), weight)

    def _fit(self, X, y, weight):
        n_features = X.shape[1]
        mean, level = np.zeros(n_features), 0.0
        if self.fit_intercept:
            mean, level = X.T @ weight, float(weight @ y)
        residual = weight * (y - level)
        products = X.T @ residual - mean * residual.sum()
        if issparse(X):
            squares = X.multiply(X).T @ weight - mean**2
        else:
            squares = weight @ (X - mean) ** 2
        # a column that is constant but for rounding explains nothing
        varies = squares > 1e-14 * mean**2
        explained = np.where(varies, products**2, 0.0)
        explained[varies] /= squares[varies]
        best = int(np.argmax(explained))
        coef = np.zeros(n_features)
        if varies[best]:
            coef[best] = products[best] / squares[best]
        self.feature_ = best
        self.coef_ = coef.astype(X.dtype)
        self.intercept_ = float(level - mean[best] * coef[best])
        return self

    def predict(self, X):
        """Predict with the one feature.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,)
            Predicted values.
        """
        check_is_fitted(self)
        X = validate_data(
            self,
            X,
            accept_sparse=["csr", "csc"],
            dtype=[np.float64, np.float32],
            reset=False,
        )
        column = X[:, [self.feature_]]
        column = column.toarray() if issparse(column) else column
        return column[:, 0] * self.coef_[self.feature_] + self.intercept_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.regressor_tags.poor_score = True
        return tags
