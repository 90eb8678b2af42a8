"""Lasso and ElasticNet against scikit-learn, certificates and extended precision.

What holds for every estimator of the package is in tests/test_common.py.
"""

import warnings

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import linear_model as theirs
from sklearn.exceptions import ConvergenceWarning

from sklreg.linear_model import ElasticNet, Lasso
from tests._certificates import duality_gap, null_square, objective, solution

TIGHT = {"tol": 1e-12, "max_iter": 100_000}


def csc64(X):
    X = sparse.csc_array(X)
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


def csc32(X):
    X = sparse.csc_array(X)
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return X


LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2],
    "csc32": csc32,
    "csc64": csc64,
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
with_and_without_intercept = pytest.mark.parametrize(
    "fit_intercept", [True, False], ids=["intercept", "through zero"]
)


def make_problem(n=50, p=12, seed=0, sparse_like=True, correlated=0.5):
    """Correlated columns of different means, half of their entries zero."""
    rng = np.random.RandomState(seed)
    X = rng.randn(n, p) + correlated * rng.randn(n, 1) + 0.5 * rng.randn(p)
    if sparse_like:
        X[rng.rand(n, p) < 0.5] = 0.0
    w = np.zeros(p)
    w[: max(1, p // 3)] = rng.randn(max(1, p // 3))
    y = X @ w + 0.5 * rng.randn(n) + 3.0
    return X, y


def make_weights(n, seed=1):
    weight = np.random.RandomState(seed).randint(0, 4, n).astype(float)
    weight[0] = 0.0
    return weight


def assert_same_coef(ours, reference, rtol=1e-7):
    """Equal relative to the largest coefficient."""
    assert_allclose(ours, reference, rtol=0, atol=rtol * np.abs(reference).max())


# Coefficients equal scikit-learn's


@every_layout
@with_and_without_intercept
@pytest.mark.parametrize("shape", [(50, 12), (30, 80), (40, 300), (12, 12)], ids=str)
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("positive", [False, True], ids=["any sign", "positive"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
def test_coefficients_equal_scikit_learns(
    layout, fit_intercept, shape, weighted, positive, l1_ratio
):
    X, y = make_problem(*shape)
    weight = make_weights(len(y)) if weighted else None
    arguments = {
        "alpha": 0.1,
        "l1_ratio": l1_ratio,
        "fit_intercept": fit_intercept,
        "positive": positive,
        **TIGHT,
    }
    ours = ElasticNet(**arguments).fit(LAYOUTS[layout](X), y, weight)
    reference = theirs.ElasticNet(**arguments).fit(X, y, weight)
    assert 0 < np.count_nonzero(reference.coef_) < shape[1]
    assert_same_coef(ours.coef_, reference.coef_)
    assert_allclose(ours.intercept_, reference.intercept_, rtol=1e-7, atol=1e-7)
    assert ours.coef_.dtype == np.float64


@every_layout
@with_and_without_intercept
@pytest.mark.parametrize("shape", [(50, 12), (40, 300)], ids=str)
def test_float32_is_kept_and_close_to_float64(layout, fit_intercept, shape):
    X, y = make_problem(*shape)
    X, y = X.astype(np.float32), y.astype(np.float32)
    arguments = {"alpha": 0.1, "fit_intercept": fit_intercept, **TIGHT}
    ours = Lasso(**arguments).fit(LAYOUTS[layout](X), y)
    wide = Lasso(**arguments).fit(X.astype(np.float64), y.astype(np.float64))
    assert ours.coef_.dtype == np.float32
    assert ours.predict(X).dtype == np.float32
    assert_same_coef(ours.coef_, wide.coef_, rtol=1e-6)
    assert_allclose(ours.intercept_, wide.intercept_, rtol=1e-6, atol=1e-6)


@every_layout
@pytest.mark.parametrize("targets", [1, 3])
def test_targets_are_fitted_one_by_one(layout, targets):
    X, _ = make_problem()
    Y = X[:, :targets] * [1.0, -2.0, 3.0][:targets]
    Y = Y + np.random.RandomState(3).randn(*Y.shape)
    ours = Lasso(alpha=0.1, **TIGHT).fit(LAYOUTS[layout](X), Y)
    reference = theirs.Lasso(alpha=0.1, **TIGHT).fit(X, Y)
    assert ours.coef_.shape == reference.coef_.shape
    assert ours.intercept_.shape == reference.intercept_.shape == (targets,)
    assert np.shape(ours.dual_gap_) == np.shape(reference.dual_gap_)
    assert np.shape(ours.n_iter_) == np.shape(reference.n_iter_)
    assert_same_coef(ours.coef_, reference.coef_)
    for k, row in enumerate(np.atleast_2d(ours.coef_)):
        alone = Lasso(alpha=0.1, **TIGHT).fit(X, Y[:, k])
        assert_same_coef(row, alone.coef_)


@pytest.mark.parametrize("n_targets", [60])
def test_many_targets(n_targets):
    X, _ = make_problem(n=40, p=6)
    Y = X @ np.random.RandomState(0).randn(6, n_targets)
    ours = Lasso(alpha=0.05, **TIGHT).fit(X, Y)
    reference = theirs.Lasso(alpha=0.05, **TIGHT).fit(X, Y)
    assert_same_coef(ours.coef_, reference.coef_)
    assert len(ours.n_iter_) == len(ours.dual_gap_) == n_targets


@pytest.mark.parametrize("precompute", [True, "given"])
@with_and_without_intercept
def test_gram_matrix_made_first_or_given(precompute, fit_intercept):
    X, y = make_problem()
    if precompute == "given":
        X = X - X.mean(axis=0)
        precompute = X.T @ X
    arguments = {"alpha": 0.1, "fit_intercept": fit_intercept, **TIGHT}
    ours = Lasso(precompute=precompute, **arguments).fit(X, y)
    assert_same_coef(ours.coef_, theirs.Lasso(**arguments).fit(X, y).coef_)


@pytest.mark.parametrize("copy_X", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_copy_X_says_whether_the_data_may_change(copy_X, order, dtype):
    X, y = make_problem()
    X = np.array(X, dtype=dtype, order=order)
    given = X.copy()
    fitted = Lasso(alpha=0.1, copy_X=copy_X, **TIGHT).fit(X, y)
    if copy_X:
        assert_array_equal(X, given)
    reference = Lasso(alpha=0.1, **TIGHT).fit(given, y)
    rtol = 1e-9 if dtype == np.float64 else 1e-5
    assert_same_coef(fitted.coef_, reference.coef_, rtol=rtol)
    assert_allclose(fitted.intercept_, reference.intercept_, rtol=rtol, atol=rtol)


# Hard columns: against extended precision


def with_constant_columns(X):
    return np.column_stack([np.full(len(X), 7.3), X, np.zeros(len(X)), np.ones(len(X))])


def side_by_side(X):
    return X * np.geomspace(1e-6, 1e6, X.shape[1])


def far_from_zero(X):
    return X / X.std(axis=0) + np.geomspace(1e3, 1e6, X.shape[1])


HARD_COLUMNS = {
    "constant": (with_constant_columns, 0.1),
    "12 orders of magnitude": (side_by_side, 1e-7),
    "12 orders, few chosen": (side_by_side, 1e-1),
    "mean / sd up to 1e6": (far_from_zero, 0.1),
}


@pytest.mark.parametrize("columns", HARD_COLUMNS)
@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@with_and_without_intercept
def test_hard_columns(columns, layout, l1_ratio, weighted, fit_intercept):
    change, alpha = HARD_COLUMNS[columns]
    if columns.startswith("mean"):
        if not fit_intercept:
            pytest.skip("nearly the same column many times; see near-duplicates")
    X, y = make_problem(sparse_like=layout == "csc32", p=9, correlated=0.3)
    X = change(X)
    weight = make_weights(len(y)) if weighted else None
    given = {"alpha": alpha, "l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
    with warnings.catch_warnings():
        if columns == "12 orders of magnitude":
            # the gradient of a column of 1e6 is not known to a part of such an alpha
            warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = ElasticNet(**given, tol=1e-12).fit(LAYOUTS[layout](X), y, weight)
    coef, intercept = solution(X, y, sample_weight=weight, **given)
    assert np.count_nonzero(coef)
    # every coefficient to 1e-7 of what its column contributes to the predictions
    spread = np.sqrt(np.average((X - X.mean(axis=0)) ** 2, axis=0))
    contributions = np.abs(coef * spread).max()
    assert_allclose(
        fitted.coef_ * spread, coef * spread, rtol=0, atol=1e-7 * contributions
    )
    if fit_intercept:
        means = np.abs(X.mean(axis=0))
        atol = 1e-7 * (1.0 + means @ np.abs(coef))
        assert_allclose(fitted.intercept_, intercept, rtol=0, atol=atol)
    if columns == "constant" and fit_intercept:
        assert_array_equal(fitted.coef_[[0, -2, -1]], 0.0)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_sparse_columns_far_from_zero(l1_ratio):
    """Columns without zeros are centred entry by entry, in the sweeps too."""
    X, y = make_problem(sparse_like=False, p=300)
    X = X / X.std(axis=0) + 1e6
    given = {"alpha": 0.3, "l1_ratio": l1_ratio}
    dense = ElasticNet(**given, tol=1e-12).fit(X, y)
    random = {"selection": "random", "random_state": 0, "max_iter": 100_000}
    for model in (ElasticNet(**given, tol=1e-12), ElasticNet(**given, **random)):
        fitted = model.fit(csc32(X), y)
        rtol = 1e-7 if model.selection == "cyclic" else 0.1
        assert_same_coef(fitted.coef_, dense.coef_, rtol=rtol)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("copy_X", [True, False])
@pytest.mark.parametrize("p", [9, 300])
def test_float32_columns_far_from_zero(order, copy_X, p):
    X, y = make_problem(sparse_like=False, p=p)
    X = np.asarray(X + 1e4, dtype=np.float32, order=order)
    coef = Lasso(alpha=0.1, **TIGHT).fit(X.astype(np.float64), y).coef_
    fitted = Lasso(alpha=0.1, copy_X=copy_X, tol=1e-8).fit(X, y)
    # in place, the means can only be taken out as float32
    assert_same_coef(fitted.coef_, coef, rtol=1e-3 if copy_X else 5e-3)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.9])
@pytest.mark.parametrize("p", [8, 150])
@pytest.mark.parametrize("positive", [False, True], ids=["any sign", "positive"])
def test_duplicated_columns_reach_the_same_objective(layout, l1_ratio, p, positive):
    X, y = make_problem(n=40, p=p)
    X = np.column_stack([X, X, -X])
    given = {"alpha": 0.1, "l1_ratio": l1_ratio}
    ours = ElasticNet(**given, positive=positive, **TIGHT).fit(LAYOUTS[layout](X), y)
    reference = theirs.ElasticNet(**given, positive=positive, **TIGHT).fit(X, y)
    value, least = (
        float(objective(X, y, model.coef_, model.intercept_, **given))
        for model in (ours, reference)
    )
    assert_allclose(value, least, rtol=1e-11)
    assert ours.dual_gap_ <= 1e-12 * null_square(y)


@pytest.mark.parametrize("noise", [1e-13, 1e-10, 1e-6, 1e-3])
@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("p", [8, 150])
def test_near_duplicates_converge(noise, layout, p):
    X, y = make_problem(n=40, p=p)
    X = np.column_stack([X, X + noise * np.random.RandomState(5).randn(*X.shape), -X])
    model = Lasso(alpha=0.1, tol=1e-8, max_iter=100_000).fit(LAYOUTS[layout](X), y)
    assert model.dual_gap_ <= 1e-8 * y.var()
    gap = duality_gap(X, y, model.coef_, model.intercept_, alpha=0.1)
    assert_allclose(model.dual_gap_, gap, rtol=1e-5, atol=1e-13 * y.var())


def test_duplicated_columns_with_an_l2_penalty_share_their_coefficient():
    X, y = make_problem()
    fitted = ElasticNet(alpha=0.1, l1_ratio=0.5, **TIGHT).fit(np.hstack([X, X]), y)
    left, right = np.split(fitted.coef_, 2)
    assert_same_coef(left, right)


# The certificate


GAPS = {
    "lasso": {"l1_ratio": 1.0},
    "elastic net": {"l1_ratio": 0.4},
    "nearly ridge": {"l1_ratio": 0.01},
    "ridge": {"l1_ratio": 0.0},
}


@pytest.mark.parametrize("penalty", GAPS)
@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("shape", [(50, 12), (40, 300)], ids=str)
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("positive", [False, True], ids=["any sign", "positive"])
@with_and_without_intercept
def test_dual_gap_is_what_the_mathematics_says(
    penalty, layout, shape, weighted, positive, fit_intercept
):
    X, y = make_problem(*shape)
    weight = make_weights(len(y)) if weighted else None
    given = {"alpha": 0.05, "positive": positive, "fit_intercept": fit_intercept}
    given.update(GAPS[penalty])
    scale = null_square(y, sample_weight=weight, fit_intercept=fit_intercept)
    for max_iter, tol in [(1, 0.0), (1000, 1e-4), (100_000, 1e-10)]:
        model = ElasticNet(**given, max_iter=max_iter, tol=tol)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(LAYOUTS[layout](X), y, weight)
        gap = duality_gap(
            X, y, model.coef_, model.intercept_, sample_weight=weight, **given
        )
        assert_allclose(model.dual_gap_, gap, rtol=1e-6, atol=1e-13 * float(scale))
        warned = any(issubclass(w.category, ConvergenceWarning) for w in caught)
        assert warned == (model.dual_gap_ > tol * scale)
        assert not warned or max_iter == 1


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_dual_gap_of_several_targets(l1_ratio):
    X, y = make_problem()
    Y = np.column_stack([y, X[:, 0] - X[:, 3], np.sin(y)])
    model = ElasticNet(alpha=0.05, l1_ratio=l1_ratio, tol=1e-3).fit(X, Y)
    gaps = [
        duality_gap(X, Y[:, k], w, b, alpha=0.05, l1_ratio=l1_ratio)
        for k, (w, b) in enumerate(zip(model.coef_, model.intercept_, strict=True))
    ]
    assert_allclose(model.dual_gap_, gaps, rtol=1e-6, atol=1e-14)
    assert np.all(model.dual_gap_ <= 1e-3 * Y.var(axis=0))


@pytest.mark.parametrize("tol", [1e-1, 1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_dual_gap_bounds_the_distance_from_the_minimum(tol, l1_ratio):
    X, y = make_problem()
    given = {"alpha": 0.05, "l1_ratio": l1_ratio}
    model = ElasticNet(tol=tol, **given).fit(X, y)
    value = objective(X, y, model.coef_, model.intercept_, **given)
    least = objective(X, y, *solution(X, y, **given), **given)
    assert -1e-14 <= value - least <= model.dual_gap_ + 1e-15
    assert model.dual_gap_ <= tol * y.var()


@pytest.mark.parametrize("layout", ["C", "csc32"])
def test_dual_gap_of_float32_is_computed_in_float64(layout):
    X, y = make_problem()
    X = X.astype(np.float32)
    model = Lasso(alpha=0.05, tol=1e-4).fit(LAYOUTS[layout](X), y)
    gap = duality_gap(X, y, model.coef_, model.intercept_, alpha=0.05)
    assert_allclose(model.dual_gap_, gap, rtol=1e-2, atol=1e-7 * y.var())


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("p", [12, 400])
def test_too_few_iterations_warn_with_the_gap(layout, p):
    X, y = make_problem(p=p)
    model = Lasso(alpha=1e-3, max_iter=1, tol=1e-10)
    with pytest.warns(ConvergenceWarning, match=r"Duality gap: ") as caught:
        model.fit(LAYOUTS[layout](X), y)
    assert f"{model.dual_gap_:.3e}" in str(caught[0].message)
    assert f"tolerance: {1e-10 * y.var():.3e}" in str(caught[0].message)
    assert caught[0].filename == __file__
    assert model.n_iter_ == 1
    assert model.dual_gap_ > 1e-10 * y.var()


# Small, empty and degenerate problems


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("alpha", [0.1, 1e-8])
@with_and_without_intercept
@pytest.mark.parametrize("value", [0.0, 3.7, -1e4, 1e-300])
def test_constant_target(layout, alpha, fit_intercept, value):
    X, _ = make_problem(p=4)
    y = np.full(len(X), value)
    model = Lasso(alpha=alpha, fit_intercept=fit_intercept)
    model.fit(LAYOUTS[layout](X), y)
    assert model.dual_gap_ <= 1e-4 * null_square(y, fit_intercept=fit_intercept)
    if fit_intercept:
        assert_array_equal(model.coef_, 0.0)
        assert model.intercept_ == value
    else:
        assert model.intercept_ == 0.0
        assert np.any(model.coef_) == (abs(value) > 1.0)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@with_and_without_intercept
def test_single_row(layout, fit_intercept):
    X, y = np.array([[1.0, 2.0, 3.0]]), np.array([4.0])
    model = Lasso(alpha=0.3, fit_intercept=fit_intercept, **TIGHT)
    model.fit(LAYOUTS[layout](X), y)
    if fit_intercept:
        assert_array_equal(model.coef_, 0.0)
        assert model.intercept_ == 4.0
    else:
        # only the largest column is used: 3 (4 - 3 w) = 0.3
        assert_allclose(model.coef_, [0.0, 0.0, (12.0 - 0.3) / 9.0])


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.filterwarnings("ignore:With alpha=0")
def test_all_columns_zero(layout, alpha):
    y = np.arange(6.0)
    model = Lasso(alpha=alpha).fit(LAYOUTS[layout](np.zeros((6, 3))), y)
    assert_array_equal(model.coef_, 0.0)
    assert model.intercept_ == 2.5
    assert_allclose(model.dual_gap_, 0.0, atol=1e-15)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("slope", [2.0, -2.0])
@pytest.mark.parametrize("positive", [False, True])
def test_one_feature_is_soft_thresholded(layout, slope, positive):
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    model = Lasso(alpha=0.5, positive=positive, **TIGHT)
    model.fit(LAYOUTS[layout](x[:, None]), slope * x + 10.0)
    expected = np.sign(slope) * (4.0 - 0.5) / 2.0
    assert_allclose(model.coef_, [max(0.0, expected) if positive else expected])
    assert_allclose(model.intercept_, 10.0)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("shape", [(50, 12), (40, 300)], ids=str)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_coefficients_are_zero_from_alpha_max_on(layout, shape, l1_ratio):
    X, y = make_problem(*shape)
    alpha_max = np.abs(X.T @ (y - y.mean())).max() / len(y) / l1_ratio
    at, below = (
        ElasticNet(alpha=factor * alpha_max, l1_ratio=l1_ratio, **TIGHT)
        for factor in (1 + 1e-9, 0.99)
    )
    data = LAYOUTS[layout](X)
    assert_array_equal(at.fit(data, y).coef_, 0.0)
    assert np.count_nonzero(below.fit(data, y).coef_) == 1


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@with_and_without_intercept
def test_no_penalty_is_least_squares(layout, fit_intercept):
    X, y = make_problem()
    model = Lasso(alpha=0.0, fit_intercept=fit_intercept, **TIGHT)
    with pytest.warns(UserWarning, match="With alpha=0"):
        model.fit(LAYOUTS[layout](X), y)
    reference = theirs.LinearRegression(fit_intercept=fit_intercept).fit(X, y)
    assert_same_coef(model.coef_, reference.coef_, rtol=1e-6)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("shape", [(50, 12), (20, 20), (20, 60)], ids=str)
@pytest.mark.parametrize("alpha, tol", [(1e-4, 1e-8), (1e-7, 1e-6)])
def test_tiny_penalty(layout, shape, alpha, tol):
    X, y = make_problem(*shape)
    model = Lasso(alpha=alpha, tol=tol, max_iter=100_000)
    model.fit(LAYOUTS[layout](X), y)
    assert model.dual_gap_ <= tol * y.var()
    gap = duality_gap(X, y, model.coef_, model.intercept_, alpha=alpha)
    assert_allclose(gap, model.dual_gap_, rtol=1e-5, atol=1e-13 * y.var())


@pytest.mark.parametrize("scale", [1e-150, 1e-20, 1e20, 1e140])
@pytest.mark.parametrize("layout", ["C", "csc32"])
def test_units_of_the_target_do_not_matter(scale, layout):
    X, y = make_problem()
    one = Lasso(alpha=0.1, **TIGHT).fit(X, y)
    model = Lasso(alpha=0.1 * scale, **TIGHT).fit(LAYOUTS[layout](X), scale * y)
    assert_same_coef(model.coef_ / scale, one.coef_)


@pytest.mark.parametrize("y_dtype", [int, bool, np.int8, np.float32, object])
def test_targets_of_other_dtypes(y_dtype):
    X, y = make_problem()
    y = (y > y.mean()).astype(y_dtype)
    model = Lasso(alpha=0.01).fit(X, y)
    assert_allclose(
        model.coef_, Lasso(alpha=0.01).fit(X, y.astype(float)).coef_, rtol=1e-6
    )
    assert model.coef_.dtype == np.float64


@pytest.mark.parametrize("strings", [["a", "b"], ["1.5", "x"]])
def test_targets_that_are_words_are_refused(strings):
    X, _ = make_problem()
    with pytest.raises(ValueError, match="could not convert string"):
        Lasso().fit(X, np.resize(np.array(strings), len(X)))


@pytest.mark.parametrize(
    "container",
    [
        sparse.csr_matrix,
        sparse.coo_array,
        sparse.dia_array,
        sparse.lil_matrix,
        sparse.bsr_array,
    ],
)
@pytest.mark.parametrize("p", [12, 300])
@pytest.mark.filterwarnings("ignore:Constructing a DIA matrix")
def test_other_sparse_formats(container, p):
    X, y = make_problem(p=p)
    model = Lasso(alpha=0.1, **TIGHT).fit(container(X), y)
    assert_same_coef(model.coef_, Lasso(alpha=0.1, **TIGHT).fit(csc32(X), y).coef_)


@pytest.mark.parametrize("p", [12, 300])
def test_csc_with_unsorted_indices_and_explicit_zeros(p):
    X, y = make_problem(p=p)
    expected = Lasso(alpha=0.1, **TIGHT).fit(X, y)
    S = sparse.csc_array(X)
    for start, stop in zip(S.indptr[:-1], S.indptr[1:], strict=True):
        S.indices[start:stop] = S.indices[start:stop][::-1].copy()
        S.data[start:stop] = S.data[start:stop][::-1].copy()
    S.has_sorted_indices = False
    assert_same_coef(Lasso(alpha=0.1, **TIGHT).fit(S, y).coef_, expected.coef_)
    full = sparse.csc_array(np.ones_like(X))
    full.data[:] = X.T.ravel()
    assert_same_coef(Lasso(alpha=0.1, **TIGHT).fit(full, y).coef_, expected.coef_)


@pytest.mark.parametrize("p", [12, 300])
def test_sparse_coef(p):
    X, y = make_problem(p=p)
    model = Lasso(alpha=0.1).fit(X, np.column_stack([y, -y]))
    assert sparse.issparse(model.sparse_coef_)
    assert_array_equal(model.sparse_coef_.toarray(), model.coef_)


# Start, order and memory


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("p", [12, 300])
def test_warm_start_goes_on_from_the_last_fit(layout, p):
    X, y = make_problem(p=p)
    data = LAYOUTS[layout](X)
    model = Lasso(alpha=0.1, warm_start=True, tol=1e-10).fit(data, y)
    cold, coef = model.n_iter_, model.coef_.copy()
    model.fit(data, y)
    assert model.n_iter_ < cold
    assert_same_coef(model.coef_, coef)
    model.set_params(alpha=0.08, **TIGHT).fit(data, y)
    assert_same_coef(model.coef_, Lasso(alpha=0.08, **TIGHT).fit(data, y).coef_)


def test_warm_start_from_coefficients_that_are_not_allowed():
    X, y = make_problem()
    model = Lasso(alpha=0.05, warm_start=True, **TIGHT).fit(X, y)
    assert model.coef_.min() < 0
    model.set_params(positive=True).fit(X, y)
    reference = Lasso(alpha=0.05, positive=True, **TIGHT).fit(X, y)
    assert_same_coef(model.coef_, reference.coef_)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("p", [12, 300])
def test_random_selection(layout, p):
    X, y = make_problem(p=p)
    data = LAYOUTS[layout](X)
    given = {"alpha": 0.05, "selection": "random"}
    one, two = (Lasso(random_state=3, **given).fit(data, y) for _ in range(2))
    assert_array_equal(one.coef_, two.coef_)
    assert one.n_iter_ == two.n_iter_
    tight = Lasso(random_state=4, **given, **TIGHT).fit(data, y)
    assert_same_coef(tight.coef_, Lasso(alpha=0.05, **TIGHT).fit(data, y).coef_)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", ["C", "F", "csc32", "csc64"])
def test_read_only_memmaps_of_many_columns(dtype, layout, tmp_path):
    X, y = make_problem(p=400)
    data = LAYOUTS[layout](X.astype(dtype))
    path = joblib.dump((data, y), tmp_path / "data.joblib")[0]
    mapped, y_mapped = joblib.load(path, mmap_mode="r")
    assert not (mapped.data if sparse.issparse(mapped) else mapped).flags.writeable
    given = {"alpha": 0.05, "tol": 1e-10, "max_iter": 100_000}
    fitted = Lasso(copy_X=False, **given).fit(mapped, y_mapped)
    expected = Lasso(**given).fit(data, y)
    # to rounding: BLAS looks at the alignment of memory
    assert_same_coef(fitted.coef_, expected.coef_, rtol=1e-6)
    assert_allclose(fitted.intercept_, expected.intercept_, rtol=1e-6)


def test_fitted_model_through_joblib(tmp_path):
    X, y = make_problem()
    model = ElasticNet(alpha=0.1).fit(X, y)
    path = joblib.dump(model, tmp_path / "model.joblib")[0]
    for loaded in (joblib.load(path), joblib.load(path, mmap_mode="r")):
        assert_array_equal(loaded.predict(X), model.predict(X))
        assert loaded.dual_gap_ == model.dual_gap_


# Bad input


@pytest.mark.parametrize(
    "weight, message",
    [
        (-1.0, "[Nn]egative"),
        (np.nan, "NaN"),
        (np.inf, "infinity"),
    ],
)
def test_bad_weights(weight, message):
    X, y = make_problem()
    weights = np.ones(len(y))
    weights[4] = weight
    model = Lasso()
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, sample_weight=weights)
    assert not hasattr(model, "coef_")
    with pytest.raises(ValueError, match="zero"):
        model.fit(X, y, sample_weight=0 * y)
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("p", [12, 300])
def test_overflow_is_an_error_not_a_result(layout, p):
    X, y = make_problem(p=p)
    model = Lasso(alpha=0.1).fit(X, y)
    coef = model.coef_
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="non-finite"):
        model.fit(LAYOUTS[layout](X * 1e200), y)
    assert model.coef_ is coef


@pytest.mark.parametrize(
    "gram, message",
    [
        (np.eye(3), "shape"),
        (np.full((12, 12), np.nan), "NaN"),
        (np.ones((12, 12)), "did not pass validation"),
    ],
)
def test_wrong_gram_matrices_are_refused(gram, message):
    X, y = make_problem()
    with pytest.raises(ValueError, match=message):
        Lasso(precompute=gram).fit(X - X.mean(axis=0), y)
