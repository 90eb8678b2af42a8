"""Samplers that change rows without balancing classes, for any kind of target."""

import numpy as np
from imblearn.base import BaseSampler
from imblearn.utils import check_target_type
from sklearn.utils.multiclass import type_of_target

from sklreg._validation import (
    StrOptions,
    _fit_context,
    restored_on_error,
    validate_rows,
)
from sklreg.augmentation._sampler import CarefulSampler

_FLOATS = (np.float64, np.float32)


class RowSampler(CarefulSampler, BaseSampler):
    """Sampler whose `target` tells whether `y` holds classes or numbers.

    Classes go the way of imbalanced-learn's samplers. Numbers are checked here, since
    that way refuses them.
    """

    _sampling_type = "bypass"
    sampling_strategy = "auto"
    _accept_sparse = ("csr", "csc")

    _parameter_constraints: dict = {
        "target": [StrOptions({"class", "continuous"})],
        "random_state": ["random_state"],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, **params):
        """Check the parameters and the rows; call `fit_resample` to get new ones.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Target.
        **params : dict
            Ignored.

        Returns
        -------
        self : estimator
            The sampler.
        """
        if self.target == "class":
            return super().fit(X, y, **params)
        with restored_on_error(self):
            self._check_numbers(X, y)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X, y, **params):
        """Return new rows and their targets.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        **params : dict
            Ignored.

        Returns
        -------
        X_resampled : of the type of `X`, of shape (n_resampled, n_features)
            Rows.
        y_resampled : of the type of `y`
            Their targets.
        """
        if self.target == "class":
            self._refuse_numbers(y)
            return super().fit_resample(X, y, **params)
        from imblearn.utils._validation import ArraysTransformer

        types = ArraysTransformer(X, y)
        with restored_on_error(self):
            X, y = self._check_numbers(X, y)
            return types.transform(*self._fit_resample(X, y))

    def _check_X_y(self, X, y, accept_sparse=None):
        y, binarize_y = check_target_type(y, indicate_one_vs_all=True)
        X, y = validate_rows(self, X, y, accept_sparse=self._accept_sparse)
        if X.dtype not in _FLOATS:
            X = X.astype(np.float64)
        return X, y, binarize_y

    def _check_numbers(self, X, y):
        self.sampling_strategy_ = self.sampling_strategy
        return validate_rows(
            self,
            X,
            y,
            reset=True,
            accept_sparse=self._accept_sparse,
            dtype=_FLOATS,
            multi_output=True,
            y_numeric=True,
        )

    @staticmethod
    def _refuse_numbers(y):
        if getattr(y, "dtype", np.dtype(float)) in (np.dtype(int), np.dtype(bool)):
            return  # which spares a search for the distinct values
        kind = type_of_target(y)
        if kind.startswith("continuous"):
            raise ValueError(
                f"Unknown label type: {kind}. Set target='continuous' to resample a "
                "regression target."
            )


def check_one_label(y):
    """Refuse targets with more than one label a row."""
    shape = np.asarray(y).shape
    if len(shape) == 2 and shape[1] > 1:
        raise ValueError("Multilabel and multioutput targets are not supported.")
