"""SMOTE: new minority rows between neighbours."""

import numpy as np

from sklreg.augmentation._interpolation import BaseSMOTE, append_rows
from sklreg.augmentation._neighbors import kneighbors


class SMOTE(BaseSMOTE):
    """Over-sample by interpolating between a row and its neighbours of the same class.

    A new row is ``x + u * (z - x)``: x a row of the class, z one of its `k_neighbors`
    nearest of that class and u uniform on [0, 1). The same `random_state` gives the
    rows that :class:`imblearn.over_sampling.SMOTE` gives.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes to grow and to what size. A float is the ratio of minority to
        majority rows wanted (two classes only); a string, one of "minority",
        "not minority", "not majority", "all" and "auto" (equal to "not majority"),
        grows those classes to the size of the largest; a dict gives the number of
        rows wanted by class; a callable returns such a dict from `y`.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.
    k_neighbors : int or neighbour search, default=5
        Number of neighbours, or an object with `kneighbors` and `kneighbors_graph`
        whose `n_neighbors` counts the row itself too.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows to make by class.
    nn_k_ : estimator
        Neighbour search made from `k_neighbors`; whether it is left fitted depends on
        which search was cheaper.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        If a class to grow has no more rows than `k_neighbors`, if `y` has one class,
        or if `X` holds NaN or infinity.

    See Also
    --------
    BorderlineSMOTE : Grow the rows near the border only.
    SMOTENC : For columns that are partly categorical.
    SMOTER : For regression targets.
    PriorCorrectedClassifier : Probabilities after over-sampling.

    Notes
    -----
    The search runs over the rows of one class, in blocks, and takes half the memory of
    those rows; where the order of two neighbours hangs on rounding, the row is searched
    again the way imbalanced-learn would.

    References
    ----------
    Chawla, Bowyer, Hall & Kegelmeyer (2002). SMOTE: Synthetic Minority Over-sampling
    Technique. Journal of Artificial Intelligence Research 16, 321-357.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_classification
    >>> from sklreg.augmentation import SMOTE
    >>> X, y = make_classification(weights=[0.9], flip_y=0, random_state=0)
    >>> np.bincount(y)
    array([91,  9])
    >>> X_res, y_res = SMOTE(random_state=0).fit_resample(X, y)
    >>> np.bincount(y_res)
    array([91, 91])
    """

    def __init__(self, *, sampling_strategy="auto", random_state=None, k_neighbors=5):
        super().__init__(sampling_strategy, random_state, k_neighbors)

    def _fit_resample(self, X, y):
        self.nn_k_ = self._new_search("k_neighbors")
        self._check_class_sizes(y, self.nn_k_, "k_neighbors")
        draws = []
        for label, n_samples in self.sampling_strategy_.items():
            if n_samples == 0:
                continue
            rows = np.flatnonzero(y == label)
            X_class = X[rows]
            neighbors = kneighbors(self.nn_k_, X_class, X_class)[:, 1:]
            draws.append(self._draw(label, rows, neighbors, rows, n_samples))
        return append_rows(X, y, draws)
