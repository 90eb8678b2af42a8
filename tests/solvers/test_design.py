"""Designs act as the centred, weighted matrix that they never write down."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklreg.solvers.design import make_design

LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "csc": sparse.csc_array,
}


@pytest.fixture(params=[np.float64, np.float32], ids=["float64", "float32"])
def dtype(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["through zero", "centred"])
def center(request):
    return request.param


@pytest.fixture(params=["equal", "weights"])
def weight(request):
    rng = np.random.RandomState(1)
    return rng.randint(0, 3, 30).astype(float) if request.param == "weights" else None


@pytest.fixture(params=[0.0, 1e5], ids=["near zero", "far from zero"])
def explicit(request, dtype, center, weight):
    """Return X and the matrix A that a design of X stands for."""
    rng = np.random.RandomState(0)
    X = rng.randn(30, 7) * (rng.rand(30, 7) < 0.6) + request.param
    X = X.astype(dtype)
    s = np.ones(30) if weight is None else weight
    s = s / s.sum()
    mean = s @ X.astype(np.float64) if center else np.zeros(7)
    return X, np.sqrt(s)[:, None] * (X - mean), s


@pytest.mark.parametrize("layout", LAYOUTS)
def test_products_are_those_of_the_explicit_matrix(layout, explicit, weight, center):
    X, A, _ = explicit
    design = make_design(LAYOUTS[layout](X), weight, center)
    rng = np.random.RandomState(2)
    w, r = rng.randn(7), rng.randn(30)
    R = rng.randn(30, 3)
    far = abs(X).max() > 1e3
    # sparse data are centred implicitly: what cancels is lost
    rtol = 1e-9 if far and (layout == "csc" or not center) else 1e-12
    close = {"rtol": 0, "atol": rtol * (abs(X).max() if far else 10.0)}
    assert_allclose(design.apply(w), A @ w, **close)
    assert_allclose(design.correlate(r), A.T @ r, **close)
    assert_allclose(design.correlate(R), A.T @ R, **close)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_targets_and_intercept(layout, explicit, weight, center):
    X, _, s = explicit
    y = np.random.RandomState(3).randn(30) + 1e3
    design = make_design(LAYOUTS[layout](X), weight, center)
    target, offset = design.targets(y)
    assert_allclose(offset, s @ y if center else 0.0)
    assert_allclose(target, y - offset)
    w = np.arange(7.0)
    if center:
        expected = s @ y - (s @ X.astype(np.float64)) @ w
        assert_allclose(design.intercept(offset, w), expected, rtol=1e-9, atol=1e-9)
    else:
        assert design.intercept(offset, w) == 0.0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_is_written_to_the_data(layout, explicit, weight, center):
    X, _, _ = explicit
    data = LAYOUTS[layout](X)
    array = data.data if sparse.issparse(data) else data
    array.flags.writeable = False
    kept = array.copy()
    design = make_design(data, weight, center)
    design.correlate(np.ones(30))
    design.apply(np.ones(7))
    assert_array_equal(array, kept)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("n", [30, 3000])
def test_a_target_is_correlated_where_the_means_are_found(layout, n, dtype):
    rng = np.random.RandomState(0)
    X = (rng.randn(n, 7) * (rng.rand(n, 7) < 0.6)).astype(dtype)
    y, weight = rng.randn(n) + 1e3, rng.rand(n)
    for s in (None, weight):
        design = make_design(LAYOUTS[layout](X), s, True, y)
        plain = make_design(LAYOUTS[layout](X), s)
        assert plain.correlation is None
        assert_allclose(design.mean, plain.mean, rtol=0, atol=1e-14)
        expected = plain.correlate(plain.weigh(plain.targets(y)[0]))
        assert_allclose(design.correlation, expected, rtol=0, atol=1e-13)
    assert make_design(LAYOUTS[layout](X), None, False, y).correlation is None
    # A column far from zero has to be centred first.
    X[:, 3] += 1e5 + rng.rand(n)
    assert make_design(LAYOUTS[layout](X), None, True, y).correlation is None
