import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklreg._views import read_only
from sklreg.solvers import path as path_module
from sklreg.solvers._narrow_kernels import subtract_combinations
from sklreg.solvers.centring import centred_gram, centred_kernel
from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import DenseDesign, make_design
from sklreg.solvers.gram_certificates import GramCertifier
from sklreg.solvers.moment_problem import MomentDesign, MomentProblem
from sklreg.solvers.path import solve_path


def _problem(rng, n=400, p=60, repeat=0):
    X = rng.standard_normal((n, p)) + 0.3
    X[:, p - repeat :] = X[:, :repeat]
    y = X[:, :9] @ rng.standard_normal(9) + rng.standard_normal(n) + 5.0
    design = make_design(X, None, center=True)
    target, _ = design.targets(y)
    problem = LeastSquaresProblem(design, target)
    problem.make_gram()
    return problem


def _gap(problem, w, alpha):
    """The duality gap from a residual, with nothing of the solver."""
    A = problem.design.root * (problem.design.X - problem.design.mean)
    r = problem.b - A @ w
    scale = min(1.0, alpha / np.abs(A.T @ r).max())
    primal = 0.5 * r @ r + alpha * np.abs(w).sum()
    return primal - scale * (r @ problem.b) + 0.5 * scale**2 * (r @ r)


@pytest.mark.parametrize("distance", [0.0, 1e-6, 1e-2])
def test_gaps_from_moments_are_those_of_residuals(distance):
    rng = np.random.default_rng(0)
    problem = _problem(rng)
    alphas = problem.alpha_max() * np.array([0.5, 0.2, 0.05])
    solutions = [
        s.w + distance * rng.standard_normal(60)
        for s in solve_path(problem, alphas, 1.0, tol=1e-9)
    ]
    certifier = GramCertifier(problem, problem.goal(1e-6))
    certifier.look(problem.alpha_max(), np.zeros(60))
    gaps, correlations = certifier.certify(solutions, alphas, np.zeros(3))
    assert not certifier.cancels
    expected = [_gap(problem, w, a) for w, a in zip(solutions, alphas, strict=True)]
    # never below the true gap, and above it by rounding only
    assert np.all(gaps >= expected)
    assert_allclose(gaps, expected, atol=1e-9 * problem.null_square, rtol=1e-6)
    for w, correlation in zip(solutions, correlations, strict=True):
        assert_allclose(correlation, problem.design.correlate(problem.residual(w)))


def test_residuals_certify_what_moments_cannot():
    rng = np.random.default_rng(1)
    problem = _problem(rng, repeat=2)
    w = np.zeros(60)
    w[0], w[58] = 1e7, -1e7  # one column twice
    alphas = problem.alpha_max() * np.array([0.5])
    certifier = GramCertifier(problem, problem.goal(1e-6))
    certifier.look(problem.alpha_max(), np.zeros(60))
    gaps, _ = certifier.certify([w], alphas, np.zeros(1))
    assert certifier.cancels
    assert_allclose(gaps, [_gap(problem, w, alphas[0])], rtol=1e-6)


def test_a_gram_matrix_of_unknown_digits_certifies_nothing(monkeypatch):
    def refuse(*args):
        raise AssertionError("a given Gram matrix has been trusted")

    monkeypatch.setattr(path_module, "GramCertifier", refuse)
    rng = np.random.default_rng(2)
    known = _problem(rng, n=500, p=300)
    rounded = known.working.whole_gram.astype(np.float32).astype(np.float64)
    problem = LeastSquaresProblem(known.design, known.target, gram=rounded)
    alphas = problem.alpha_max() * np.array([0.5, 0.2, 0.1])
    for alpha, solution in zip(
        alphas, solve_path(problem, alphas, 1.0, tol=1e-6), strict=True
    ):
        assert _gap(problem, solution.w, alpha) <= problem.goal(1e-6)
        assert_allclose(
            solution.gap,
            _gap(problem, solution.w, alpha),
            atol=1e-12 * problem.null_square,
        )


def test_paths_from_moments_make_no_rows(monkeypatch):
    rng = np.random.default_rng(3)
    known = _problem(rng, n=900, p=300)
    moments = known.working.whole_gram, known.q, known.null_square
    problem = MomentProblem(MomentDesign(*moments))
    alphas = known.alpha_max() * np.geomspace(1.0, 0.05, 8)
    with monkeypatch.context() as context:
        context.setattr(MomentDesign, "X", property(lambda self: 1 / 0))
        found = solve_path(problem, alphas, 1.0, tol=1e-8)
    for alpha, solution in zip(alphas, found, strict=True):
        assert _gap(known, solution.w, alpha) <= 1.01 * known.goal(1e-8)


@pytest.mark.parametrize("dependent", [0, 5])
def test_rows_have_the_moments_they_are_made_from(dependent):
    known = _problem(np.random.default_rng(4), repeat=dependent)
    gram = known.working.whole_gram
    problem = MomentProblem(MomentDesign(gram, known.q, known.null_square))
    assert_allclose(problem.design.gram(), gram, atol=1e-12)
    assert_allclose(problem.design.correlate(problem.b), known.q, atol=1e-6)
    assert_allclose(problem.b @ problem.b, known.null_square)


@pytest.mark.parametrize("order", ["C", "F"])
def test_centred_gram(order):
    rng = np.random.default_rng(5)
    X = np.array(rng.standard_normal((300, 7)) + 0.2, order=order)
    X[:, 2] = 0.0
    mean = X.mean(axis=0)
    part = X[40:170]
    assert_allclose(
        centred_gram(part, mean), (part - mean).T @ (part - mean), atol=1e-11
    )
    assert_allclose(
        centred_kernel(part, mean), (part - mean) @ (part - mean).T, atol=1e-11
    )
    # in the precision of the data
    single = X.astype(np.float32)
    rough, exact = centred_gram(single, mean), (X - mean).T @ (X - mean)
    assert rough.dtype == np.float64
    assert_allclose(rough, exact, atol=1e-3)
    assert np.abs(rough - exact).max() > 1e-8
    # columns that would lose digits, and data that would be copied
    far = X + np.array([0.0, 0.0, 0.0, 1e3, 0.0, 0.0, 0.0])
    assert centred_gram(far, far.mean(axis=0)) is None
    assert centred_kernel(far, far.mean(axis=0)) is None
    assert centred_gram(X[::2, ::2], mean[::2]) is None
    assert centred_gram(X.astype(int), mean) is None
    design = DenseDesign(far, None, center=True)
    expected = np.cov(far, rowvar=False, bias=True)
    assert_allclose(design.gram(), expected, atol=1e-10)


@pytest.mark.parametrize("n_places", [0, 3, 8, 18])
@pytest.mark.parametrize("n_vectors", [1, 7])
def test_combinations_of_rows(n_places, n_vectors):
    rng = np.random.default_rng(0)
    G, out = rng.standard_normal((20, 20)), rng.standard_normal((n_vectors, 20))
    places = rng.permutation(20)[:n_places]
    V = rng.standard_normal((n_vectors, n_places))
    expected = out - V @ G[places]
    subtract_combinations(read_only(G), places, V, out)
    assert_allclose(out, expected, atol=1e-12)
