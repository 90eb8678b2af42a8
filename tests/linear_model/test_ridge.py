"""Ridge: right against scikit-learn and extended precision, certified, frugal.

What holds for every estimator of the package is in tests/common.
"""

import tracemalloc
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import nnls
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge as TheirRidge
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import PolynomialFeatures

from sklreg.linear_model import Ridge

SHAPES = [(40, 12), (12, 40), (20, 20)]
DESIGNS = ["plain", "constant", "duplicated", "scales", "far"]


def design(kind, shape, rng):
    X = rng.standard_normal(shape)
    if kind == "constant":
        X[:, 2] = 3.7
    elif kind == "duplicated":
        X[:, 3] = X[:, 1]
    elif kind == "scales":
        X *= np.logspace(-6, 6, shape[1])
    elif kind == "far":
        X += 1e6
    return X


def exact(X, y, alpha, weights=None, fit_intercept=True):
    """The solution in extended precision, by conjugate gradients run to the end."""
    X, y = X.astype(np.longdouble), y.astype(np.longdouble)
    s = np.ones(len(y)) if weights is None else weights.astype(np.longdouble)
    mean = s @ X / s.sum() if fit_intercept else np.zeros(X.shape[1])
    level = s @ y / s.sum() if fit_intercept else np.longdouble(0)
    A, b = X - mean, y - level
    # Gauss elimination on the smaller side; extended precision bears the condition.
    wide = X.shape[1] > X.shape[0]
    root = np.sqrt(s)
    A, b = root[:, None] * A, root * b
    M = (A @ A.T if wide else A.T @ A) + alpha * np.eye(min(X.shape))
    z = eliminate(M, b if wide else A.T @ b)
    w = A.T @ z if wide else z
    return w, level - mean @ w


def eliminate(M, rhs):
    M, x = M.copy(), rhs.copy()
    for i in range(len(M)):
        factor = M[i + 1 :, i] / M[i, i]
        M[i + 1 :] -= factor[:, None] * M[i]
        x[i + 1 :] -= factor * x[i]
    for i in reversed(range(len(M))):
        x[i] = (x[i] - M[i, i + 1 :] @ x[i + 1 :]) / M[i, i]
    return x


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("kind", "fit_intercept"),
    # without an intercept columns far from zero are one column
    [(k, i) for k in DESIGNS for i in (False, True) if i or k != "far"],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_agrees_with_scikit_learn(shape, kind, fit_intercept, weighted):
    rng = np.random.RandomState(0)
    X = design(kind, shape, rng)
    y = 3 + rng.standard_normal(shape[0])
    weights = rng.random(shape[0]) if weighted else None
    for alpha in (0.1, 10.0):
        ours = Ridge(alpha, fit_intercept=fit_intercept).fit(X, y, weights)
        theirs = TheirRidge(
            alpha, fit_intercept=fit_intercept, solver="svd", tol=1e-12
        ).fit(X, y, weights)
        # In units of each column: what it adds to a prediction. Singular values are
        # exact to rounding of the largest, which is all their solver promises.
        spread = X.std(axis=0) if fit_intercept else np.abs(X).max(axis=0)
        effect, expected = spread * ours.coef_, spread * theirs.coef_
        assert_allclose(effect, expected, atol=1e-7 * np.abs(expected).max())
        assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-7, atol=1e-7)
        assert ours.dual_gap_ <= 1e-12 * np.sum((y - y.mean()) ** 2)


