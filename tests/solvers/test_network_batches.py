"""The rows of batches: those of the order, whatever holds them."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal

from sklreg.solvers.network_batches import Augmentation, Batches
from sklreg.solvers.network_training import Regularization


def rows(n=23, p=6, dtype=np.float64):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p)).astype(dtype)
    X[rng.uniform(size=(n, p)) < 0.6] = 0
    X[4] = 0
    return X, np.arange(2.0 * n).reshape(n, 2)


def to_dense(X):
    if isinstance(X, np.ndarray):
        return X
    n_stored = X.indptr[-1]
    parts = X.data[:n_stored], X.indices[:n_stored], X.indptr
    return sp.csr_matrix(parts, shape=X.shape).toarray()


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix, sp.csr_array])
@pytest.mark.parametrize("wide_indices", [False, True])
@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("batch_size", [1, 5, 23])
def test_batches_are_the_rows_in_order(
    container, wide_indices, shuffled, weighted, batch_size
):
    X, Y = rows()
    weight = np.arange(23) + 0.5 if weighted else None
    given = container(X)
    if wide_indices and container is not np.asarray:
        given.indices, given.indptr = (
            part.astype(np.int64) for part in (given.indices, given.indptr)
        )
    order = np.random.RandomState(3) if shuffled else None
    batches = Batches(given, Y, weight, batch_size, order)
    expected, again = np.arange(23), np.random.RandomState(3)
    for _ in range(2):  # an order is shuffled on, as scikit-learn does
        batches.shuffle()
        if shuffled:
            drawn = np.arange(23)
            again.shuffle(drawn)
            expected = expected[drawn]
        for start, stop in batches.bounds:
            found, targets, weights = batches.take(start, stop)
            own = expected[start:stop]
            assert_array_equal(to_dense(found), X[own])
            assert_array_equal(targets, Y[own])
            assert_array_equal(weights, weight[own] if weighted else [])


def test_a_last_batch_that_is_too_short_joins_the_one_before():
    X, Y = rows(n=21)
    assert Batches(X, Y, None, 5, None).bounds[-1] == (20, 21)
    assert Batches(X, Y, None, 5, None, least=2).bounds[-1] == (15, 21)
    assert Batches(X, Y, None, 21, None, least=30).bounds == [(0, 21)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sparse_rows_are_augmented_as_dense_ones(dtype):
    X, Y = rows(dtype=dtype)
    options = {"input_noise": ("gaussian", 0.3), "mixup_alpha": 0.7}
    found = []
    for given in (X, sp.csr_matrix(X)):
        batches = Batches(given, Y, None, 8, np.random.RandomState(0))
        augment = Augmentation(
            Regularization(**options), batches.longest, np.random.default_rng(1)
        )
        batches.shuffle()
        found.append(
            [
                [part.copy() for part in augment(*batches.take(*bounds))]
                for bounds in batches.bounds
            ]
        )
    for dense, sparse in zip(*found, strict=True):
        for one, other in zip(dense, sparse, strict=True):
            assert_array_equal(one, other)
        assert dense[0].dtype == dtype
