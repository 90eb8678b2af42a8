"""SMOTEN: over-sampling where every column is a category."""

import numpy as np
from imblearn.utils import check_target_type
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import OrdinalEncoder
from sklearn.utils import check_random_state

from sklreg._validation import HasMethods, validate_data
from sklreg._warnings import warn
from sklreg.augmentation._interpolation import BaseSMOTE
from sklreg.augmentation._smote_kernels import add_table_distances, most_frequent

# distances held at once
_BLOCK = 2**22


class SMOTEN(BaseSMOTE):
    """Over-sample rows made of categories only.

    A new row takes in each column the most frequent category among the `k_neighbors`
    nearest of a row drawn from the class and the row itself. Distances are value
    differences: ``Σ_columns (Σ_classes |P(class | a) - P(class | b)|)²`` for categories
    a and b, so that two categories are near if they go with the same classes. The same
    `random_state` gives the rows that :class:`imblearn.over_sampling.SMOTEN` gives.

    Parameters
    ----------
    categorical_encoder : estimator or None, default=None
        Ordinal encoder to integers; None is an
        :class:`~sklearn.preprocessing.OrdinalEncoder`.
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes to grow and to what size; see :class:`SMOTE`.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.
    k_neighbors : int or neighbour search, default=5
        Number of neighbours, or a search for precomputed distances whose `n_neighbors`
        counts the row itself too.

    Attributes
    ----------
    categorical_encoder_ : estimator
        Fitted encoder.
    sampling_strategy_ : dict
        Number of rows to make by class.
    nn_k_ : estimator
        Neighbour search made from `k_neighbors`.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        If a class has no more rows than `k_neighbors`, or if `y` has one class.

    Warns
    -----
    DataConversionWarning
        If `X` is sparse: it is made dense.

    See Also
    --------
    SMOTENC : For columns that are partly categorical.

    Notes
    -----
    Distances are looked up and held for a block of drawn rows at a time, those of equal
    rows once; imbalanced-learn holds the square matrix of the class.

    References
    ----------
    Chawla, Bowyer, Hall & Kegelmeyer (2002). SMOTE: Synthetic Minority Over-sampling
    Technique. Journal of Artificial Intelligence Research 16, 321-357.

    Stanfill & Waltz (1986). Toward Memory-Based Reasoning. Communications of the ACM
    29(12), 1213-1228.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.augmentation import SMOTEN
    >>> X = np.array([["a"], ["a"], ["b"], ["b"], ["b"]] * 4, dtype=object)
    >>> y = np.array([0] * 7 + [1] * 13)
    >>> X_res, y_res = SMOTEN(random_state=0).fit_resample(X, y)
    >>> np.bincount(y_res)
    array([13, 13])
    """

    _parameter_constraints: dict = {
        **BaseSMOTE._parameter_constraints,
        "categorical_encoder": [
            HasMethods(["fit_transform", "inverse_transform"]),
            None,
        ],
    }

    def __init__(
        self,
        categorical_encoder=None,
        *,
        sampling_strategy="auto",
        random_state=None,
        k_neighbors=5,
    ):
        super().__init__(sampling_strategy, random_state, k_neighbors)
        self.categorical_encoder = categorical_encoder

    def _check_X_y(self, X, y):
        y, binarize_y = check_target_type(y, indicate_one_vs_all=True)
        X, y = validate_data(
            self, X=X, y=y, reset=True, dtype=None, accept_sparse=["csr", "csc"]
        )
        return X, y, binarize_y

    def _fit_resample(self, X, y):
        format_ = X.format if sparse.issparse(X) else None
        if format_ is not None:
            X = X.toarray()
            warn(
                "Passing a sparse matrix to SMOTEN is not really efficient since it is "
                "converted to a dense array internally.",
                DataConversionWarning,
            )
        self.nn_k_ = self._new_search("k_neighbors").set_params(metric="precomputed")
        self._check_class_sizes(y, self.nn_k_, "k_neighbors")
        if self.categorical_encoder is None:
            self.categorical_encoder_ = OrdinalEncoder(dtype=np.int32)
        else:
            self.categorical_encoder_ = clone(self.categorical_encoder)
        codes = self.categorical_encoder_.fit_transform(X)
        codes = np.ascontiguousarray(codes, dtype=np.int32)
        n_categories = [len(c) for c in self.categorical_encoder_.categories_]
        tables = _value_differences(codes, y, n_categories)

        X_new, y_new = [X], [y]
        for label, n_samples in self.sampling_strategy_.items():
            if n_samples == 0:
                continue
            members = codes[y == label]
            random_state = check_random_state(self.random_state)
            drawn = random_state.choice(
                np.arange(len(members)), size=n_samples, replace=True
            )
            new = self._vote(members, drawn, tables, max(n_categories))
            X_new.append(self.categorical_encoder_.inverse_transform(new))
            y_new.append(np.full(n_samples, fill_value=label, dtype=y.dtype))
        X_resampled = np.vstack(X_new)
        if format_ is not None:
            X_resampled = sparse.csr_matrix(X_resampled).asformat(format_)
        return X_resampled, np.hstack(y_new)

    def _vote(self, members, drawn, tables, n_categories):
        """Return the most frequent categories around each row drawn."""
        if type(self.nn_k_) is not NearestNeighbors:
            distances = _distances(members, members, tables)
            self.nn_k_.fit(distances)
            found = self.nn_k_.kneighbors(distances, return_distance=False)
            return self._most_frequent(members, found[drawn], n_categories)
        # rows of equal categories have equal distances, hence equal neighbours
        _, first, kind = np.unique(
            members, axis=0, return_index=True, return_inverse=True
        )
        kinds, position = np.unique(kind.reshape(-1)[drawn], return_inverse=True)
        queries = members[first[kinds]]
        voted = np.empty_like(queries)
        step = max(1, _BLOCK // len(members))
        for start in range(0, len(queries), step):
            part = slice(start, start + step)
            found = self._nearest(_distances(queries[part], members, tables))
            voted[part] = self._most_frequent(members, found, n_categories)
        return voted[position.reshape(-1)]

    def _most_frequent(self, members, neighbors, n_categories):
        voted = np.empty((len(neighbors), members.shape[1]), dtype=members.dtype)
        most_frequent(members, neighbors, n_categories, voted)
        return voted

    def _nearest(self, distances):
        # as a search with precomputed distances: row by row, fitted rows play no part
        k = self.nn_k_.n_neighbors
        nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]
        return np.ascontiguousarray(nearest)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags


def _distances(queries, members, tables):
    distances = np.zeros((len(queries), len(members)))
    for feature, table in enumerate(tables):
        add_table_distances(
            table,
            np.ascontiguousarray(queries[:, feature]),
            np.ascontiguousarray(members[:, feature]),
            distances,
        )
    return distances


def _value_differences(codes, y, n_categories):
    """Return for each column the distances between its categories."""
    classes = np.unique(y)
    tables = []
    for feature, size in enumerate(n_categories):
        counts = np.empty((size, len(classes)))
        for c, label in enumerate(classes):
            counts[:, c] = np.bincount(codes[y == label, feature], minlength=size)
        counts /= np.maximum(counts.sum(axis=1, keepdims=True), 1)
        gaps = np.abs(counts[None, :, :] - counts[:, None, :]).sum(axis=-1)
        tables.append(gaps**2)
    return tables