@pytest.mark.parametrize("kind", ["scales", "far"])
@pytest.mark.parametrize("shape", [(40, 12), (12, 40)])
def test_hard_scales_are_right_to_every_coefficient(shape, kind):
    rng = np.random.RandomState(1)
    X = design(kind, shape, rng)
    y, weights = rng.standard_normal(shape[0]), rng.random(shape[0])
    model = Ridge(0.5).fit(X, y, weights)
    coef, intercept = exact(X, y, 0.5, weights)
    assert_allclose(model.coef_, coef.astype(float), rtol=1e-7)
    assert_allclose(model.intercept_, float(intercept), rtol=1e-6)


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("solver", ["auto", "sparse_cg", "lsqr", "sag"])
def test_sparse_equals_dense(shape, container, solver):
    rng = np.random.RandomState(2)
    X = rng.standard_normal(shape) * (rng.random_sample(shape) < 0.4)
    y, weights = rng.standard_normal((shape[0], 2)), rng.random(shape[0])
    dense = Ridge(solver="cholesky").fit(X, y, weights)
    held = container(X)
    if shape[0] == 40:
        held.indices = held.indices.astype(np.int64)
        held.indptr = held.indptr.astype(np.int64)
    model = Ridge(solver=solver, tol=1e-13).fit(held, y, weights)
    assert_allclose(model.coef_, dense.coef_, rtol=1e-8, atol=1e-9)
    assert_allclose(model.intercept_, dense.intercept_, rtol=1e-8, atol=1e-9)


def test_a_sparse_design_large_on_both_sides_is_iterated():
    X = sparse.random(1100, 1050, density=0.002, random_state=0, format="csr")
    y = np.asarray(X.sum(axis=1)).ravel() + np.arange(1100) % 7
    model = Ridge().fit(X, y)
    assert model.solver_ == "sparse_cg"
    assert model.dual_gap_ <= 1e-4 * np.sum((y - y.mean()) ** 2)


