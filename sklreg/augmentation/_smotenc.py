"""SMOTENC: over-sampling where some columns are categories."""

import math

import numpy as np
from imblearn.utils import check_target_type
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import _safe_indexing, check_array, check_random_state
from sklearn.utils.sparsefuncs import mean_variance_axis

from sklreg._validation import (
    HasMethods,
    StrOptions,
    check_rows,
    column_positions,
    record_columns,
)
from sklreg.augmentation._interpolation import BaseSMOTE, append_rows
from sklreg.augmentation._neighbors import MixedRows, kneighbors_mixed
from sklreg.augmentation._smote_kernels import count_neighbor_categories, first_met


class SMOTENC(BaseSMOTE):
    """Over-sample rows of which some columns are categories.

    Continuous columns are interpolated as in :class:`SMOTE`; a category is the most
    frequent one among the neighbours of the row, ties broken at random. In distances a
    differing category counts as the median of the standard deviations of the continuous
    columns of the class. The same `random_state` gives the rows that
    :class:`imblearn.over_sampling.SMOTENC` gives.

    Parameters
    ----------
    categorical_features : "auto" or array-like
        Which columns are categories: positions, names or a mask. "auto" takes the
        columns of categorical dtype of a pandas data frame.
    categorical_encoder : estimator or None, default=None
        Encoder that gives each category one column; None is a
        :class:`~sklearn.preprocessing.OneHotEncoder`.
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes to grow and to what size; see :class:`SMOTE`.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.
    k_neighbors : int or neighbour search, default=5
        Neighbours to interpolate with.

    Attributes
    ----------
    categorical_encoder_ : estimator
        Fitted encoder.
    categorical_features_, continuous_features_ : ndarray of int
        Positions of the two kinds of columns.
    median_std_ : dict of float
        By class, the median of the standard deviations of the continuous columns.
    sampling_strategy_ : dict
        Number of rows to make by class.
    nn_k_ : estimator
        Neighbour search made from `k_neighbors`.
    n_features_ : int
        Number of columns.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        If no column or every column is a category, if a position is out of range or a
        name unknown, if "auto" meets anything but a data frame, if the encoder drops or
        merges categories, if a class has no more rows than `k_neighbors`, or if a
        continuous column holds NaN or infinity.

    See Also
    --------
    SMOTEN : For columns that are all categories.

    Notes
    -----
    Categories are searched and counted as integer codes: what grows with the number of
    categories is the search alone, by one single-precision column each.

    References
    ----------
    Chawla, Bowyer, Hall & Kegelmeyer (2002). SMOTE: Synthetic Minority Over-sampling
    Technique. Journal of Artificial Intelligence Research 16, 321-357.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_classification
    >>> from sklreg.augmentation import SMOTENC
    >>> X, y = make_classification(weights=[0.9], flip_y=0, random_state=0)
    >>> X[:, 0] = np.random.RandomState(0).randint(3, size=100)
    >>> X_res, y_res = SMOTENC([0], random_state=0).fit_resample(X, y)
    >>> np.unique(X_res[:, 0])
    array([0., 1., 2.])
    """

    _required_parameters = ["categorical_features"]

    _parameter_constraints: dict = {
        **BaseSMOTE._parameter_constraints,
        "categorical_features": ["array-like", StrOptions({"auto"})],
        "categorical_encoder": [
            HasMethods(["fit_transform", "inverse_transform"]),
            None,
        ],
    }

    def __init__(
        self,
        categorical_features,
        *,
        categorical_encoder=None,
        sampling_strategy="auto",
        random_state=None,
        k_neighbors=5,
    ):
        super().__init__(sampling_strategy, random_state, k_neighbors)
        self.categorical_features = categorical_features
        self.categorical_encoder = categorical_encoder

    def _check_X_y(self, X, y):
        y, binarize_y = check_target_type(y, indicate_one_vs_all=True)
        X = check_rows(X)
        record_columns(self, X, y)
        self._sort_columns(X)
        continuous = _safe_indexing(X, self.continuous_features_, axis=1)
        check_array(continuous, accept_sparse=["csr", "csc"])
        return X, y, binarize_y

    def _fit_resample(self, X, y):
        self.nn_k_ = self._new_search("k_neighbors")
        self._check_class_sizes(y, self.nn_k_, "k_neighbors")
        continuous = _safe_indexing(X, self.continuous_features_, axis=1)
        continuous = check_array(continuous, accept_sparse=["csr", "csc"])
        if sparse.issparse(continuous):
            continuous = continuous.toarray()
        categorical = _safe_indexing(X, self.categorical_features_, axis=1)
        if sparse.issparse(categorical):
            categorical = categorical.toarray()
        codes, sizes = self._encode(categorical, continuous.dtype)

        self.median_std_ = {}
        draws, new_codes = [], []
        for label, n_samples in self.sampling_strategy_.items():
            if n_samples == 0:
                continue
            rows = np.flatnonzero(y == label)
            median, unit = _category_weight(continuous[rows])
            self.median_std_[label] = median
            members = MixedRows(
                np.ascontiguousarray(continuous[rows]),
                codes[rows] + np.cumsum([0, *sizes[:-1]], dtype=np.int32),
                2 * float(unit) ** 2,
                _one_hot(continuous[rows], codes[rows], sizes, unit),
            )
            neighbors = kneighbors_mixed(self.nn_k_, members)[:, 1:]
            positions = np.arange(len(rows))
            draw = self._draw(label, positions, neighbors, positions, n_samples)
            weight = 1.0 if math.isclose(median, 0) else float(unit)
            new_codes.append(
                self._vote(codes[rows], neighbors[draw.base], sizes, weight)
            )
            draw.base, draw.other = rows[draw.base], rows[draw.other]
            draws.append(draw)

        continuous, y_resampled = append_rows(continuous, y, draws)
        if new_codes:
            columns = np.vstack([codes, *new_codes])
        else:
            columns = codes
        decoded = self._decode(columns, sizes, continuous.dtype)
        return self._assemble(continuous, decoded, sparse.issparse(X)), y_resampled

    def _sort_columns(self, X):
        self.n_features_ = X.shape[1]
        if isinstance(self.categorical_features, str):
            if not hasattr(X, "dtypes"):
                raise ValueError(
                    "When `categorical_features='auto'`, the input data should be a "
                    f"pandas.DataFrame. Got {type(X)} instead."
                )
            is_category = [str(dtype) == "category" for dtype in X.dtypes]
            self.categorical_features_ = np.flatnonzero(is_category)
        else:
            try:
                positions = column_positions(X, self.categorical_features)
            except ValueError as error:
                raise ValueError(
                    f"categorical_features does not fit X with n_features = "
                    f"{self.n_features_}: {error}"
                ) from error
            self.categorical_features_ = np.array(positions, dtype=np.intp)
        every = np.arange(self.n_features_)
        self.continuous_features_ = np.setdiff1d(every, self.categorical_features_)
        if not self.continuous_features_.size:
            raise ValueError(
                "SMOTE-NC is not designed to work only with categorical features. It "
                "requires some numerical features."
            )
        if not self.categorical_features_.size:
            raise ValueError(
                "SMOTE-NC is not designed to work only with numerical features. It "
                "requires some categorical features."
            )

    def _encode(self, categorical, dtype):
        """Return the codes of each categorical column and their numbers."""
        if self.categorical_encoder is None:
            encoder = OneHotEncoder(handle_unknown="ignore", dtype=dtype)
        else:
            encoder = clone(self.categorical_encoder)
        encoded = sparse.csr_matrix(encoder.fit_transform(categorical))
        self.categorical_encoder_ = encoder
        sizes = [len(c) for c in encoder.categories_]
        if encoded.shape[1] != sum(sizes):
            raise ValueError(
                "SMOTENC requires a one-hot encoding with one column per category for "
                "the categorical features. The provided `categorical_encoder` produced "
                f"{encoded.shape[1]} columns for {sum(sizes)} categories. This happens "
                "when the encoder drops columns (e.g. `OneHotEncoder(drop=...)`) or "
                "merges infrequent categories, which is not supported. Pass an encoder "
                "that keeps all categories, such as "
                "`OneHotEncoder(handle_unknown='ignore')`."
            )
        encoded.eliminate_zeros()
        encoded.sort_indices()
        if not np.all(np.diff(encoded.indptr) == len(sizes)):
            raise ValueError(
                "SMOTENC requires a one-hot encoding: the provided "
                "`categorical_encoder` does not set one column a feature."
            )
        columns = encoded.indices.reshape(-1, len(sizes))
        starts = np.cumsum([0, *sizes[:-1]])
        return (columns - starts).astype(np.int32), sizes

    def _vote(self, codes, neighbors, sizes, weight):
        """Return the most frequent categories among neighbours, ties at random."""
        # imbalanced-learn starts its generator afresh here
        random_state = check_random_state(self.random_state)
        codes = np.ascontiguousarray(codes)
        voted = np.empty((len(neighbors), len(sizes)), dtype=np.int32)
        for feature, size in enumerate(sizes):
            samples, categories = count_neighbor_categories(
                codes, neighbors, feature, size, weight
            )
            order = random_state.permutation(len(samples))
            voted[:, feature] = first_met(samples, categories, order, len(neighbors))
        return voted

    def _decode(self, codes, sizes, dtype):
        encoder = self.categorical_encoder_
        if type(encoder) is OneHotEncoder:
            kinds = [c.dtype for c in encoder.categories_]
            out = np.empty(codes.shape, dtype=np.result_type(*kinds))
            for feature, categories in enumerate(encoder.categories_):
                out[:, feature] = categories[codes[:, feature]]
            return out
        return encoder.inverse_transform(_one_hot(None, codes, sizes, dtype.type(1)))

    def _assemble(self, continuous, decoded, as_sparse):
        if as_sparse:
            order = np.argsort(
                [*self.continuous_features_, *self.categorical_features_]
            )
            blocks = [sparse.csr_matrix(continuous), sparse.csr_matrix(decoded)]
            stacked = sparse.hstack(blocks, format="csc")
            return stacked[:, order].tocsr()
        dtype = np.result_type(continuous.dtype, decoded.dtype)
        out = np.empty((len(continuous), self.n_features_), dtype=dtype)
        out[:, self.continuous_features_] = continuous
        out[:, self.categorical_features_] = decoded
        return out


def _category_weight(continuous):
    """Return the median deviation, and the value it gives a one-hot column.

    Two rows that differ in a category differ in two columns, hence the root of 2.
    """
    _, variances = mean_variance_axis(sparse.csr_matrix(continuous), axis=0)
    median = np.median(np.sqrt(variances))
    return median, np.asarray(median / np.sqrt(2)).astype(continuous.dtype)[()]


def _one_hot(continuous, codes, sizes, unit):
    """Return rows as scikit-learn's search would get them, one column a category."""
    n, n_features = codes.shape
    columns = codes + np.cumsum([0, *sizes[:-1]], dtype=codes.dtype)
    data = np.full(codes.size, unit)
    indptr = np.arange(0, codes.size + 1, n_features)
    shape = (n, sum(sizes))
    encoded = sparse.csr_matrix((data, columns.ravel(), indptr), shape=shape)
    if continuous is None:
        return encoded
    return sparse.hstack([sparse.csr_matrix(continuous), encoded], format="csr")
