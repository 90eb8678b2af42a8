"""Certificates of blocks, against gaps computed from scratch."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklreg.solvers.block_certificates import BlockCertifier
from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import make_design
from sklreg.solvers.fold_grams import FoldGrams, as_slice
from sklreg.solvers.path import solve_path


def problem_of(n, p, *, positive=False, as_sparse=False, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 1.0
    if as_sparse:
        X[rng.random((n, p)) < 0.7] = 0.0
    y = X[:, :8] @ np.linspace(1.0, 2.0, 8) + rng.standard_normal(n)
    X = sparse.csc_array(X) if as_sparse else np.asfortranarray(X)
    design = make_design(X)
    target, _ = design.targets(y)
    return LeastSquaresProblem(design, target, positive=positive)


def dense(problem):
    """Return the design, written down."""
    X = problem.design.X
    X = X.toarray() if sparse.issparse(X) else X
    return (X - X.mean(axis=0)) / np.sqrt(len(X))


def gap_from_scratch(problem, w, l1, l2):
    A, b = dense(problem), problem.b
    r = b - A @ w
    v = A.T @ r
    slope, bent = v, v - l2 * w
    if not problem.positive:
        slope, bent = np.abs(slope), np.abs(bent)
    primal = 0.5 * r @ r + l1 * np.abs(w).sum() + 0.5 * l2 * w @ w
    duals = []
    for scale in {min(1.0, l1 / bent.max()), 1.0 if l2 > 0 else 0.0}:
        dual = scale * r @ problem.b - 0.5 * scale**2 * r @ r
        if l2 > 0:
            dual -= np.sum(np.maximum(scale * slope - l1, 0.0) ** 2) / (2 * l2)
        duals.append(dual)
    return primal - max(duals)


@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
def test_gaps_of_a_block_equal_gaps_from_scratch(as_sparse, positive, l1_ratio):
    problem = problem_of(60, 400, positive=positive, as_sparse=as_sparse)
    alphas = problem.alpha_max(l1_ratio) * np.geomspace(1.0, 0.1, 6)
    l1s, l2s = alphas * l1_ratio, alphas * (1.0 - l1_ratio)
    exact = [problem.solve(a, b, tol=1e-9).w for a, b in zip(l1s, l2s, strict=True)]
    rough = [0.97 * w for w in exact]
    certifier = BlockCertifier(problem)
    certifier.look(alphas[0], np.zeros(400))
    gaps, correlations = certifier.certify(rough, l1s, l2s)
    again = [
        gap_from_scratch(problem, w, *levels)
        for w, *levels in zip(rough, l1s, l2s, strict=True)
    ]
    assert_allclose(gaps, again, rtol=1e-6, atol=1e-12 * problem.null_square)
    assert max(gaps) > 1e-6 * problem.null_square
    # Whatever is estimated only is below its level.
    A = dense(problem)
    for w, l1, found in zip(rough, l1s, correlations, strict=True):
        v = A.T @ (problem.b - A @ w)
        known = np.isclose(found, v, rtol=1e-9, atol=1e-12)
        slope = v if problem.positive else np.abs(v)
        assert known[np.flatnonzero(w)].all()
        assert np.all(slope[~known] <= l1)


@pytest.mark.parametrize("as_sparse", [False, True])
def test_a_path_reads_x_once_a_block(as_sparse, monkeypatch):
    problem = problem_of(200, 600, as_sparse=as_sparse)
    alphas = problem.alpha_max() * np.geomspace(1.0, 0.05, 64)
    readings = []
    correlate = type(problem.design).correlate
    monkeypatch.setattr(
        type(problem.design),
        "correlate",
        lambda design, R, *out: readings.append(R.shape) or correlate(design, R),
    )
    solutions = solve_path(problem, alphas, 1.0, tol=1e-8)
    assert max(s.gap for s in solutions) <= 1e-8 * problem.null_square
    assert len(readings) < 32


def test_a_missing_column_is_found_and_the_rest_of_the_block_is_not_accepted():
    problem = problem_of(60, 400)
    alphas = problem.alpha_max() * np.geomspace(0.5, 0.1, 4)
    best = [problem.solve(a, 0.0, tol=1e-12).w for a in alphas]
    lost = np.flatnonzero(best[-1])[0]
    for w in best[2:]:
        w[lost] = 0.0
    certifier = BlockCertifier(problem)
    certifier.look(alphas[0] * 1.1, best[0])
    gaps, _ = certifier.certify(best, alphas, np.zeros(4))
    assert np.all(gaps[:2] <= 1e-12 * problem.null_square)
    assert np.all(gaps[2:] > 1e-6 * problem.null_square)


def test_grams_of_folds_that_part_the_rows_sum_to_the_whole():
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((90, 7)) + 3.0, rng.standard_normal((90, 1))
    weights = rng.uniform(0.5, 2.0, 90)
    tests = np.array_split(rng.permutation(90), 4)
    together = FoldGrams(X, Y, weights, fit_intercept=True)
    together.prepare(tests)
    assert len(together.parts) == 4
    apart = FoldGrams(X, Y, weights, fit_intercept=True)
    for test in tests:
        train = np.setdiff1d(np.arange(90), test)
        one, other = together.training(train, test), apart.training(train, test)
        for name in ("gram", "products", "mean", "offset"):
            assert_allclose(getattr(one, name), getattr(other, name), atol=1e-11)
    overlapping = FoldGrams(X, Y, weights, fit_intercept=True)
    overlapping.prepare([np.arange(50), np.arange(40, 90)])
    assert not overlapping.parts
    assert_allclose(overlapping.gram, apart.gram, atol=1e-11)


def test_rows_that_follow_on_are_a_slice():
    assert as_slice(np.arange(3, 7)) == slice(3, 7)
    rows = np.array([1, 3, 2])
    assert_array_equal(as_slice(rows), rows)
