"""Per-feature penalties: what is solved, what is refused, by name."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import load_diabetes

from sklreg.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    Ridge,
    RidgeCV,
    enet_path,
    lasso_path,
)

X, Y = load_diabetes(return_X_y=True)
FRAME, _ = load_diabetes(return_X_y=True, as_frame=True)
RNG = np.random.default_rng(0)
X = X * RNG.uniform(0.5, 20.0, 10) + RNG.normal(size=10)
Y = (Y - Y.mean()) / Y.std()
N, P = X.shape
FACTORS = np.array([0.0, 2.0, 1.0, 0.3, 1.0, 0.0, 1.5, 1.0, 0.7, 1.0])
TIGHT = {"tol": 1e-12, "max_iter": 10_000}


def wide(seed=0, n=50, p=300):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, p))
    return A, A[:, :4] @ [3.0, -2.0, 1.0, 1.0] + rng.normal(size=n), rng


def violation(A, y, w, *, l1, l2, lower=None, upper=None, weights=None):
    """Largest breach of the optimality conditions, next to ||A_j|| ||y||."""
    s = np.ones(len(y)) if weights is None else weights
    s = s / s.sum()
    root = np.sqrt(s)
    A = root[:, None] * (A - s @ A)
    b = root * (y - s @ y)
    slope = A.T @ (b - A @ w) - l2 * w
    lower = np.full(len(w), -np.inf) if lower is None else lower
    upper = np.full(len(w), np.inf) if upper is None else upper
    assert np.all((w >= lower) & (w <= upper))
    rise = np.where(w > 0, slope - l1, np.where(w < 0, slope + l1, slope - l1))
    fall = np.where(w > 0, l1 - slope, np.where(w < 0, -l1 - slope, -l1 - slope))
    breach = np.where(w < upper, np.maximum(rise, 0), 0)
    breach = np.maximum(breach, np.where(w > lower, np.maximum(fall, 0), 0))
    return np.max(breach / (np.linalg.norm(A, axis=0) * np.linalg.norm(b) + 1e-300))


@pytest.mark.parametrize("shape", ["tall", "wide"])
@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("bounds", [None, (-0.05, 0.1), (0, None)])
def test_optimality(shape, as_sparse, l1_ratio, bounds):
    A, y = (X, Y) if shape == "tall" else wide()[:2]
    n, p = A.shape
    factors = np.linspace(0.3, 2.0, p)
    factors[[1, 5]] = 0.0
    weights = np.linspace(0.5, 2.0, n)
    data = sparse.csc_array(A) if as_sparse else A
    model = ElasticNet(
        alpha=0.02,
        l1_ratio=l1_ratio,
        penalty_factor=factors,
        exclude=[3, -1],
        coef_bounds=bounds,
        standardize=True,
        **TIGHT,
    ).fit(data, y, sample_weight=weights)
    w = model.coef_
    assert w[3] == 0.0 and w[-1] == 0.0
    mean = np.average(A, axis=0, weights=weights)
    scale = np.sqrt(np.average((A - mean) ** 2, axis=0, weights=weights))
    kept = np.setdiff1d(np.arange(p), [3, p - 1])
    lower, upper = (None, None) if bounds is None else bounds
    breach = violation(
        A[:, kept],
        y,
        w[kept],
        l1=0.02 * l1_ratio * (factors * scale)[kept],
        l2=0.02 * (1 - l1_ratio) * (factors * scale**2)[kept],
        lower=np.full(len(kept), -np.inf if lower is None else lower),
        upper=np.full(len(kept), np.inf if upper is None else upper),
        weights=weights,
    )
    assert breach < 1e-6
    assert model.dual_gap_ <= 1e-12 * np.average(y**2, weights=weights)


def test_certificate_of_bounds_is_not_below_the_truth():
    # Stopped early, the gap bounds the distance from the optimum.
    bounds = (-0.01, 0.02)
    options = {"alpha": 0.01, "coef_bounds": bounds, "penalty_factor": FACTORS}

    def objective(model):
        left = Y - model.predict(X)
        return 0.5 * np.mean(left**2) + 0.01 * FACTORS @ np.abs(model.coef_)

    best = objective(Lasso(**options, **TIGHT).fit(X, Y))
    loose = Lasso(**options, tol=0.3).fit(X, Y)
    assert objective(loose) - best <= loose.dual_gap_ + 1e-12


def test_the_ways_to_name_features():
    by_name = {"age": 0, "bmi": 2.5, "s6": np.inf}
    by_place = np.ones(10)
    by_place[[0, 2, 9]] = 0, 2.5, np.inf
    expected = Lasso(alpha=0.1, penalty_factor=by_place, exclude=[1]).fit(FRAME, Y)
    for exclude in (["sex"], np.arange(10) == 1, [-9], np.array(["sex"])):
        model = Lasso(alpha=0.1, penalty_factor=by_name, exclude=exclude)
        assert_array_equal(model.fit(FRAME, Y).coef_, expected.coef_)
    assert expected.coef_[1] == expected.coef_[9] == 0.0 != expected.coef_[0]
    upper = np.full(10, np.inf)
    upper[2] = 3.0
    one = Lasso(alpha=0.01, coef_bounds=(None, {"bmi": 3.0})).fit(FRAME, Y)
    two = Lasso(alpha=0.01, coef_bounds=(-np.inf, upper)).fit(FRAME, Y)
    assert_array_equal(one.coef_, two.coef_)
    assert one.coef_[2] == 3.0


def test_factors_are_not_rescaled():
    one = Lasso(alpha=0.1, **TIGHT).fit(X, Y)
    two = Lasso(alpha=0.05, penalty_factor=np.full(10, 2.0), **TIGHT).fit(X, Y)
    assert_allclose(two.coef_, one.coef_, atol=1e-10)


def test_standardize_is_a_scaled_design():
    scale = X.std(axis=0)
    for l1_ratio in (1.0, 0.4):
        options = {"alpha": 0.05, "l1_ratio": l1_ratio, **TIGHT}
        ours = ElasticNet(standardize=True, **options).fit(X, Y)
        theirs = ElasticNet(**options).fit(X / scale, Y)
        assert_allclose(ours.coef_ * scale, theirs.coef_, atol=1e-10)
        assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-8)
    constant = np.hstack([X, np.full((N, 1), 7.0)])
    assert Lasso(alpha=0.01, standardize=True).fit(constant, Y).coef_[-1] == 0.0


def test_unpenalised_features_alone_are_least_squares():
    free = np.full(10, np.inf)
    free[:3] = 0.0
    model = Lasso(alpha=0.1, penalty_factor=free).fit(X, Y)
    A = X[:, :3] - X[:, :3].mean(axis=0)
    assert_allclose(model.coef_[:3], np.linalg.lstsq(A, Y, rcond=None)[0], rtol=1e-8)
    assert_array_equal(model.coef_[3:], 0.0)
    every = Lasso(alpha=0.1, penalty_factor=np.zeros(10)).fit(X, Y)
    A = X - X.mean(axis=0)
    assert_allclose(every.coef_, np.linalg.lstsq(A, Y, rcond=None)[0], rtol=1e-6)


def test_dependent_unpenalised_features():
    A = np.column_stack([X, X[:, 0], X[:, 0] + X[:, 1]])
    factors = np.ones(12)
    factors[[0, 10, 11]] = 0.0  # the last makes the second feature free as well
    model = Lasso(alpha=0.05, penalty_factor=factors, **TIGHT).fit(A, Y)
    factors = np.ones(10)
    factors[[0, 1]] = 0.0
    expected = Lasso(alpha=0.05, penalty_factor=factors, **TIGHT).fit(X, Y)
    assert_allclose(model.predict(A), expected.predict(X), atol=1e-9)


def test_adaptive_weights():
    A, y, _ = wide(n=200, p=30)
    model = Lasso(alpha=0.3, adaptive=1.0, **TIGHT).fit(A, y)
    assert_array_equal(np.flatnonzero(model.coef_), np.arange(4))
    # By hand, from the pilot that is documented.
    size = 200 * np.mean(A.var(axis=0))
    pilot = RidgeCV(alphas=size * np.geomspace(1e-6, 1e2, 25)).fit(A, y).coef_
    by_hand = Lasso(alpha=0.3, penalty_factor=1 / np.abs(pilot), **TIGHT).fit(A, y)
    assert_allclose(model.coef_, by_hand.coef_, atol=1e-10)
    path = lasso_path(A, y, alphas=[0.3], adaptive=1.0, fit_intercept=True, **TIGHT)
    assert_allclose(path[1][:, 0], by_hand.coef_, atol=1e-10)
    chosen = LassoCV(adaptive=1.0, cv=3, alphas=20).fit(A, y)
    refit = Lasso(alpha=chosen.alpha_, adaptive=1.0).fit(A, y)
    assert_allclose(chosen.coef_, refit.coef_)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
def test_paths_are_those_of_the_models(l1_ratio):
    A, y, rng = wide()
    factors = rng.uniform(0.5, 2.0, 300)
    factors[7] = 0.0
    options = {
        "penalty_factor": factors,
        "exclude": [4],
        "standardize": True,
        **TIGHT,
    }
    offset = rng.normal(size=50)
    weights = rng.uniform(1.0, 2.0, 50)
    for data in (A, sparse.csc_array(A)):
        alphas, coefs, gaps, intercepts = enet_path(
            data,
            y,
            l1_ratio=l1_ratio,
            alphas=5,
            eps=0.05,
            fit_intercept=True,
            sample_weight=weights,
            offset=offset,
            return_intercept=True,
            **options,
        )
        # The first alpha is the smallest that leaves penalised features at zero.
        assert_array_equal(np.flatnonzero(np.abs(coefs[:, 0]) > 1e-9), [7])
        for k in (1, 4):
            model = ElasticNet(alpha=alphas[k], l1_ratio=l1_ratio, **options)
            model.fit(data, y, sample_weight=weights, offset=offset)
            assert_allclose(coefs[:, k], model.coef_, atol=1e-7)
            assert_allclose(intercepts[k], model.intercept_, atol=1e-7)
    assert gaps.max() <= 1e-12 * np.average((y - offset) ** 2, weights=weights)


def test_ridge_is_the_elastic_net_without_l1():
    rng = np.random.default_rng(0)
    for A, y in ((X, Y), wide()[:2]):
        n, p = A.shape
        factors = rng.uniform(0.5, 2.0, p)
        factors[2] = 0.0
        for bounds in (None, (-0.1, 0.05)):
            options = {
                "penalty_factor": factors,
                "exclude": [0],
                "standardize": True,
                "coef_bounds": bounds,
            }
            weights = rng.uniform(1.0, 2.0, n)
            ridge = Ridge(alpha=3.0, tol=1e-12, **options)
            ridge.fit(A, y, sample_weight=weights)
            net = ElasticNet(
                alpha=3.0 / weights.sum(), l1_ratio=0.0, **options, **TIGHT
            ).fit(A, y, sample_weight=weights)
            assert_allclose(ridge.coef_, net.coef_, atol=1e-6)
            assert_allclose(ridge.intercept_, net.intercept_, atol=1e-5)
            assert ridge.dual_gap_ <= 1e-11 * weights.sum() * np.var(y)
    several = Ridge(alpha=[1.0, 2.0], penalty_factor=FACTORS)
    several.fit(X.astype(np.float32), np.column_stack([Y, Y**2]))
    assert several.coef_.shape == (2, 10) and several.coef_.dtype == np.float32
    with pytest.raises(ValueError, match="solver='auto'"):
        Ridge(solver="svd", penalty_factor=FACTORS).fit(X, Y)


@pytest.mark.parametrize("shape", ["tall", "wide"])
def test_ridge_leave_one_out_with_terms(shape):
    A, y = (X[:40], Y[:40]) if shape == "tall" else wide(n=20, p=40)[:2]
    n, p = A.shape
    factors = np.linspace(0.0, 2.0, p)
    weights = np.linspace(0.0, 2.0, n)  # the first row is in no fit
    alphas = [0.5, 5.0, 50.0]
    model = RidgeCV(
        alphas, penalty_factor=factors, exclude=[1], store_cv_results=True
    ).fit(A, y, sample_weight=weights)
    for i in (0, 3, n - 1):
        left = np.arange(n) != i
        for k, alpha in enumerate(alphas):
            ridge = Ridge(alpha, penalty_factor=factors, exclude=[1])
            ridge.fit(A[left], y[left], sample_weight=weights[left])
            error = (ridge.predict(A[[i]])[0] - y[i]) ** 2 * weights[i]
            assert_allclose(model.cv_results_[i, k], error, rtol=1e-6)
    ridge = Ridge(model.alpha_, penalty_factor=factors, exclude=[1])
    assert_allclose(model.coef_, ridge.fit(A, y, sample_weight=weights).coef_)


def test_ridge_folds_with_terms():
    alphas = [0.5, 5.0, 50.0]
    options = {"penalty_factor": FACTORS, "standardize": True}
    splits = [(np.arange(100), np.arange(100, 150)), (np.arange(80, 200), [0, 1, 2])]
    model = RidgeCV(alphas, cv=splits, **options).fit(X, Y)
    scores = [
        np.mean(
            [Ridge(a, **options).fit(X[t], Y[t]).score(X[v], Y[v]) for t, v in splits]
        )
        for a in alphas
    ]
    assert_allclose(model.best_score_, np.max(scores))
    assert model.alpha_ == alphas[np.argmax(scores)]


def test_offset():
    offset = np.linspace(-1.0, 1.0, N)
    for model in (
        Lasso(alpha=0.01),
        LassoCV(cv=3, alphas=10),
        Ridge(),
        RidgeCV(),
        RidgeCV(cv=3),
    ):
        fitted = model.fit(X, Y, offset=offset)
        coef, intercept = fitted.coef_.copy(), fitted.intercept_
        predicted = fitted.predict(X, offset=offset)
        assert_allclose(predicted, X @ coef + intercept + offset)
        assert np.isfinite(fitted.score(X, Y, offset=offset))
        with pytest.raises(ValueError, match="was fitted with an offset"):
            fitted.predict(X)
        with pytest.raises(ValueError, match="offset has shape"):
            fitted.predict(X, offset=offset[:-1])
        with pytest.raises(ValueError, match="offset"):
            model.fit(X, Y, offset=np.full(N, np.nan))
        fitted = model.fit(X, Y - offset)
        assert_allclose(fitted.coef_, coef)
        fitted.predict(X)


WRONG = {
    "penalty_factor: negative": ({"penalty_factor": {"bmi": -1}}, r"\[2\].*'bmi'.*-1"),
    "penalty_factor: nan": ({"penalty_factor": [np.nan] * 10}, r"penalty_factor\[0\]"),
    "penalty_factor: length": ({"penalty_factor": [1.0] * 9}, r"shape \(9,\).*10 feat"),
    "penalty_factor: text": ({"penalty_factor": ["a"] * 10}, "penalty_factor must"),
    "penalty_factor: name": ({"penalty_factor": {"x": 1}}, "penalty_factor.*'x'"),
    "penalty_factor: value": ({"penalty_factor": {"age": "a"}}, "not a number"),
    "exclude: index": ({"exclude": [10]}, "exclude holds the index 10"),
    "exclude: name": ({"exclude": ["x"]}, "exclude names the feature 'x'"),
    "exclude: mask": ({"exclude": [True, False]}, "mask of 2 features"),
    "exclude: kind": ({"exclude": [0.5]}, "indices, names or a mask"),
    "exclude: shape": ({"exclude": [[1]]}, "one-dimensional"),
    "coef_bounds: sign": ({"coef_bounds": (0.1, None)}, "lower.*0 or smaller"),
    "coef_bounds: upper": ({"coef_bounds": (None, {"s1": -1})}, r"upper\[4\].*'s1'"),
    "coef_bounds: pair": ({"coef_bounds": (1, 2, 3)}, r"pair \(lower, upper\)"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_options_are_refused_by_name(case):
    options, message = WRONG[case]
    for model in (Lasso(), LassoCV(), Ridge(), RidgeCV()):
        if set(options) <= set(model.get_params()):
            with pytest.raises(ValueError, match=message):
                model.set_params(**options).fit(FRAME, Y)
            assert not hasattr(model, "coef_")
    with pytest.raises(ValueError, match=message):
        lasso_path(FRAME, Y, alphas=3, **options)


def test_names_need_a_frame_and_single_targets():
    with pytest.raises(ValueError, match="no feature names"):
        Lasso(penalty_factor={"age": 0}).fit(X, Y)
    several = np.column_stack([Y, Y])
    with pytest.raises(ValueError, match="standardize needs a single target"):
        lasso_path(X, several, alphas=3, standardize=True)
    with pytest.raises(ValueError, match="adaptive"):
        Lasso(adaptive=1.0).fit(X, several)
    with pytest.raises(ValueError, match="Xy cannot be given"):
        lasso_path(X, Y, alphas=3, Xy=X.T @ Y, fit_intercept=True)
    both = Lasso(alpha=0.1, penalty_factor=FACTORS).fit(X, several)
    assert_allclose(both.coef_[0], both.coef_[1])


def test_several_ratios_and_random_selection():
    model = ElasticNetCV(
        l1_ratio=[0.5, 1.0],
        alphas=10,
        cv=3,
        penalty_factor=FACTORS,
        standardize=True,
        selection="random",
        random_state=0,
    ).fit(X, Y)
    assert model.mse_path_.shape == (2, 10, 3)
    assert_array_equal(np.isfinite(model.mse_path_), True)
