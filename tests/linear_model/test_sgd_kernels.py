"""How the kernels of stochastic descent are compiled and kept."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from sklreg.solvers import _minibatch_kernels, _stochastic_kernels

FITS = """
    import numpy as np
    import scipy.sparse as sp
    from sklreg.linear_model import SGDClassifier, SGDRegressor
    from sklreg.solvers import _minibatch_kernels as minibatch
    from sklreg.solvers import _stochastic_kernels as stochastic

    X = np.random.default_rng(0).standard_normal((30, 3))
    y = np.arange(30) % 2
    wide = sp.csr_matrix(X)
    wide.indices = wide.indices.astype(np.int64)
    wide.indptr = wide.indptr.astype(np.int64)
    for data in (X, X.astype(np.float32), sp.csr_matrix(X), wide):
        SGDClassifier(max_iter=2, tol=None, average=True, penalty="l1").fit(data, y)
        SGDRegressor(max_iter=2, tol=None, max_norm=1.0).fit(data, y)
    for data in (X, sp.csr_matrix(X)):
        SGDClassifier(max_iter=2, tol=None, batch_size=4).fit(data, y)
        SGDRegressor(max_iter=2, tol=None, weight_noise=0.1).fit(data, y)
    kernels = [stochastic.permutation, stochastic.epochs, minibatch.batches]
    print(*(sum(kernel.stats.cache_misses.values()) for kernel in kernels))
    print(*(len(kernel.signatures) for kernel in kernels))
"""


def test_a_second_process_compiles_nothing():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", textwrap.dedent(FITS)]
    for _ in range(2):
        told = subprocess.check_output(command, env=environment, text=True)
    misses, versions = told.splitlines()
    assert misses == "0 0 0"
    # a version for each type of X, none for what is fitted, how, or writeable
    assert versions == "1 4 2"


@pytest.mark.parametrize(
    "kernel", [_stochastic_kernels.epochs, _minibatch_kernels.batches]
)
def test_kernels_release_the_interpreter_lock(kernel):
    assert kernel.targetoptions["nogil"]


@pytest.mark.parametrize("n", [1, 2, 17, 1000])
def test_permutation_is_scikit_learns(n):
    from sklearn.linear_model._base import make_dataset

    for seed in (0, 1, 2**31 - 2):
        data, _ = make_dataset(np.zeros((n, 1)), np.zeros(n), np.ones(n))
        data._shuffle_py(seed)
        order = [data._next_py()[3] for _ in range(n)]
        np.testing.assert_array_equal(_stochastic_kernels.permutation(n, seed), order)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_weights_that_are_not_finite_are_found(bad):
    w = np.full(9, 1e308)
    assert _stochastic_kernels.finite(w, 1.0)
    assert not _stochastic_kernels.finite(w, bad)
    w[5] = bad
    assert not _stochastic_kernels.finite(w, 1.0)
