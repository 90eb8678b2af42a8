"""Ridge regression under many weightings: conjugate gradients beside Gram matrices."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklreg.solvers import ridge_weightings as module
from sklreg.solvers.weightings import Weightings

ALPHA = np.array([0.7, 0.7, 30.0])


def one_by_one(function, items):
    return [function(item) for item in items]


def problem(n_samples=900, n_features=60, seed=0):
    rng = np.random.RandomState(seed)
    X = rng.randn(n_samples, n_features) * np.logspace(-1, 1, n_features) + 3.0
    Y = X[:, :3] * [1.0, -2.0, 0.5] + rng.randn(n_samples, 3) + 5.0
    counts = [
        np.bincount(rng.randint(0, n_samples, n_samples), minlength=n_samples)
        for _ in range(7)
    ]
    return X, Y, counts


def by_normal_equations(X, Y, weight, alpha, center, standardize):
    weight = weight.astype(float)
    mean = (weight @ X / weight.sum()) if center else np.zeros(X.shape[1])
    offset = (weight @ Y / weight.sum()) if center else np.zeros(Y.shape[1])
    A, B = X - mean, Y - offset
    variance = weight @ A**2 / weight.sum() if standardize else np.ones(X.shape[1])
    return np.column_stack(
        [
            np.linalg.solve(
                A.T @ (weight[:, None] * A) + np.diag(a * variance),
                A.T @ (weight * B[:, k]),
            )
            for k, a in enumerate(alpha)
        ]
    )


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("center", "standardize"), [(True, False), (False, False), (True, True)]
)
def test_conjugate_gradients_meet_the_normal_equations(
    monkeypatch, order, dtype, center, standardize
):
    X, Y, counts = problem()
    X = np.asarray(X, dtype=dtype, order=order)
    data = Weightings(X, Y, center=center, variances=standardize, each=one_by_one)
    monkeypatch.setattr(module, "_gradients_are_cheaper", lambda *given: True)
    monkeypatch.setattr(module, "_tall_ridge", None)  # none is left to it
    fits = module.ridge_weightings(data, iter(counts), len(counts), ALPHA)
    assert len(fits) == len(counts)
    for fit, weight in zip(fits, counts, strict=True):
        expected = by_normal_equations(
            X.astype(float), Y, weight, ALPHA, center, standardize
        )
        assert_allclose(fit.w, expected, rtol=1e-8, atol=1e-9)
        assert np.all(fit.gap <= 1e-12 * np.sum(weight[:, None] * Y**2, axis=0))


def test_columns_far_from_zero_keep_their_digits(monkeypatch):
    X, Y, counts = problem()
    centred = X - X.mean(axis=0)
    data = Weightings(centred + 1e7, Y, center=True, variances=False, each=one_by_one)
    monkeypatch.setattr(module, "_gradients_are_cheaper", lambda *given: True)
    fits = module.ridge_weightings(data, counts, len(counts), ALPHA)
    for fit, weight in zip(fits, counts, strict=True):
        expected = by_normal_equations(centred, Y, weight, ALPHA, True, False)
        assert_allclose(fit.w, expected, rtol=1e-6, atol=1e-6)


def test_constant_columns_of_a_draw_have_no_coefficient(monkeypatch):
    X, Y, counts = problem()
    X[:, 5] = 2.0
    X[:, 6] = 0.0
    X[0, 6] = 1.0  # constant wherever the first row was not drawn
    counts[0][0], counts[1][0] = 0, 3
    data = Weightings(X, Y, center=True, variances=True, each=one_by_one)
    monkeypatch.setattr(module, "_gradients_are_cheaper", lambda *given: True)
    fits = module.ridge_weightings(data, counts, len(counts), ALPHA)
    assert np.all(fits[0].w[[5, 6]] == 0.0)
    assert np.all(fits[1].w[5] == 0.0)
    assert np.all(fits[1].w[6] != 0.0)


def test_what_gradients_do_not_reach_is_solved_directly(monkeypatch):
    X, Y, counts = problem()
    counts[2] = np.zeros(len(X), dtype=int)
    counts[2][:20] = 45  # far fewer rows than columns: nothing like all rows
    data = Weightings(X, Y, center=True, variances=False, each=one_by_one)
    monkeypatch.setattr(module, "_expected_steps", lambda *given: 20)
    monkeypatch.setattr(module, "_gradients_are_cheaper", lambda *given: True)
    direct, solve = [], module._tall_ridge

    def noted(chunk, panel, alpha, b):
        direct.append(b)
        return solve(chunk, panel, alpha, b)

    monkeypatch.setattr(module, "_tall_ridge", noted)
    fits = module.ridge_weightings(data, counts, len(counts), ALPHA)
    assert direct == [2]
    expected = by_normal_equations(X, Y, counts[2], ALPHA, True, False)
    assert_allclose(fits[2].w, expected, rtol=1e-6, atol=1e-8)


def test_dependent_columns_next_to_unpenalised_are_solved_directly(monkeypatch):
    X, Y, counts = problem(n_features=12)
    X[:, 1] = X[:, 0]
    data = Weightings(X, Y, center=True, variances=False, each=one_by_one)
    monkeypatch.setattr(module, "_gradients_are_cheaper", lambda *given: True)
    alpha = np.full(3, 1e-3)
    fits = module.ridge_weightings(data, counts, len(counts), alpha)
    for fit, weight in zip(fits, counts, strict=True):
        expected = by_normal_equations(X, Y, weight, alpha, True, False)
        assert_allclose(fit.w, expected, rtol=1e-5, atol=1e-5)


def test_what_gradients_do_not_certify_is_solved_directly(monkeypatch):
    """A gap weighs slopes by one over the penalty, which may be next to nothing."""
    X, Y, counts = problem()
    X = X * np.logspace(6, -2, X.shape[1])
    data = Weightings(X, Y, center=True, variances=False, each=one_by_one)
    monkeypatch.setattr(module, "_gradients_are_cheaper", lambda *given: True)
    alpha = np.full(3, 1e-6)
    fits = module.ridge_weightings(data, counts, len(counts), alpha)
    spreads = [w @ (Y - w @ Y / w.sum()) ** 2 for w in counts]
    goal = 1e-9 * np.min(spreads)
    assert max(fit.gap.max() for fit in fits) <= goal
    monkeypatch.setattr(module, "_CERTIFIED", np.inf)
    fits = module.ridge_weightings(data, counts, len(counts), alpha)
    assert max(fit.gap.max() for fit in fits) > goal


@pytest.mark.parametrize(
    ("shape", "kind", "expected"),
    [
        ((5000, 300), "bootstrap", True),
        ((5000, 20), "bootstrap", False),  # Gram matrices cost next to nothing
        ((400, 300), "bootstrap", False),  # draws are unlike each other
        ((5000, 300), "one row", False),
    ],
)
def test_the_cheaper_way_is_taken(shape, kind, expected):
    rng = np.random.RandomState(0)
    n_samples, n_features = shape
    weight = np.bincount(rng.randint(0, n_samples, n_samples), minlength=n_samples)
    if kind == "one row":
        weight = np.r_[1000, np.zeros(n_samples - 1)]
    data = Weightings(
        rng.randn(*shape),
        rng.randn(n_samples, 1),
        center=True,
        variances=False,
        each=one_by_one,
    )
    (chunk,) = data.chunks([weight], 1)
    steps = module._expected_steps(chunk, n_features)
    assert module._gradients_are_cheaper(chunk, n_features, 1, steps) == expected
