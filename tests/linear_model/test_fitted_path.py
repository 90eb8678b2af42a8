"""Stored paths, tables, relaxation and the rules that choose a penalty."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_diabetes

from sklreg.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    Ridge,
    RidgeCV,
)

FRAME, Y = load_diabetes(return_X_y=True, as_frame=True)
X, Y = FRAME.to_numpy(), Y.to_numpy()
TIGHT = {"tol": 1e-12, "max_iter": 10_000}
FACTORS = np.array([0.0, 2.0, 1.0, 0.3, 1.0, 0.0, 1.5, 1.0, 0.7, 1.0])

MODELS = {
    "lasso": Lasso(alpha=0.05, **TIGHT),
    "elastic net": ElasticNet(alpha=0.01, l1_ratio=0.5, **TIGHT),
    "terms": Lasso(alpha=0.05, penalty_factor=FACTORS, standardize=True, **TIGHT),
    "bounds": ElasticNet(
        alpha=0.01, l1_ratio=0.7, coef_bounds=(-100, {"bmi": 300}), **TIGHT
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_between_the_penalties_of_a_path(name):
    model = clone(MODELS[name]).set_params(store_path=True).fit(FRAME, Y)
    plain = clone(MODELS[name]).fit(FRAME, Y)
    assert_array_equal(model.coef_, plain.coef_)
    assert_allclose(model.coef_at(model.alpha)[0], plain.coef_, atol=1e-3)
    alphas = model.path_alphas_
    assert np.all(np.diff(alphas) < 0) and model.alpha in alphas

    def objective(fitted, coef, intercept, alpha):
        factor = fitted.penalty_factor
        factor = np.ones(10) if factor is None else np.asarray(factor)
        scale = X.std(axis=0) if fitted.standardize else np.ones(10)
        left = Y - X @ coef - intercept
        return (
            0.5 * np.mean(left**2)
            + alpha * fitted.l1_ratio * (factor * scale) @ np.abs(coef)
            + 0.5 * alpha * (1 - fitted.l1_ratio) * (factor * scale**2) @ coef**2
        )

    for t in (0.03, 0.2, 0.61, 0.9):
        alpha = alphas[-1] ** t * alphas[0] ** (1 - t)
        exact = clone(MODELS[name]).set_params(alpha=alpha).fit(FRAME, Y)
        best = objective(exact, exact.coef_, exact.intercept_, alpha)
        coef, intercept = model.coef_at(alpha)
        excess = objective(exact, coef, intercept, alpha) - best
        gap = model.dual_gap_at(alpha)
        assert -1e-9 * Y.var() <= excess <= gap + 1e-9 * Y.var()
        assert gap <= 1e-4 * Y.var()
        predicted = model.predict(FRAME, alpha=alpha)
        assert_allclose(predicted, X @ coef + intercept)


def test_exact_between_two_kinks():
    # Between neighbouring events of the lasso the path is a straight line.
    model = Lasso(alpha=1.1, store_path=[1.9, 1.1], **TIGHT).fit(X, Y)
    exact = Lasso(alpha=1.4, **TIGHT).fit(X, Y)
    assert_allclose(model.coef_at(1.4)[0], exact.coef_, rtol=1e-6)
    assert model.dual_gap_at(1.4) <= 1e-9 * Y.var()


def test_ends_of_a_path():
    model = Lasso(alpha=0.05, store_path=True).fit(X, Y)
    coef, intercept = model.coef_at(1e6)
    assert_array_equal(coef, 0.0)
    assert_allclose(intercept, Y.mean())
    last = model.path_alphas_[-1]
    assert_array_equal(model.coef_at(last)[0], model.path_coefs_[:, -1])
    for alpha in (0.5 * last, np.nan, "a"):
        with pytest.raises(ValueError, match="alpha"):
            model.coef_at(alpha)
    short = Lasso(alpha=0.05, store_path=[0.1, 0.05]).fit(X, Y)
    with pytest.raises(ValueError, match=r"reaches from 0\.1 to 0\.05"):
        short.coef_at(0.2)
    model.set_params(store_path=False).fit(X, Y)
    for use in (lambda: model.coef_at(0.1), lambda: model.path_table_):
        with pytest.raises(AttributeError, match="store_path=True"):
            use()
    with pytest.raises(ValueError, match="store_path needs a single target"):
        Lasso(store_path=True).fit(X, np.column_stack([Y, Y]))
    with pytest.raises(ValueError, match="store_path, given as a grid"):
        Lasso(store_path=[-1.0]).fit(X, Y)
    with pytest.raises(ValueError, match="l1_ratio=0"):
        ElasticNet(l1_ratio=0, store_path=True).fit(X, Y)


def test_tables():
    pytest.importorskip("pandas")
    model = Lasso(alpha=0.05, store_path=True, penalty_factor={"sex": 0})
    model.fit(FRAME, Y)
    table = model.path_table_
    coefs = model.path_coefs_
    assert_array_equal(table["alpha"], model.path_alphas_)
    assert_array_equal(table["n_nonzero"], (coefs != 0).sum(axis=0))
    assert_allclose(table["l1_norm"], np.abs(coefs).sum(axis=0))
    assert_allclose(table["l2_norm"], np.linalg.norm(coefs, axis=0))
    for place in (0, 40, -1):
        alpha = table["alpha"].iloc[place]
        r2 = 1 - np.mean((Y - model.predict(FRAME, alpha=alpha)) ** 2) / Y.var()
        assert_allclose(table["deviance_explained"].iloc[place], r2, atol=1e-10)
    assert (table["dual_gap"] <= 1e-4 * Y.var()).all()
    coefficients = model.coef_table_
    assert list(coefficients.index) == ["intercept", *FRAME.columns]
    assert_array_equal(coefficients.to_numpy()[1:], coefs)
    assert_array_equal(coefficients.to_numpy()[0], model.path_intercepts_)
    single = Lasso(alpha=0.05).fit(X, Y).coef_table_
    assert list(single.index[:3]) == ["intercept", "x0", "x1"]
    assert list(single.columns) == ["coef"]
    several = Lasso(alpha=0.05).fit(X, np.column_stack([Y, -Y])).coef_table_
    assert several.shape == (11, 2)


def test_tables_without_pandas(monkeypatch):
    model = Lasso(alpha=0.05, store_path=True).fit(X, Y)
    monkeypatch.setitem(sys.modules, "pandas", None)
    for name in ("path_table_", "coef_table_"):
        with pytest.raises(ImportError, match=f"{name}.*needs pandas"):
            getattr(model, name)


def test_relaxed_fits_are_least_squares_on_the_support():
    penalised = Lasso(alpha=0.5, **TIGHT).fit(X, Y)
    chosen = np.flatnonzero(penalised.coef_)
    A = X[:, chosen] - X[:, chosen].mean(axis=0)
    refit = np.zeros(10)
    refit[chosen] = np.linalg.lstsq(A, Y - Y.mean(), rcond=None)[0]
    for gamma in (0.0, 0.3, 1.0):
        model = Lasso(alpha=0.5, relax=True, gamma=gamma, **TIGHT).fit(X, Y)
        blend = gamma * penalised.coef_ + (1 - gamma) * refit
        assert_allclose(model.coef_, blend, rtol=1e-8)
        assert_allclose(model.dual_gap_, penalised.dual_gap_, atol=1e-9)
    bounded = Lasso(
        alpha=0.5, relax=True, coef_bounds=(-50, None), positive=False, **TIGHT
    ).fit(X, Y)
    assert bounded.coef_.min() >= -50.0
    support = np.flatnonzero(bounded.coef_)
    slope = (X - X.mean(axis=0)).T @ (Y - bounded.predict(X))
    assert_allclose(slope[support[bounded.coef_[support] > -50]], 0.0, atol=1e-6)


def test_relaxed_on_more_features_than_rows():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(30, 300))
    y = A[:, :3] @ [3.0, 2.0, 1.0] + 0.1 * rng.normal(size=30)
    model = LassoCV(relax=True, cv=3, alphas=15, eps=0.05).fit(A, y)
    assert model.relaxed_mse_path_.shape == (5, 15, 3)
    assert model.gamma_ < 1.0
    assert_allclose(model.coef_[:3], [3.0, 2.0, 1.0], atol=0.15)
    # Errors by refitting.
    k, place = 2, int(np.flatnonzero(model.alphas_ == model.alpha_)[0])
    rows = np.arange(30)
    test = rows[20:]
    train = rows[:20]
    fold = Lasso(alpha=model.alpha_, relax=True, gamma=model.gamma_, tol=1e-10)
    fold.fit(A[train], y[train])
    error = np.mean((fold.predict(A[test]) - y[test]) ** 2)
    assert_allclose(model.mse_path_[place, k], error, rtol=1e-2)


@pytest.mark.parametrize("relax", [False, True])
def test_selection_rules(relax):
    options = {"cv": 5, "alphas": 30, "relax": relax, "store_path": True}
    least = LassoCV(**options).fit(FRAME, Y)
    within = LassoCV(selection_rule="1se", **options).fit(FRAME, Y)
    assert least.alpha_ == least.alpha_min_ == within.alpha_min_
    assert within.alpha_ == within.alpha_1se_ >= least.alpha_
    seen = []

    def third(penalties, mean, error):
        seen.append((penalties, mean, error))
        return 2

    model = LassoCV(selection_rule=third, **options).fit(FRAME, Y)
    penalties, mean, error = seen[0]
    assert penalties.shape == ((150, 2) if relax else (30,))
    assert mean.shape == error.shape == penalties.shape[:1]
    assert model.alpha_ == (penalties[2, 0] if relax else penalties[2])
    curve = model.mse_path_
    place = int(np.flatnonzero(model.alphas_ == model.alpha_)[0])
    assert_allclose(mean[2], curve[place].mean())
    assert_allclose(error[2], curve[place].std(ddof=1) / np.sqrt(5))
    single = Lasso(alpha=model.alpha_, relax=relax, gamma=getattr(model, "gamma_", 0))
    assert_allclose(model.coef_, single.fit(FRAME, Y).coef_)
    assert_array_equal(model.path_alphas_, model.alphas_)
    assert model.path_coefs_.shape == (10, 30)
    for wrong in (-1, 10**6, 1.5, None):
        with pytest.raises(ValueError, match="selection_rule must return"):
            LassoCV(selection_rule=lambda *_, w=wrong: w, **options).fit(X, Y)


def test_rule_on_several_ratios():
    model = ElasticNetCV(
        l1_ratio=[0.3, 0.9], alphas=20, cv=4, selection_rule="1se", relax=True
    ).fit(X, Y)
    assert model.relaxed_mse_path_.shape == (2, 5, 20, 4)
    assert model.mse_path_.shape == (2, 20, 4)
    means = model.relaxed_mse_path_.mean(axis=-1)
    best = np.unravel_index(np.argmin(means), means.shape)[0]
    assert model.l1_ratio_ == [0.3, 0.9][best]
    assert model.alpha_ in model.alphas_[best]
    with pytest.raises(ValueError, match="gamma must hold numbers from 0 to 1"):
        LassoCV(relax=True, gamma=[2.0]).fit(X, Y)


def test_rule_of_ridge():
    alphas = np.geomspace(1e-3, 10, 15)
    for cv in (None, 5):
        least = RidgeCV(alphas, cv=cv).fit(X, Y)
        within = RidgeCV(alphas, cv=cv, selection_rule="1se").fit(X, Y)
        assert within.alpha_min_ == least.alpha_
        assert within.alpha_ == within.alpha_1se_ > least.alpha_
        assert_allclose(within.coef_, Ridge(within.alpha_).fit(X, Y).coef_, rtol=1e-6)
    kept = RidgeCV(alphas, store_cv_results=True).fit(X, Y).cv_results_
    mean, error = kept.mean(axis=0), kept.std(axis=0, ddof=1) / np.sqrt(len(Y))
    limit = mean.min() + error[np.argmin(mean)]
    expected = alphas[mean <= limit].max()
    assert RidgeCV(alphas, selection_rule="1se").fit(X, Y).alpha_ == expected
    with pytest.raises(ValueError, match="Leave-one-out with scoring"):
        RidgeCV(scoring="r2", selection_rule="1se").fit(X, Y)
    with pytest.raises(ValueError, match="alpha_per_target"):
        RidgeCV(alpha_per_target=True, selection_rule="1se").fit(
            X, np.column_stack([Y, Y])
        )


def test_refused_options_leave_the_estimator_as_it_was():
    model = LassoCV(store_path=True, cv=3, alphas=10).fit(FRAME, Y)
    before = dict(vars(model))
    model.penalty_factor = {"nobody": 1}
    with pytest.raises(ValueError, match="'nobody'"):
        model.fit(FRAME, Y)
    before["penalty_factor"] = model.penalty_factor
    assert vars(model).keys() == before.keys()
    assert all(vars(model)[name] is value for name, value in before.items())
