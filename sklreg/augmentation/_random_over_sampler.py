"""Over-sampling with replacement, smoothed or not."""

from collections.abc import Mapping
from numbers import Real

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from scipy import sparse
from sklearn.utils import _safe_indexing, check_array, check_random_state
from sklearn.utils.sparsefuncs import mean_variance_axis

from sklreg._validation import Interval, check_rows, record_columns
from sklreg.augmentation._sampler import CarefulSampler


class RandomOverSampler(CarefulSampler, BaseOverSampler):
    """Over-sample by repeating rows, optionally with a little noise (ROSE).

    With `shrinkage`, a repeated row gets Gaussian noise of standard deviation
    ``shrinkage * (4 / ((p + 2) n))**(1 / (p + 4)) * sd_class`` in each column: a draw
    from a kernel density estimate of the class, with Silverman's bandwidth. The same
    `random_state` gives the rows that
    :class:`imblearn.over_sampling.RandomOverSampler` gives.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes to grow and to what size; see :class:`SMOTE`.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.
    shrinkage : float, dict or None, default=None
        Width of the noise, not negative, one for all classes or one by class. None
        repeats rows as they are.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows to make by class.
    sample_indices_ : ndarray of shape (n_resampled,)
        Row of `X` each row of the result came from.
    shrinkage_ : dict or None
        Width of the noise by class.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        If `shrinkage` is negative or misses a class, if it is given for columns that
        are not numbers, or if `y` has one class.

    Notes
    -----
    Without `shrinkage` any columns are taken: strings, categories, dates, missing
    values. float32 rows stay float32 with `shrinkage` too, where imbalanced-learn
    returns float64.

    References
    ----------
    Menardi & Torelli (2014). Training and assessing classification rules with
    imbalanced data. Data Mining and Knowledge Discovery 28(1), 92-122.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.augmentation import RandomOverSampler
    >>> X, y = np.arange(4.0).reshape(-1, 1), np.array([0, 0, 0, 1])
    >>> X_res, y_res = RandomOverSampler(random_state=0).fit_resample(X, y)
    >>> X_res.ravel()
    array([0., 1., 2., 3., 3., 3.])
    """

    _parameter_constraints: dict = {
        **BaseOverSampler._parameter_constraints,
        "shrinkage": [Interval(Real, 0, None, closed="left"), dict, None],
    }

    def __init__(self, *, sampling_strategy="auto", random_state=None, shrinkage=None):
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.shrinkage = shrinkage

    def _check_X_y(self, X, y):
        y, binarize_y = check_target_type(y, indicate_one_vs_all=True)
        X = check_rows(X)
        record_columns(self, X, y)
        return X, y, binarize_y

    def _fit_resample(self, X, y):
        random_state = check_random_state(self.random_state)
        self.shrinkage_ = self._check_shrinkage()
        if self.shrinkage_ is not None:
            try:
                X = check_array(X, accept_sparse=["csr", "csc"], dtype="numeric")
            except ValueError as error:
                raise ValueError(
                    "When shrinkage is not None, X needs to contain only numerical "
                    "data to later generate a smoothed bootstrap sample."
                ) from error

        indices = [np.arange(X.shape[0])]
        noise = []
        for label, n_samples in self.sampling_strategy_.items():
            rows = np.flatnonzero(y == label)
            indices.append(random_state.choice(rows, size=n_samples, replace=True))
            if self.shrinkage_ is not None:
                widths = self.shrinkage_[label] * _bandwidth(X, rows)
                noise.append(random_state.randn(n_samples, X.shape[1]) * widths)
        self.sample_indices_ = np.concatenate(indices)
        X_resampled = _safe_indexing(X, self.sample_indices_)
        if hasattr(X_resampled, "reset_index"):
            X_resampled = X_resampled.reset_index(drop=True)
        elif noise:
            X_resampled = _add_below(X_resampled, X.shape[0], np.vstack(noise))
        return X_resampled, _safe_indexing(y, self.sample_indices_)

    def _check_shrinkage(self):
        shrinkage = self.shrinkage
        if isinstance(shrinkage, Real):
            shrinkage = dict.fromkeys(self.sampling_strategy_, shrinkage)
        if isinstance(shrinkage, Mapping):
            missing = self.sampling_strategy_.keys() - shrinkage.keys()
            if missing:
                raise ValueError(
                    "`shrinkage` should contain a shrinkage factor for each class that "
                    f"will be resampled. The missing classes are: {missing!r}"
                )
            for label, factor in shrinkage.items():
                if factor < 0:
                    raise ValueError(
                        "The shrinkage factor needs to be >= 0. Got "
                        f"{factor} for class {label}."
                    )
        return shrinkage

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.sampler_tags.sample_indices = True
        return tags


def _bandwidth(X, rows):
    n, p = X.shape
    if sparse.issparse(X):
        deviations = np.sqrt(mean_variance_axis(X[rows], axis=0)[1])
    else:
        deviations = np.std(X[rows], axis=0)
    return (4 / ((p + 2) * n)) ** (1 / (p + 4)) * deviations


def _add_below(X, n, noise):
    """Add noise to the rows from n on."""
    if sparse.issparse(X):
        rows = X.tocsr()
        noisy = sparse.csr_matrix(noise + rows[n:].toarray(), dtype=X.dtype)
        return sparse.vstack([rows[:n], noisy], format=X.format)
    if X.dtype.kind != "f":
        return np.vstack([X[:n], X[n:] + noise])
    X[n:] += noise
    return X
