"""Ridge solvers against textbook linear algebra on small matrices."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sklreg.solvers.ridge import ClosedForm, solve_ridge
from sklreg.solvers.ridge_certificate import ridge_gap
from sklreg.solvers.ridge_design import CentredDesign
from sklreg.solvers.ridge_folds import cross_validate_ridge
from sklreg.solvers.ridge_linalg import solve_alphas, solve_shifted
from sklreg.solvers.ridge_loo import LeaveOneOut

CONTAINERS = [np.ascontiguousarray, np.asfortranarray]
CONTAINERS += [sparse.csr_matrix, sparse.csc_array]
SHAPES = [(30, 8), (8, 30), (12, 12)]


@pytest.fixture
def small_blocks(monkeypatch):
    """Read designs in several blocks, the last one shorter."""
    monkeypatch.setattr("sklreg.solvers.ridge_design._LEAST_BLOCK", 5)
    monkeypatch.setattr("sklreg.solvers.ridge_design._GRAM_BLOCK", 7)
    monkeypatch.setattr("sklreg.solvers.ridge_design._BUFFER_BYTES", 0)


def problem(shape, container=np.asarray, seed=0, n_targets=2):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=shape) * (rng.random(shape) < 0.6) + 0.5
    Y = rng.normal(size=(shape[0], n_targets))
    weights = rng.random(shape[0])
    weights[1] = 0.0
    return X, container(X), Y, weights


def explicit(X, Y, weights, centre):
    s = np.ones(len(X)) if weights is None else weights
    mean = np.average(X, axis=0, weights=s) if centre else np.zeros(X.shape[1])
    level = np.average(Y, axis=0, weights=s) if centre else np.zeros(Y.shape[1])
    root = np.sqrt(s)[:, None]
    return root * (X - mean), root * (Y - level), mean, level


def reference(X, Y, alpha, weights=None, centre=True):
    A, B, mean, level = explicit(X, Y, weights, centre)
    coef = np.linalg.lstsq(
        np.vstack([A, np.sqrt(alpha) * np.eye(A.shape[1])]),
        np.vstack([B, np.zeros((A.shape[1], B.shape[1]))]),
        rcond=None if alpha else 1e-10,
    )[0]
    return coef, level - mean @ coef


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("level", [0.0, 60.0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_design_products_equal_those_of_the_matrix_written_down(
    dtype, level, shape, container, centre, weighted, small_blocks
):
    """At the higher level a dense design is read block by block, if it is centred."""
    X, _, Y, weights = problem(shape)
    X = (X + level).astype(dtype).astype(np.float64)
    held = container(X.astype(dtype))
    far = level and not (centre and not sparse.issparse(held))
    weights = weights if weighted else None
    A, B, _, _ = explicit(X, Y, weights, centre)
    design = CentredDesign(held, weights, centre)
    rng = np.random.default_rng(1)
    V, U = rng.normal(size=(shape[1], 2)), rng.normal(size=(shape[0], 2))

    close = {"atol": 1e-6 if far else 1e-10}
    gram, products = design.gram(B)
    assert_allclose(gram, A.T @ A, **close)
    assert_allclose(products, A.T @ B, **close)
    assert_allclose(design.kernel(), A @ A.T, **close)
    assert_allclose(design.dot(V), A @ V, **close)
    assert_allclose(design.t_dot(U), A.T @ U, **close)
    operator = design.operator()
    assert_allclose(operator.matvec(V[:, 0]), A @ V[:, 0], **close)
    assert_allclose(operator.rmatvec(U[:, 0]), A.T @ U[:, 0], **close)
    intercept = np.array([0.3, -0.2])
    R, pulled = design.residuals(Y, V, intercept)
    assert_allclose(R, Y - X @ V - intercept, **close)
    root = 1.0 if weights is None else np.sqrt(weights)[:, None]
    assert_allclose(pulled, A.T @ (root * R), **close)
    if not sparse.issparse(held) and shape[0] >= shape[1]:
        triangle, rotated = design.triangle(B)
        assert_allclose(triangle.T @ triangle, A.T @ A, **close)
        assert_allclose(triangle.T @ rotated, A.T @ B, **close)
    elif not sparse.issparse(held):
        lower, _ = design.triangle()
        assert_allclose(lower @ lower.T, A @ A.T, **close)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("solver", ["cholesky", "svd", "lsqr", "sparse_cg", "saga"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_solver_finds_the_minimum(shape, solver, centre, weighted):
    X, held, Y, weights = problem(shape)
    weights = weights if weighted else None
    for alpha in (1e-3, 1.0, 50.0):
        fit = solve_ridge(
            held,
            Y,
            np.full(2, alpha),
            weights=weights,
            fit_intercept=centre,
            solver=solver,
            tol=1e-14,
        )
        coef, intercept = reference(X, Y, alpha, weights, centre)
        assert_allclose(fit.coef.T, coef, rtol=1e-8, atol=1e-9)
        assert_allclose(fit.intercept, intercept, rtol=1e-8, atol=1e-9)
        assert fit.solver == solver
        assert np.all(fit.gap <= 1e-12 * fit.null_loss)


def objective_and_dual(X, y, w, b, alpha, s, centre, positive, dual):
    """The primal and the dual objective as defined, in extended precision."""
    X, y, w, s = (np.asarray(a, np.longdouble) for a in (X, y, w, s))
    r = y - X @ w - np.longdouble(b)
    primal = (s * r**2).sum() + alpha * (w**2).sum()
    theta = r - (s * r).sum() / s.sum() if centre else r
    v = X.T @ (s * theta)
    v = np.maximum(v, 0) if positive else v
    return primal, 2 * (s * theta * y).sum() - (s * theta**2).sum() - dual(v, w)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 10.0])
def test_gap_is_primal_minus_dual(alpha, centre, positive):
    X, _, Y, s = problem((20, 6), n_targets=3)
    rng = np.random.default_rng(2)
    coef = rng.normal(size=(6, 3))
    coef = np.abs(coef) if positive else coef
    intercept = rng.normal(size=3) if centre else np.zeros(3)
    design = CentredDesign(X, s, centre)
    R, pulled = design.residuals(Y, coef, intercept)
    level = np.average(R, axis=0, weights=s) if centre else np.zeros(3)
    found = ridge_gap(coef, np.full(3, alpha), pulled, level, s.sum(), positive)

    def dual(v, w):
        if alpha:
            return (v**2).sum() / alpha
        return 2 * np.sqrt((v**2).sum()) * 2 * np.sqrt((w**2).sum())

    for k in range(3):
        primal, lower = objective_and_dual(
            X, Y[:, k], coef[:, k], intercept[k], alpha, s, centre, positive, dual
        )
        assert_allclose(found[k], float(primal - lower), rtol=1e-10)
        assert found[k] > 0


def test_no_gap_is_claimed_where_zero_is_not_optimal():
    gap = ridge_gap(
        np.zeros((2, 1)), np.zeros(1), np.ones((2, 1)), np.zeros(1), total=2.0
    )
    assert gap == np.inf


@pytest.fixture
def rough_calls(monkeypatch):
    """Make every Gram matrix in float32 first; return whether each was to be rough."""
    calls = []

    class Form(ClosedForm):
        def __init__(self, design, B, rough=False):
            calls.append(rough)
            super().__init__(design, B, rough)

    monkeypatch.setattr("sklreg.solvers.ridge.ClosedForm", Form)
    for bound in ("_ROUGH_WORK", "_ROUGH_SIDE", "_SINGLE_WORK"):
        monkeypatch.setattr(f"sklreg.solvers.ridge.{bound}", 0)
    return calls


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("shape", [(90, 40), (40, 90), (50, 50)])
def test_corrections_take_out_the_errors_of_float32(
    shape, centre, weighted, dtype, rough_calls
):
    X, _, Y, weights = problem(shape)
    X = X.astype(dtype)
    weights = weights if weighted else None
    fit = solve_ridge(X, Y, np.array([0.5, 0.5]), weights=weights, fit_intercept=centre)
    coef, intercept = reference(X.astype(np.float64), Y, 0.5, weights, centre)
    assert rough_calls == [True]
    assert_allclose(fit.coef, coef.T, atol=1e-12 if dtype == np.float64 else 1e-6)
    assert_allclose(
        fit.intercept, intercept, atol=1e-12 if dtype == np.float64 else 1e-6
    )
    assert np.all(fit.n_iter > 1)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_what_float32_cannot_hold_is_made_in_float64(scale, rough_calls):
    X, _, Y, _ = problem((90, 40))
    X *= scale
    fit = solve_ridge(X, Y, np.full(2, 1e-3 * scale**2))
    assert rough_calls == [True, False]
    assert np.all(fit.gap <= 1e-18 * fit.null_loss)


def test_dependent_columns_are_left_to_float64(rough_calls):
    X, _, Y, _ = problem((90, 40))
    X[:, 1] = X[:, 0] + 1e-6 * X[:, 1]
    fit = solve_ridge(X, Y, np.full(2, 1e-10))
    coef, _ = reference(X, Y, 1e-10)
    assert rough_calls == [True, False]
    assert_allclose(fit.coef @ X.T, (X @ coef).T, atol=1e-6)


def test_singularity_does_not_depend_on_column_scales():
    scale = np.array([1e-6, 1.0, 1e6])
    regular = np.outer(scale, scale) * (np.eye(3) + 0.5)
    x = solve_shifted(regular, regular @ (1 / scale)[:, None], np.zeros(1))
    assert_allclose(x[:, 0], 1 / scale)
    singular = regular.copy()
    singular[:, 2] = singular[2] = 0.0
    with pytest.raises(np.linalg.LinAlgError):
        solve_shifted(singular, np.ones((3, 1)), np.zeros(1))


def test_many_alphas_equal_one_at_a_time():
    X, _, Y, _ = problem((30, 8))
    alphas = np.logspace(-4, 4, 40)
    together = solve_alphas(X.T @ X, X.T @ Y, alphas)
    for k, alpha in enumerate(alphas):
        alone = solve_shifted(X.T @ X, X.T @ Y, np.full(2, alpha))
        assert_allclose(together[:, :, k], alone, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("by_svd", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_leave_one_out_is_leaving_one_out(shape, container, centre, weighted, by_svd):
    X, held, Y, weights = problem(shape, container)
    if by_svd and sparse.issparse(held):
        by_svd = False
    weights = weights if weighted else None
    alphas = np.array([1e-3, 1.0, 30.0])
    loo = LeaveOneOut(
        held, Y, alphas, weights=weights, fit_intercept=centre, by_svd=by_svd
    )
    errors = np.empty((*Y.shape, 3))
    for rows, block in loo.residuals():
        errors[rows] = block
    s = np.ones(len(Y)) if weights is None else weights
    for i in range(len(Y)):
        rest = np.arange(len(Y)) != i
        for k, alpha in enumerate(alphas):
            coef, intercept = reference(X[rest], Y[rest], alpha, s[rest], centre)
            expected = Y[i] - X[i] @ coef - intercept
            assert_allclose(errors[i, :, k], expected, rtol=1e-7, atol=1e-8)


def test_leave_one_out_in_blocks_of_rows(small_blocks):
    X, _, Y, _ = problem((23, 4))
    blocks = list(LeaveOneOut(X, Y, [1.0]).residuals())
    assert len(blocks) == 5
    errors = np.concatenate([block[:, :, 0] for _, block in blocks])
    A, B, _, _ = explicit(X, Y, None, True)
    hat = A @ np.linalg.solve(A.T @ A + np.eye(4), A.T)
    expected = (B - hat @ B) / (1 - np.diagonal(hat)[:, None] - 1 / 23)
    assert_allclose(errors, expected, atol=1e-12)


def splits_of(n, kind):
    rng = np.random.default_rng(4)
    order = rng.permutation(n)
    if kind == "partition":
        return [(np.setdiff1d(order, part), part) for part in np.array_split(order, 3)]
    if kind == "overlapping":
        return [(order[:-2], order[-4:]), (order[3:], order[:5])]
    repeated = rng.integers(0, n, size=n)
    return [(repeated, np.setdiff1d(order, repeated))]


@pytest.mark.parametrize("kind", ["partition", "overlapping", "bootstrap"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_folds_equal_refits(shape, container, centre, weighted, kind):
    X, held, Y, weights = problem(shape, container)
    weights = weights if weighted else None
    s = np.ones(len(Y)) if weights is None else weights
    alphas = np.array([1e-2, 1.0, 30.0])
    splits = splits_of(len(Y), kind)
    fits = cross_validate_ridge(
        held, Y, alphas, splits, weights=weights, fit_intercept=centre
    )
    for (train, test), fit in zip(splits, fits, strict=True):
        coef, intercept = fit.coefficients()
        for k, alpha in enumerate(alphas):
            w, b = reference(X[train], Y[train], alpha, s[train], centre)
            assert_allclose(coef[:, :, k], w, rtol=1e-8, atol=1e-9)
            assert_allclose(intercept[:, k], b, rtol=1e-8, atol=1e-9)
            assert_allclose(fit.predictions[:, :, k], X[test] @ w + b, atol=1e-8)


@pytest.mark.parametrize("alpha", [0.0, 1e-3])
@pytest.mark.parametrize("n_features", [4, 40])
def test_a_column_constant_in_training_gets_no_weight(n_features, alpha):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(20, n_features)) + 1e3
    X[:15, 0] = 7.0
    Y = rng.normal(size=(20, 1))
    splits = [(np.arange(15), np.arange(15, 20))]
    (fit,) = cross_validate_ridge(X, Y, np.array([alpha]), splits)
    coef, _ = fit.coefficients()
    w, b = reference(X[:15], Y[:15], alpha)
    assert abs(coef[0, 0, 0]) < 1e-10
    assert_allclose(fit.predictions[:, :, 0], X[15:] @ w + b, atol=1e-7)


def test_an_outlier_in_the_test_fold_does_not_spoil_the_training_gram():
    rng = np.random.default_rng(6)
    X, Y = rng.normal(size=(30, 3)), rng.normal(size=(30, 1))
    X[0] *= 1e9
    splits = [(np.arange(10, 30), np.arange(10))]
    (fit,) = cross_validate_ridge(X, Y, np.array([1.0]), splits)
    w, _ = reference(X[10:], Y[10:], 1.0)
    assert_allclose(fit.coefficients()[0][:, :, 0], w, rtol=1e-9)


def test_folds_of_a_large_sparse_design_iterate(monkeypatch):
    monkeypatch.setattr("sklreg.solvers.ridge_folds.SPARSE_SIDE", 3)
    X, held, Y, _ = problem((30, 8), sparse.csr_matrix)
    splits = splits_of(30, "partition")
    (train, test), fit = (
        splits[0],
        next(cross_validate_ridge(held, Y, np.array([2.0]), splits)),
    )
    w, b = reference(X[train], Y[train], 2.0)
    assert_allclose(fit.predictions[:, :, 0], X[test] @ w + b, rtol=1e-2, atol=1e-3)


def test_a_training_set_without_weight_is_an_error():
    X, _, Y, _ = problem((10, 3))
    weights = np.r_[np.ones(5), np.zeros(5)]
    splits = [(np.arange(5, 10), np.arange(5))]
    with pytest.raises(ValueError, match="sample_weight"):
        next(cross_validate_ridge(X, Y, np.ones(1), splits, weights=weights))
