"""The logistic solvers against scikit-learn and certificates from scratch."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from sklreg.solvers.design import make_design
from sklreg.solvers.logistic import LogisticProblem, solve_logistic_path
from sklreg.solvers.logistic_columns import LogisticColumns, WeightedGram
from sklreg.solvers.multinomial import MultinomialProblem
from sklreg.solvers.quadratic import minimise_quadratic
from tests._certificates import log_loss_gap, log_loss_objective

TIGHT = 1e-11
PENALTIES = [(1.5, 0.0), (0.0, 0.7), (1.0, 0.3)]


def make_data(n=80, p=12, n_classes=2, seed=0, density=1.0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    X[:, 1] += 2.0
    if density < 1.0:
        X[rng.random(X.shape) > density] = 0.0
    raw = 1.5 * X[:, :n_classes] + rng.standard_normal((n, n_classes))
    return X, np.argmax(raw - raw.mean(axis=0), axis=1)


def make_problem(X, codes, sample_weight=None, **options):
    if sparse.issparse(X):
        X = X.tocsc()
    design = make_design(X, None, center=False)
    kind = LogisticProblem if np.max(codes) == 1 else MultinomialProblem
    return kind(design, codes, sample_weight, **options)


def assert_certified(X, codes, solution, l1, l2, tol=1e-9, **options):
    gap = log_loss_gap(
        X, codes, solution.w, solution.intercept, l1=l1, l2=l2, **options
    )
    assert -1e-12 * solution.null_value <= gap <= tol * solution.null_value
    assert solution.gap <= tol * solution.null_value


def scikit_learn(X, codes, l1, l2, sample_weight, fit_intercept):
    smooth = l1 == 0.0
    model = LogisticRegression(
        C=1.0 / (l1 + l2),
        solver="newton-cg" if smooth else "saga",
        tol=1e-12,
        max_iter=20_000,
        fit_intercept=fit_intercept,
        random_state=0,
    )
    if not smooth:
        model.set_params(l1_ratio=l1 / (l1 + l2))
        if LogisticRegression().l1_ratio is None:
            # scikit-learn before 1.8 needs the name of what l1_ratio already says
            model.set_params(penalty="elasticnet")
    model.fit(X, codes, sample_weight)
    coef, intercept = model.coef_, model.intercept_
    return (coef[0], intercept[0]) if len(coef) == 1 else (coef, intercept)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
@pytest.mark.parametrize("l1, l2", PENALTIES)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_equals_scikit_learn(n_classes, l1, l2, kind, weighted, fit_intercept):
    X, codes = make_data(n_classes=n_classes, density=0.5 if kind == "sparse" else 1)
    data = sparse.csc_array(X) if kind == "sparse" else X
    s = np.random.default_rng(1).uniform(0.2, 2.0, len(X)) if weighted else None
    problem = make_problem(data, codes, s, fit_intercept=fit_intercept)
    found = problem.solve(l1, l2, tol=TIGHT)
    assert_certified(
        X, codes, found, l1, l2, sample_weight=s, fit_intercept=fit_intercept
    )
    coef, intercept = scikit_learn(X, codes, l1, l2, s, fit_intercept)
    ours, theirs = (
        log_loss_objective(X, codes, w, b, l1=l1, l2=l2, sample_weight=s)
        for w, b in [(found.w, found.intercept), (coef, intercept)]
    )
    assert ours <= theirs * (1 + 1e-8)
    assert theirs <= ours * (1 + 1e-8)
    if l2 or n_classes == 2:
        assert_allclose(found.w, coef, atol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("l1, l2", PENALTIES)
@pytest.mark.parametrize("n, p", [(60, 400), (300, 90)])
def test_working_sets_are_certified(n, p, l1, l2, n_classes):
    X, codes = make_data(n, p, n_classes)
    found = make_problem(np.asfortranarray(X), codes).solve(l1, l2, tol=TIGHT)
    assert_certified(X, codes, found, l1, l2)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_sparse_sweeps_are_certified(index, n_classes):
    X, codes = make_data(400, 900, n_classes, density=0.02)
    data = sparse.csc_array(X)
    data.indices, data.indptr = data.indices.astype(index), data.indptr.astype(index)
    for l1, l2 in [(0.1, 0.0), (0.05, 0.1), (0.0, 0.3)]:
        found = make_problem(data, codes).solve(l1, l2, tol=TIGHT)
        assert_certified(X, codes, found, l1, l2)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_alpha_max_is_where_the_first_coefficient_enters(n_classes):
    X, codes = make_data(n_classes=n_classes)
    problem = make_problem(X, codes)
    top = problem.alpha_max()
    assert not problem.solve(top * (1 + 1e-9), 0.0, tol=TIGHT).w.any()
    assert problem.solve(top * 0.99, 0.0, tol=TIGHT).w.any()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_unpenalised_features_are_fitted_first(n_classes):
    X, codes = make_data(n=150, n_classes=n_classes)
    factor = np.ones(X.shape[1])
    factor[[3, 4]] = 0.0
    problem = make_problem(X, codes)
    top = problem.alpha_max(factor)
    found = problem.solve(top * (1 + 1e-6) * factor, 0.0, tol=TIGHT)
    assert found.gap <= 1e-10 * found.null_value
    assert np.flatnonzero(np.atleast_2d(found.w).any(axis=0)).tolist() == [3, 4]
    alone = make_problem(X[:, [3, 4]], codes).solve(0.0, 0.0, tol=1e-13)
    raw = X[:, [3, 4]] @ alone.w.T + alone.intercept
    assert_allclose(X @ found.w.T + found.intercept, raw, atol=5e-5)
    assert not found.diverged
    assert problem.solve(0.5 * top * factor, 0.0, tol=TIGHT).gap <= 1e-10 * top


def test_zero_weights_are_as_good_as_absent_rows():
    X, codes = make_data(n=120, p=150)
    kept = np.arange(len(X)) % 3 != 0
    whole = make_problem(X, codes)
    whole.solve(1.0, 0.0)
    found = whole.reweighted(kept.astype(float)).solve(1.0, 0.1, tol=TIGHT)
    fresh = make_problem(X[kept], codes[kept]).solve(1.0, 0.1, tol=TIGHT)
    assert_allclose(found.w, fresh.w, atol=1e-5)
    assert_allclose(found.intercept, fresh.intercept, atol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_offsets_are_known_parts_of_the_prediction(n_classes):
    X, codes = make_data(n_classes=n_classes)
    shape = len(X) if n_classes == 2 else (len(X), n_classes)
    offset = np.random.default_rng(3).standard_normal(shape)
    for l1, l2 in PENALTIES:
        found = make_problem(X, codes, offset=offset).solve(l1, l2, tol=TIGHT)
        assert_certified(X, codes, found, l1, l2, offset=offset)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_bounds_hold_and_the_rest_is_optimal(kind, n_classes):
    X, codes = make_data(n_classes=n_classes)
    lower, upper = np.full(12, -0.2), np.full(12, np.inf)
    lower[5], upper[:3] = 0.0, 0.3
    data = sparse.csc_array(X) if kind == "sparse" else X
    problem = make_problem(data, codes, lower=lower, upper=upper)
    for l1, l2 in [(1.0, 0.0), (0.0, 0.5)]:
        found = problem.solve(l1, l2, tol=1e-10)
        assert found.gap <= 1e-10 * found.null_value
        assert np.all(found.w >= lower)
        assert np.all(found.w <= upper)
        assert np.any(found.w == lower) or np.any(found.w == upper)
        best = log_loss_objective(X, codes, found.w, found.intercept, l1=l1, l2=l2)
        rng = np.random.default_rng(0)
        for size in [1e-2, 1e-4]:
            w = np.clip(
                found.w + size * rng.standard_normal(found.w.shape), lower, upper
            )
            other = log_loss_objective(X, codes, w, found.intercept, l1=l1, l2=l2)
            assert other > best


@pytest.mark.parametrize("n_classes", [2, 3])
def test_separable_data_without_penalty_are_reported(n_classes):
    codes = np.repeat(np.arange(n_classes), 10)
    X = np.column_stack([codes * 2.0 - 1.0, np.sin(np.arange(len(codes)))])
    if n_classes == 3:
        X = np.column_stack([X, codes == 1])
    found = make_problem(X, codes).solve(0.0, 0.0)
    assert found.diverged
    assert np.isfinite(found.w).all()
    assert not make_problem(X, codes).solve(0.1, 0.0).diverged


def test_awkward_columns():
    X, codes = make_data(n=100)
    X[:, 2] = 7.0
    X[:, 3] = X[:, 4]
    X[:, 5] *= 1e6
    X[:, 6] *= 1e-6
    X[:, 7] += 1e5
    # Sparse columns are not centred: of one far from zero, predictions are rounded.
    for data, tol in ((X, 1e-8), (sparse.csc_array(X), 1e-6)):
        found = make_problem(data, codes).solve(0.8, 0.0, tol=1e-9)
        assert_certified(X, codes, found, 0.8, 0.0, tol=tol)
        assert found.w[2] == 0.0


@pytest.mark.parametrize("n_classes", [2, 3])
def test_single_precision_is_used_as_it_is(n_classes):
    X, codes = make_data(n=90, p=130, n_classes=n_classes)
    X = X.astype(np.float32)
    for l1, l2 in PENALTIES:
        found = make_problem(X, codes).solve(l1, l2, tol=TIGHT)
        assert_certified(X, codes, found, l1, l2)


def test_huge_predictions_do_not_overflow():
    X, codes = make_data()
    with np.errstate(over="raise"):
        found = make_problem(X * 1e8, codes).solve(1.0, 0.0, tol=1e-8)
        offset = np.where(codes > 0, 800.0, -800.0)
        sure = make_problem(X, codes, offset=offset).solve(1.0, 0.0)
    assert np.isfinite(found.w).all()
    assert not sure.w.any()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_paths_start_from_one_another(n_classes):
    X, codes = make_data(n=70, p=200, n_classes=n_classes)
    problem = make_problem(X, codes)
    levels = problem.alpha_max() * np.geomspace(1.0, 0.05, 8)
    path = solve_logistic_path(problem, levels, 0.0 * levels, tol=1e-9)
    for level, found in zip(levels, path, strict=True):
        assert_certified(X, codes, found, level, 0.0, tol=1e-8)
    assert np.count_nonzero(path[-1].w) > np.count_nonzero(path[1].w)


def test_a_working_set_may_be_empty():
    # one row in fifty of the rarer class, and a penalty that lets nothing in
    X = np.random.default_rng(0).standard_normal((500, 30))
    y = (np.arange(500) % 50 == 0).astype(float)
    problem = LogisticProblem(make_design(X, None, center=False), y)
    solution = problem.solve(2 * problem.alpha_max(), 0.0)
    assert not solution.w.any()
    assert solution.gap <= 1e-6 * solution.null_value
    none = np.zeros(0)
    assert minimise_quadratic(np.zeros((0, 0)), *[none] * 6, tol=1e-6) == 0


def test_a_kept_gram_learns_from_steps():
    X, _ = make_data(300, 8)
    rng = np.random.default_rng(1)
    working = LogisticColumns(make_design(np.asfortranarray(X), None, False), True)
    working.add(np.arange(8))
    gram = WeightedGram(working)
    weight = rng.random(300)
    places, before = gram.at(weight, np.arange(8))
    before = before.copy()
    step, slope = rng.standard_normal(8), rng.standard_normal(8)
    moved = 1.02 * weight * (1.0 + 0.001 * rng.random(300))
    answer = working.gram(moved, places, places) @ step
    gram.learn(np.zeros(8), slope)
    gram.learn(step, slope - answer)
    _, after = gram.at(weight, places)
    # The secant equation holds, and nothing else moved that need not.
    assert_allclose(after @ step, answer, rtol=1e-10)
    assert np.linalg.eigvalsh(after)[0] > 0.0
    assert np.linalg.matrix_rank(after - before, tol=1e-9) <= 2
    # A step against which the slopes hardly change is not believed.
    kept = after.copy()
    gram.learn(2.0 * step, slope - answer)
    assert_allclose(gram.at(weight, places)[1], kept, rtol=1e-14)
