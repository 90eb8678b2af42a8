"""Nearest neighbours at the price of one pass of single-precision products.

scikit-learn's search is followed to the last tie: a search of our own ranks by exact
distances, and each row in which two of them cannot be told apart is handed back to
the search that imbalanced-learn would have used.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

from sklreg._threads import blas_for
from sklreg._validation import effective_n_threads, requery_rows
from sklreg._views import read_only
from sklreg.augmentation._neighbors_kernels import STRIDE, sift

# Below this many multiplications scikit-learn's own search is over at once.
_SMALL = 2e7
# A tree visits a point at about the price of this many products of a block.
_TREE_VISIT = 25.0
# Share of a probe's rows with ties from which our own search is not worth a start.
_MANY_TIES = 0.25
_QUERY_ROWS = 256
_BLOCK_ROWS = 1024
_MAX_LIST = 64
# One-hot columns that take part in the lower bound; more would cost more than it saves.
_MAX_ONE_HOT = 512


@dataclass
class MixedRows:
    """Rows with continuous columns and categories, at one distance a mismatch.

    Attributes
    ----------
    continuous : ndarray of shape (n, n_continuous)
    codes : ndarray of int32 of shape (n, n_categorical)
        Column of the one-hot encoding that is 1, for each feature.
    mismatch : float
        Square distance that one differing category adds.
    encoded : csr matrix
        The same rows one-hot encoded, as scikit-learn would search them.
    """

    continuous: np.ndarray
    codes: np.ndarray
    mismatch: float
    encoded: sparse.csr_matrix


def kneighbors(search, X_fit, X):
    """Return the indices of the neighbours in `X_fit` of each row of `X`.

    Parameters
    ----------
    search : estimator
        Unfitted neighbour search. Anything but a plain Euclidean
        :class:`~sklearn.neighbors.NearestNeighbors` is fitted and asked itself.
    X_fit, X : {ndarray, sparse matrix} of shape (n, n_features)
        Rows to search among and rows to search for; the same object where they are.

    Returns
    -------
    ndarray of shape (len(X), n_neighbors)
        Nearest first.
    """
    if not _is_plain(search) or sparse.issparse(X_fit) or not _is_number(X_fit):
        return _own(search, X_fit, X)
    n_fit, n_features = X_fit.shape
    k = search.n_neighbors
    work = float(X.shape[0]) * n_fit * (n_features + 1)
    if (
        work < _SMALL
        or k >= min(n_fit, _MAX_LIST)
        or X_fit.dtype.itemsize not in (4, 8)
    ):
        return _own(search, X_fit, X)
    # scikit-learn's rule for algorithm="auto"
    if n_features <= 15 and k < n_fit // 2:
        return _beside_tree(search, X_fit, X)
    return _beside_products(search, X_fit, X, _dense(X_fit), _dense(X), X_fit, X)


def kneighbors_mixed(search, rows):
    """Return the neighbours of each of :class:`MixedRows` among themselves."""
    X = rows.encoded
    work = float(X.shape[0]) ** 2 * rows.codes.shape[1]
    if not _is_plain(search) or work < _SMALL or search.n_neighbors >= _MAX_LIST:
        return _own(search, X, X)
    if search.n_neighbors >= X.shape[0] or not _is_number(rows.continuous):
        return _own(search, X, X)
    rows = MixedRows(_float(rows.continuous), rows.codes, rows.mismatch, X)
    return _beside_products(search, X, X, rows, rows, X, X)


def _own(search, X_fit, X):
    return search.fit(X_fit).kneighbors(X, return_distance=False)


def _is_plain(search):
    return (
        type(search) is NearestNeighbors
        and search.algorithm == "auto"
        and (
            search.metric == "euclidean"
            or (search.metric, search.p) == ("minkowski", 2)
        )
        and not search.metric_params
        and search.n_jobs in (None, 1)
    )


def _dense(X):
    empty = np.empty((X.shape[0], 0), dtype=np.int32)
    return MixedRows(_float(X), empty, 0.0, None)


def _is_number(X):
    return X.dtype.kind in "iu" or X.dtype in (np.float32, np.float64)


def _float(X):
    return X if X.dtype.kind == "f" else X.astype(np.float64)


def _beside_tree(search, X_fit, X):
    search.fit(X_fit)
    k = search.n_neighbors
    probe = X[:: max(1, X.shape[0] // 64)]
    tree = search._tree
    tree.reset_n_calls()
    distances, _ = search.kneighbors(probe, min(k + 1, X_fit.shape[0]))
    visits = tree.get_n_calls() / len(probe)
    tied = np.mean((np.diff(distances, axis=1) == 0).any(axis=1))
    if tied > _MANY_TIES or visits * _TREE_VISIT < X_fit.shape[0]:
        return _ask_tree(search, X)
    fit_rows = _dense(X_fit)
    rows, ties = _search(_Filter(fit_rows), fit_rows, _dense(X), k, cancelling=False)
    if len(ties):
        rows[ties] = _ask_tree(search, X[ties])
    return rows


def _ask_tree(search, X):
    n_threads = min(effective_n_threads(), max(1, len(X) // 64))
    with ThreadPoolExecutor(n_threads) as pool:
        parts = pool.map(
            lambda part: search.kneighbors(part, return_distance=False),
            np.array_split(X, n_threads),
        )
        return np.concatenate(list(parts))


def _beside_products(search, X_fit, X, fit_rows, query_rows, own_fit, own_query):
    """Search by products; `own_fit` and `own_query` are what scikit-learn would get."""
    k = search.n_neighbors
    # a probe: data full of ties is better left to scikit-learn at once
    few = _take(query_rows, slice(0, _QUERY_ROWS))
    filter_ = _Filter(fit_rows)
    _, ties = _search(filter_, fit_rows, few, k, cancelling=True)
    if len(ties) > _MANY_TIES * _QUERY_ROWS:
        return _own(search, own_fit, own_query)
    rows, ties = _search(filter_, fit_rows, query_rows, k, cancelling=True)
    if len(ties):
        if own_fit.dtype.kind in "iu":
            # sums of whole numbers: every row has the same answer alone
            again = _own(search, own_fit, own_query[ties])
        else:
            again = requery_rows(own_query, own_fit, k, ties)
        if again is None:
            return _own(search, own_fit, own_query)
        rows[ties] = again
    return rows


def _take(rows, part):
    return MixedRows(rows.continuous[part], rows.codes[part], rows.mismatch, None)


def _search(filter_, fit_rows, query_rows, k, *, cancelling):
    """Return the k nearest of each row, and the rows whose order is not certain.

    `cancelling` says that the search to agree with forms ``x² - 2xy + y²``, whose
    rounding is that of the norms, not that of the distance.
    """
    X, Y = query_rows.continuous, fit_rows.continuous
    n = X.shape[0]
    size = min(k + 1, Y.shape[0])
    indices = np.zeros((n, size), dtype=np.intp)
    distances = np.full((n, size), np.inf)
    locked = [read_only(a) for a in (X, Y, query_rows.codes, fit_rows.codes)]

    def search_chunk(start):
        stop = min(start + _QUERY_ROWS, n)
        part = slice(start, stop)
        query, offsets = filter_.query(_take(query_rows, part))
        buffer = np.empty((stop - start) * _BLOCK_ROWS, dtype=np.float32)
        counts = np.zeros(stop - start, dtype=np.int64)
        for first in range(0, len(filter_.block), _BLOCK_ROWS):
            block = filter_.block[first : first + _BLOCK_ROWS]
            bounds = buffer[: len(query) * len(block)].reshape(len(query), -1)
            np.dot(query, block.T, out=bounds)
            sift(
                read_only(bounds.reshape(len(query), -1, STRIDE)),
                offsets,
                filter_.unit,
                read_only(locked[0][part]),
                locked[1],
                read_only(locked[2][part]),
                locked[3],
                fit_rows.mismatch,
                first,
                distances[part],
                indices[part],
                counts,
            )

    starts = range(0, n, _QUERY_ROWS)
    n_threads = min(effective_n_threads(), len(starts))
    with blas_for(n_threads), ThreadPoolExecutor(n_threads) as pool:
        for _ in pool.map(search_chunk, starts):
            pass

    if cancelling:
        # twice the bound on the rounding of two norms and a product
        weight = 4 * np.finfo(np.float64).eps * (filter_.n_columns + 4)
        norms_X = _square_norms(query_rows)
        norms_Y = norms_X if Y is X else _square_norms(fit_rows)
        tolerance = weight * (norms_X[:, None] + norms_Y[indices[:, 1:]])
    else:
        tolerance = 1e-14 * distances[:, 1:]
    close = np.diff(distances, axis=1) <= tolerance
    return indices[:, :k], np.flatnonzero(close.any(axis=1))


class _Filter:
    """Single-precision rows whose products bound square distances from below.

    A row y becomes ``(y - centre, (1 - slack) |y|²)`` and a query x becomes
    ``(-2 (x - centre), 1)``: their product plus ``(1 - slack) |x|²`` is a square
    distance less more than the rounding of the product, whose error is below
    ``n_columns * 2**-24 * (|x|² + |y|²)``.
    """

    def __init__(self, rows):
        Y = rows.continuous
        self.n_categories = (
            int(rows.codes.max()) + 1 if rows.codes.shape[1] and rows.codes.size else 0
        )
        if self.n_categories > _MAX_ONE_HOT:
            self.n_categories = 0
        self.centre = Y.mean(axis=0, dtype=np.float64)
        scale = max(
            (np.abs(Y[s].astype(np.float64) - self.centre).max(initial=0.0))
            for s in _slices(Y.shape[0])
        )
        self.scale = max(scale, np.sqrt(rows.mismatch)) or 1.0
        self.unit = self.scale**2
        self.one_hot = np.float32(np.sqrt(rows.mismatch / 2) / self.scale)
        self.n_columns = Y.shape[1] + self.n_categories
        self.slack = 4 * (self.n_columns + 8) * np.finfo(np.float32).eps
        n_padded = -(-Y.shape[0] // STRIDE) * STRIDE
        self.block = np.zeros((n_padded, self.n_columns + 1), dtype=np.float32)
        for s in _slices(Y.shape[0]):
            part = _take(rows, s)
            block = self.block[s][: len(part.continuous)]
            block[:, -1] = (1 - self.slack) * self._encode(part, block)

    def _encode(self, rows, out):
        """Write scaled rows to `out`, and return their square norms."""
        n_continuous = rows.continuous.shape[1]
        out[:, :n_continuous] = (rows.continuous - self.centre) / self.scale
        norms = np.einsum("ij,ij->i", out[:, :n_continuous], out[:, :n_continuous])
        if self.n_categories:
            out[:, n_continuous:-1] = 0
            columns = n_continuous + rows.codes
            out[np.arange(len(out))[:, None], columns] = self.one_hot
            norms = norms + rows.codes.shape[1] * self.one_hot**2
        return norms

    def query(self, rows):
        query = np.empty((rows.continuous.shape[0], self.n_columns + 1), np.float32)
        norms = self._encode(rows, query)
        query[:, :-1] *= -2
        query[:, -1] = 1
        return query, (1 - self.slack) * norms.astype(np.float64)


def _square_norms(rows):
    norms = np.empty(rows.continuous.shape[0])
    for s in _slices(len(norms)):
        part = rows.continuous[s].astype(np.float64, copy=False)
        norms[s] = np.einsum("ij,ij->i", part, part)
    return norms + rows.codes.shape[1] * rows.mismatch / 2


def _slices(n):
    return [slice(i, i + 8 * _BLOCK_ROWS) for i in range(0, n, 8 * _BLOCK_ROWS)]
