"""ADASYN: more new rows where the class is harder to tell."""

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_neighbors_object
from sklearn.utils import check_random_state

from sklreg.augmentation._borderline_smote import share_of_others
from sklreg.augmentation._interpolation import NEIGHBORS, Draws, append_rows
from sklreg.augmentation._neighbors import kneighbors
from sklreg.augmentation._sampler import CarefulSampler, naming


class ADASYN(CarefulSampler, BaseOverSampler):
    """Over-sample each row of a class as often as it has neighbours of other classes.

    A row gets a number of new rows in proportion to the share of other classes among
    its `n_neighbors` nearest; they are placed between it and its nearest of its own
    class, as in :class:`SMOTE`. The same `random_state` gives the rows that
    :class:`imblearn.over_sampling.ADASYN` gives.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes to grow and to what size; see :class:`SMOTE`. Sizes are met up to
        rounding.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.
    n_neighbors : int or neighbour search, default=5
        Neighbours for both searches.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows to make by class.
    nn_ : estimator
        Neighbour search made from `n_neighbors`.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    RuntimeError
        If no row of a class has a neighbour of another class.
    ValueError
        If rounding leaves nothing to make, if there are fewer rows than neighbours, if
        `y` has one class, or if `X` holds NaN or infinity.

    See Also
    --------
    SMOTE : The same number of new rows for each row, on average.

    References
    ----------
    He, Bai, Garcia & Li (2008). ADASYN: Adaptive Synthetic Sampling Approach for
    Imbalanced Learning. IEEE International Joint Conference on Neural Networks.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_classification
    >>> from sklreg.augmentation import ADASYN
    >>> X, y = make_classification(weights=[0.9], flip_y=0, random_state=0)
    >>> X_res, y_res = ADASYN(random_state=0).fit_resample(X, y)
    >>> np.bincount(y_res)
    array([91, 93])
    """

    _parameter_constraints: dict = {
        **BaseOverSampler._parameter_constraints,
        "n_neighbors": NEIGHBORS,
    }

    def __init__(self, *, sampling_strategy="auto", random_state=None, n_neighbors=5):
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.n_neighbors = n_neighbors

    def _fit_resample(self, X, y):
        self.nn_ = check_neighbors_object(
            "n_neighbors", self.n_neighbors, additional_neighbor=1
        )
        random_state = check_random_state(self.random_state)
        draws = []
        for label, n_samples in self.sampling_strategy_.items():
            if n_samples == 0:
                continue
            rows = np.flatnonzero(y == label)
            with naming("n_neighbors", label):
                n_others, n_neighbors = share_of_others(self.nn_, X, rows, y, label)
            repeats = _share_out(n_others / n_neighbors, n_samples)
            X_class = X[rows]
            with naming("n_neighbors", label):
                neighbors = kneighbors(self.nn_, X_class, X_class)[:, 1:]
            start = np.repeat(np.arange(len(rows)), repeats)
            columns = random_state.choice(n_neighbors, size=len(start))
            steps = random_state.uniform(size=(len(start), 1))[:, 0]
            other = rows[neighbors[start, columns]]
            draws.append(Draws(label, rows[start], other, steps))
        return append_rows(X, y, draws)


def _share_out(shares, n_samples):
    """Return how many of about `n_samples` new rows each row gets."""
    total = np.sum(shares)
    if not total:
        raise RuntimeError(
            "Not any neighbours belong to the majority class: no row is harder to "
            "learn than another, so that ADASYN is not suited for this specific "
            "dataset. Use SMOTE instead."
        )
    repeats = np.rint(shares / total * n_samples).astype(int)
    if not repeats.sum():
        raise ValueError(
            "No samples will be generated with the provided ratio settings."
        )
    return repeats
