"""Samplers that change rows without balancing classes, for any kind of target."""

import numpy as np
from imblearn.base import BaseSampler
from imblearn.utils import check_target_type
from scipy import sparse
from sklearn.preprocessing import label_binarize
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from sklreg._validation import (
    StrOptions,
    _fit_context,
    finite_first,
    restored_on_error,
    validate_rows,
)
from sklreg.augmentation._sampler import CarefulSampler

_FLOATS = (np.float64, np.float32)


class RowSampler(CarefulSampler, BaseSampler):
    """Sampler whose `target` tells whether `y` holds classes or numbers.

    It does what imbalanced-learn's base class does, which refuses numbers and looks
    for the distinct labels several times.
    """

    _sampling_type = "bypass"
    sampling_strategy = "auto"
    _accept_sparse = ("csr", "csc")
    # whether NaN in dense rows is found, and refused, by `_fit_resample` itself
    _finds_nan = False

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
        with restored_on_error(self):
            self._check(X, y, ensure_all_finite=True)
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
        from imblearn.utils._validation import ArraysTransformer

        types = ArraysTransformer(X, y)
        with restored_on_error(self):
            finite = sparse.issparse(X) or not self._finds_nan
            X, y, classes = self._check(X, y, ensure_all_finite=finite)
            with finite_first(self, X):
                X_new, y_new = self._fit_resample(X, y)
            if classes is not None:
                y_new = label_binarize(y_new, classes=classes)
            return types.transform(X_new, y_new)

    def _check(self, X, y, ensure_all_finite):
        """Return checked rows, targets, and the classes of labels that are one-hot."""
        self.sampling_strategy_ = self.sampling_strategy
        arguments = {"accept_sparse": self._accept_sparse, "dtype": _FLOATS}
        arguments["ensure_all_finite"] = ensure_all_finite
        if self.target == "continuous":
            arguments |= {"multi_output": True, "y_numeric": True}
            return *validate_rows(self, X, y, **arguments), None
        y, one_hot = _check_labels(y)
        X, y = validate_rows(self, X, y, **arguments)
        if np.all(y == y[0]):
            raise ValueError(
                "The target 'y' needs to have more than 1 class. Got 1 class instead"
            )
        return X, y, np.unique(y) if one_hot else None


def _check_labels(y):
    """Return labels, and whether they were one-hot."""
    if isinstance(y, np.ndarray) and y.ndim == 1 and y.dtype.kind in "iub":
        return y, False  # which spares several searches for the distinct values
    kind = type_of_target(y)
    if kind.startswith("continuous"):
        raise ValueError(
            f"Unknown label type: {kind}. Set target='continuous' to resample a "
            "regression target."
        )
    check_classification_targets(y)
    return check_target_type(y, indicate_one_vs_all=True)


def check_one_label(y):
    """Refuse targets with more than one label a row."""
    shape = np.asarray(y).shape
    if len(shape) == 2 and shape[1] > 1:
        raise ValueError("Multilabel and multioutput targets are not supported.")