@pytest.mark.parametrize("solver", ["cholesky", "svd", "lsqr", "sparse_cg", "lbfgs"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_float32_is_kept_and_multiplied_in_float64(solver, order):
    rng = np.random.RandomState(3)
    X = np.asarray(rng.standard_normal((60, 5)) + 100, dtype=np.float32, order=order)
    y = (X @ np.arange(1, 6)).astype(np.float32)
    options = dict(solver=solver, positive=solver == "lbfgs", tol=1e-10)
    model = Ridge(**options).fit(X, y)
    double = Ridge(**options).fit(X.astype(np.float64), y.astype(np.float64))
    assert model.coef_.dtype == np.float32
    assert model.predict(X).dtype == np.float32
    assert_allclose(model.coef_, double.coef_, rtol=3e-7)
    assert_allclose(model.intercept_, double.intercept_, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("container", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("alpha", [0.01, 10.0])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("shape", [(40, 12), (12, 40)])
def test_positive_agrees_with_nonnegative_least_squares(
    shape, fit_intercept, alpha, container
):
    rng = np.random.RandomState(4)
    X = rng.standard_normal(shape)
    y = X @ np.maximum(rng.standard_normal(shape[1]), 0) + rng.standard_normal(shape[0])
    s = rng.random(shape[0])
    model = Ridge(alpha, positive=True, fit_intercept=fit_intercept)
    model.fit(container(X), y, s)
    mean = np.average(X, axis=0, weights=s) if fit_intercept else 0.0
    level = np.average(y, weights=s) if fit_intercept else 0.0
    root = np.sqrt(s)
    A = np.vstack([root[:, None] * (X - mean), np.sqrt(alpha) * np.eye(shape[1])])
    expected, _ = nnls(A, np.r_[root * (y - level), np.zeros(shape[1])])
    assert_allclose(model.coef_, expected, rtol=1e-8, atol=1e-9)
    assert np.any(model.coef_ == 0)
    assert model.solver_ == "lbfgs"
    assert model.dual_gap_ <= 1e-12 * np.sum(y**2)


def certificate(X, y, model, s):
    """Primal less dual value, from the definitions, in extended precision."""
    X, s = X.astype(np.longdouble), s.astype(np.longdouble)
    Y = y.reshape(len(y), -1).astype(np.longdouble)
    W = np.atleast_2d(model.coef_).T.astype(np.longdouble)
    alpha = np.broadcast_to(model.alpha, Y.shape[1])
    R = Y - X @ W - np.longdouble(1) * model.intercept_
    primal = s @ R**2 + alpha * (W**2).sum(axis=0)
    theta = R - s @ R / s.sum() if model.fit_intercept else R
    V = X.T @ (s[:, None] * theta)
    V = np.maximum(V, 0) if model.positive else V
    dual = 2 * s @ (theta * Y) - s @ theta**2 - (V**2).sum(axis=0) / alpha
    return (primal - dual).astype(float)


@pytest.mark.parametrize("y_shape", [(30,), (30, 1), (30, 3)])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("solver", ["lsqr", "sparse_cg", "lbfgs"])
def test_gap_is_that_of_the_returned_coefficients(solver, fit_intercept, y_shape):
    rng = np.random.RandomState(5)
    X, s = rng.standard_normal((30, 8)), rng.random(30)
    Y = X @ rng.random((8, 3)) + rng.random((30, 3))
    y = Y[:, : np.prod(y_shape[1:], dtype=int)].reshape(y_shape)
    model = Ridge(
        2.0,
        solver=solver,
        fit_intercept=fit_intercept,
        positive=solver == "lbfgs",
        max_iter=1,
    )
    with pytest.warns(ConvergenceWarning, match="Duality gap"):
        model.fit(X, y, s)
    expected = certificate(X, y, model, s)
    assert np.all(expected > 1e-6)
    assert_allclose(model.dual_gap_, expected[0] if y.ndim == 1 else expected)
    assert np.shape(model.dual_gap_) == y_shape[1:]


@pytest.mark.parametrize("solver", ["auto", "svd", "lsqr", "sparse_cg", "lbfgs"])
@pytest.mark.parametrize("alpha", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("shape", SHAPES)
def test_without_a_warning_the_gap_is_within_tol(shape, alpha, solver):
    rng = np.random.RandomState(6)
    X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
    for tol in (1e-3, 1e-9):
        model = Ridge(alpha, solver=solver, positive=solver == "lbfgs", tol=tol)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(X, y)
        if not caught:
            null = np.sum((y - y.mean()) ** 2)
            gap = certificate(X, y, model, np.ones(shape[0]))[0]
            assert model.dual_gap_ <= tol * null
            assert gap <= tol * null + 1e-15 * null / min(alpha, 1)


@pytest.mark.parametrize("solver", ["auto", "svd", "lsqr", "sparse_cg", "sag"])
@pytest.mark.parametrize("shape", SHAPES)
def test_weights_are_repetitions(shape, solver):
    rng = np.random.RandomState(7)
    X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
    counts = rng.randint(0, 4, shape[0])
    model = Ridge(solver=solver, tol=1e-15)
    weighted = model.fit(X, y, counts).coef_
    rows = np.repeat(np.arange(shape[0]), counts)
    assert_allclose(weighted, model.fit(X[rows], y[rows]).coef_, rtol=1e-9, atol=1e-12)


def test_rows_of_weight_zero_may_hold_anything_finite():
    rng = np.random.RandomState(8)
    X, y, weights = rng.standard_normal((20, 30)), rng.standard_normal(20), np.ones(20)
    weights[4] = 0
    expected = Ridge(solver="svd").fit(np.delete(X, 4, 0), np.delete(y, 4)).coef_
    X[4], y[4] = 1e9, -1e9
    for solver in ("auto", "svd"):
        found = Ridge(solver=solver).fit(X, y, weights).coef_
        assert_allclose(found, expected, rtol=1e-9)


def test_each_target_has_its_own_alpha():
    rng = np.random.RandomState(9)
    X, Y = rng.standard_normal((20, 5)), rng.standard_normal((20, 3))
    alphas = [0.0, 1.0, 100.0]
    together = Ridge(alphas).fit(X, Y)
    for k, alpha in enumerate(alphas):
        alone = Ridge(alpha).fit(X, Y[:, k])
        assert_allclose(together.coef_[k], alone.coef_)
        assert_allclose(together.dual_gap_[k], alone.dual_gap_, atol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_without_penalty_the_shortest_least_squares_solution(shape):
    rng = np.random.RandomState(10)
    X, y = design("duplicated", shape, rng), rng.standard_normal(shape[0])
    model = Ridge(0.0).fit(X, y)
    centred = X - X.mean(axis=0)
    expected = np.linalg.pinv(centred, rcond=1e-12) @ (y - y.mean())
    assert_allclose(model.coef_, expected, rtol=1e-8, atol=1e-9)
    if shape[0] >= shape[1]:
        # The smaller side is the features', where the duplicate makes it singular.
        assert model.solver_ == "svd"
    assert model.dual_gap_ <= 1e-9 * np.sum((y - y.mean()) ** 2)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(30_000, 60), (60, 30_000)])
def test_x_is_neither_copied_nor_written_to(shape, order, tmp_path):
    X = np.memmap(tmp_path / "X", np.float64, "w+", shape=shape, order=order)
    X[:] = np.random.RandomState(11).standard_normal(shape)
    X.flush()
    y = np.array(X[:, 0])
    X = np.memmap(tmp_path / "X", np.float64, "r", shape=shape, order=order)
    model = Ridge(copy_X=False).fit(X, y)
    tracemalloc.start()
    model.fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.6 * X.nbytes
    assert_allclose(model.predict(X), y, atol=0.1)


def test_worked_table():
    """Ridge's row of the table that the package sets out to reproduce."""
    np.random.seed(42)
    X = np.linspace(0, 1, 30).reshape(-1, 1)
    y = (20 * X**3 - 15 * X**2 + 10 * X + 5).ravel() + np.random.randn(30) * 2
    parts = train_test_split(X, y, test_size=0.2, random_state=42)
    powers = PolynomialFeatures(8)
    train, test = powers.fit_transform(parts[0]), powers.transform(parts[1])
    model = Ridge(alpha=0.5).fit(train, parts[2])
    assert round(mean_squared_error(parts[2], model.predict(train)), 4) == 2.9305
    assert round(mean_squared_error(parts[3], model.predict(test)), 4) == 1.7757


def test_hard_cases():
    X, y = np.arange(6.0).reshape(3, 2) ** 2, np.array([1.0, 2.0, 4.0])
    assert_array_equal(Ridge().fit(X, np.ones(3)).coef_, 0.0)
    assert_array_equal(Ridge().fit(np.zeros((3, 2)), y).coef_, 0.0)
    single = Ridge().fit(X[:1], y[:1])
    assert_array_equal(single.coef_, 0.0)
    assert single.intercept_ == 1.0
    for positive in (False, True):
        strong = Ridge(1e300, positive=positive).fit(X, y)
        assert np.all(np.isfinite(strong.coef_)) and np.isfinite(strong.dual_gap_)


@pytest.mark.parametrize(
    ("params", "fit_params", "message"),
    [
        ({"alpha": [1.0, -1.0]}, {}, "alpha"),
        ({"alpha": [1.0, 2.0, 3.0]}, {}, "number of penalties"),
        ({"alpha": [np.nan, 1.0]}, {}, "alpha"),
        ({"solver": "lbfgs"}, {}, "lbfgs"),
        ({"solver": "svd", "positive": True}, {}, "positive"),
        ({"solver": "newton"}, {}, "solver"),
        ({"tol": -1.0}, {}, "tol"),
        ({}, {"sample_weight": np.zeros(4)}, "(?i)sample.weight"),
        ({}, {"sample_weight": -np.ones(4)}, "sample_weight"),
        ({}, {"sample_weight": [1.0, np.nan, 1.0, 1.0]}, "sample_weight"),
    ],
)
def test_bad_input_is_named_and_leaves_the_estimator_alone(params, fit_params, message):
    X, Y = np.eye(4), np.arange(8.0).reshape(4, 2)
    model = Ridge().fit(X[:, :2], Y)
    before = dict(vars(model))
    model.set_params(**params)
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, **fit_params)
    assert {**vars(model), **{k: before[k] for k in params}} == before


def test_svd_refuses_a_sparse_design():
    with pytest.raises(TypeError, match="sparse"):
        Ridge(solver="svd", fit_intercept=False).fit(sparse.eye(3).tocsr(), np.ones(3))
