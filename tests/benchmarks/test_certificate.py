"""The benchmark's yardstick, against objectives worked out the long way."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.linear_model import ElasticNet, Ridge

from benchmarks import certificate, logistic_certificate, peers, problems, storage
from sklreg.linear_model import LogisticRegression


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 15)) + 2.0
    return X, X[:, 0] - 2.0 * X[:, 1] + 5.0 + rng.standard_normal(60)


def objective(X, y, coef, intercept, alpha, l1_ratio):
    loss = ((y - X @ coef - intercept) ** 2).mean() / 2
    ridge = (1 - l1_ratio) / 2 * coef @ coef
    return loss + alpha * (l1_ratio * np.abs(coef).sum() + ridge)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
@pytest.mark.parametrize("layout", [np.asfortranarray, sparse.csc_matrix])
def test_gap_bounds_the_suboptimality(data, l1_ratio, layout):
    X, y = data
    alpha = certificate.alpha_max(X, y, l1_ratio) / 10
    best = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-12, max_iter=10**6)
    best.fit(X, y)
    least = objective(X, y, best.coef_, best.intercept_, alpha, l1_ratio)

    def gap(coef, intercept):
        return certificate.relative_gaps(
            layout(X),
            y,
            coef[:, None],
            np.array([intercept]),
            np.array([alpha]),
            l1_ratio,
        )[0]

    assert gap(best.coef_, best.intercept_) < 1e-9
    for coef, intercept in [
        (best.coef_ + 0.1, best.intercept_),
        (best.coef_, best.intercept_ + 0.1),
        (np.zeros(15), y.mean()),
    ]:
        excess = objective(X, y, coef, intercept, alpha, l1_ratio) - least
        assert gap(coef, intercept) >= excess / certificate.null_loss(y) - 1e-9 > 1e-4


def test_the_empty_model_is_optimal_at_alpha_max(data):
    X, y = data
    alphas = certificate.alpha_max(X, y) * np.array([1.0, 0.9])
    gaps = certificate.relative_gaps(
        X, y, sparse.csc_matrix((15, 2)), np.full(2, y.mean()), alphas
    )
    assert gaps[0] == pytest.approx(0.0, abs=1e-12)
    assert gaps[1] > 1e-4


def test_ridge_gap(data):
    X, y = data
    best = Ridge(alpha=3.0).fit(X, y)
    assert certificate.ridge_gap(X, y, best.coef_, best.intercept_, 3.0) < 1e-12

    def value(coef, intercept):
        return ((y - X @ coef - intercept) ** 2).sum() + 3.0 * coef @ coef

    coef, intercept = best.coef_ * 1.05, best.intercept_ + 0.1
    excess = value(coef, intercept) - value(best.coef_, best.intercept_)
    scale = 2 * len(y) * certificate.null_loss(y)
    assert certificate.ridge_gap(X, y, coef, intercept, 3.0) >= excess / scale > 1e-4


@pytest.mark.parametrize("name", ["dense-20x5", "shifted-20x5", "sparse-30x40-0.05"])
def test_problems_survive_storage(name, tmp_path):
    problem = problems.load(name)
    storage.write_problem(problem, tmp_path)
    again = storage.read_problem(tmp_path)
    assert_allclose(again.y, problem.y, rtol=0)
    assert (again.X != problem.X).sum() == 0
    assert_allclose(problems.load(name).y, problem.y, rtol=0)  # seeded by its name


def test_answers_survive_storage(tmp_path):
    coefs = np.array([[0.0, 1.0], [2.0, 0.0], [0.0, 0.0]])
    storage.write_answer(peers.Answer(coefs, [3.0, 4.0], (0.1, 1.0)), tmp_path)
    found, intercepts, chosen = storage.read_answer(tmp_path, n_features=3)
    assert_allclose(found.toarray(), coefs)
    assert_allclose(intercepts, [3.0, 4.0])
    assert_allclose(chosen, [0.1, 1.0])


@pytest.mark.parametrize("name", peers.NAMES)
def test_adapters_are_complete(name):
    adapter = peers.adapter(name)
    tolerances = adapter.TOLERANCES
    assert list(tolerances) == sorted(tolerances, reverse=True)
    offered = set(peers.tasks(name))
    assert {"path", "single"} <= offered or offered <= set(peers.CLASSES)
    assert hasattr(adapter, "COMMAND") or (adapter.LIBRARY and adapter.DISTRIBUTION)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4, 0.0])
def test_logistic_gap_is_the_distance_to_the_optimum(n_classes, l1_ratio):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((80, 5))
    y = np.argmax(X[:, :n_classes] + rng.gumbel(size=(80, n_classes)), axis=1) * 1.0
    problem = problems.Problem("small", X, y)
    alpha = logistic_certificate.alpha_max(X, y, l1_ratio) / 10

    def gap(model):
        return logistic_certificate.relative_gap(
            problem, model.coef_.T, model.intercept_, alpha, l1_ratio
        )

    best = LogisticRegression(C=1 / (80 * alpha), l1_ratio=l1_ratio, tol=1e-7).fit(X, y)
    assert abs(gap(best)) < 1e-10
    best.coef_ = 0.9 * best.coef_
    parts = best.coef_.T, best.intercept_, alpha, l1_ratio
    value = logistic_certificate.objective(X, y, *parts)
    assert gap(best) > 1e-5
    best.coef_ = best.coef_ / 0.9
    least = logistic_certificate.objective(X, y, best.coef_.T, *parts[1:])
    best.coef_ = 0.9 * best.coef_
    null = logistic_certificate.null_loss(y)
    assert_allclose(gap(best), (value - least) / null, rtol=1e-6)


def test_a_reference_that_is_not_sharp_is_spoken_of(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 30))
    y = (X[:, :5].sum(axis=1) + rng.standard_normal(60) > 0.0) * 1.0
    alpha = logistic_certificate.alpha_max(X, y) / 50
    arguments = np.zeros((30, 1)), np.zeros(1), alpha, 1.0
    sharp = logistic_certificate.relative_gap(problems.Problem("a", X, y), *arguments)

    def hasty(max_iter, **options):
        return LogisticRegression(max_iter=3, **options)

    monkeypatch.setattr("sklreg.linear_model.LogisticRegression", hasty)
    with pytest.warns(RuntimeWarning, match="reference for b .* has a gap of"):
        gap = logistic_certificate.relative_gap(problems.Problem("b", X, y), *arguments)
    assert gap > sharp + 1e-3
