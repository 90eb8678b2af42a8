"""Over-sampling along the border between classes."""

import numpy as np
from sklearn.utils import check_random_state

from sklreg._validation import StrOptions
from sklreg.augmentation._interpolation import NEIGHBORS, BaseSMOTE, append_rows
from sklreg.augmentation._neighbors import kneighbors
from sklreg.augmentation._sampler import naming


def share_of_others(search, X, rows, y, label):
    """Count the neighbours of other classes of some rows of X.

    Returns
    -------
    n_others : ndarray of int of shape (len(rows),)
    n_neighbors : int
        Number of neighbours looked at, the row itself not among them.
    """
    neighbors = kneighbors(search, X, X[rows])[:, 1:]
    n_others = np.count_nonzero(y[neighbors] != label, axis=1)
    return n_others, search.n_neighbors - 1


def in_danger(n_others, n_neighbors):
    """Tell which rows have at least half, but not all, neighbours of other classes."""
    return (n_others >= n_neighbors / 2) & (n_others < n_neighbors)


class BorderlineSMOTE(BaseSMOTE):
    """Over-sample from the minority rows "in danger" near the border of their class.

    A row is in danger if at least half, but not all, of its `m_neighbors` nearest rows
    belong to other classes. New rows are placed between a row in danger and one of its
    `k_neighbors` nearest of its class ("borderline-1") or of any class, then at most
    half way towards a row of another class ("borderline-2"). The same `random_state`
    gives the rows that :class:`imblearn.over_sampling.BorderlineSMOTE` gives.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes to grow and to what size; see :class:`SMOTE`.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.
    k_neighbors : int or neighbour search, default=5
        Neighbours to interpolate with.
    m_neighbors : int or neighbour search, default=10
        Neighbours that tell whether a row is in danger.
    kind : {"borderline-1", "borderline-2"}, default="borderline-1"
        Variant of the paper.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows to make by class. A class without rows in danger gets none.
    nn_k_, nn_m_ : estimator
        Neighbour searches made from the parameters.
    in_danger_indices : dict of ndarray
        Rows in danger by class.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        If there are fewer rows than neighbours, if `y` has one class, or if `X` holds
        NaN or infinity.

    See Also
    --------
    SMOTE : Interpolate from every row of the class.
    SVMSMOTE : Let the support vectors tell the border.

    Notes
    -----
    Neighbours among all rows are searched for the minority rows only, at half the
    memory of X.

    References
    ----------
    Han, Wang & Mao (2005). Borderline-SMOTE: A New Over-Sampling Method in Imbalanced
    Data Sets Learning. Advances in Intelligent Computing, 878-887.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_classification
    >>> from sklreg.augmentation import BorderlineSMOTE
    >>> X, y = make_classification(weights=[0.9], flip_y=0, random_state=0)
    >>> X_res, y_res = BorderlineSMOTE(random_state=0).fit_resample(X, y)
    >>> np.bincount(y_res)
    array([91, 91])
    """

    _parameter_constraints: dict = {
        **BaseSMOTE._parameter_constraints,
        "m_neighbors": NEIGHBORS,
        "kind": [StrOptions({"borderline-1", "borderline-2"})],
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        random_state=None,
        k_neighbors=5,
        m_neighbors=10,
        kind="borderline-1",
    ):
        super().__init__(sampling_strategy, random_state, k_neighbors)
        self.m_neighbors = m_neighbors
        self.kind = kind

    def _fit_resample(self, X, y):
        self.nn_k_ = self._new_search("k_neighbors")
        self.nn_m_ = self._new_search("m_neighbors")
        self.in_danger_indices = {}
        draws = []
        for label, n_samples in self.sampling_strategy_.items():
            if n_samples == 0:
                continue
            rows = np.flatnonzero(y == label)
            with naming("m_neighbors", label):
                shares = share_of_others(self.nn_m_, X, rows, y, label)
            danger = rows[in_danger(*shares)]
            if not danger.size:
                continue
            self.in_danger_indices[label] = danger
            among = rows if self.kind == "borderline-1" else np.arange(X.shape[0])
            X_among = X[rows] if self.kind == "borderline-1" else X
            with naming("k_neighbors", label):
                neighbors = kneighbors(self.nn_k_, X_among, X[danger])[:, 1:]
            new = self._draw(label, danger, neighbors, among, n_samples)
            if self.kind == "borderline-2":
                self._stay_near(new, y)
            draws.append(new)
        return append_rows(X, y, draws)

    def _stay_near(self, draws, y):
        """Shorten in place the steps towards rows of other classes."""
        foreign = y[draws.other] != draws.label
        # imbalanced-learn starts its generator afresh here
        random_state = check_random_state(self.random_state)
        shares = random_state.uniform(low=0.0, high=0.5, size=foreign.sum())
        draws.steps[foreign] *= shares
