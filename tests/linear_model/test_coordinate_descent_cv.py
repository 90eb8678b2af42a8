"""LassoCV and ElasticNetCV."""

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn import linear_model as theirs
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneOut,
    ShuffleSplit,
)

from sklreg import _validation
from sklreg.linear_model import ElasticNet, ElasticNetCV, Lasso, LassoCV
from tests._certificates import duality_gap

TIGHT = {"tol": 1e-12, "max_iter": 100_000}
LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "csc": sparse.csc_array,
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
every_shape = pytest.mark.parametrize("shape", [(60, 8), (40, 280)], ids=str)
both = pytest.mark.parametrize("name", ["LassoCV", "ElasticNetCV"])
OURS = {"LassoCV": LassoCV, "ElasticNetCV": ElasticNetCV}


def make_problem(n=60, p=8, seed=0):
    rng = np.random.RandomState(seed)
    X = rng.randn(n, p) + 0.5 * rng.randn(n, 1) + 1.0
    X[rng.rand(n, p) < 0.4] = 0.0
    y = X[:, 0] - 2.0 * X[:, 1] + X[:, 2] + rng.randn(n) + 4.0
    return X, y


def their_grid(X, y, fit_intercept=True, positive=False):
    """A grid that both sides are given, from the largest alpha that matters."""
    if fit_intercept:
        X, y = X - X.mean(axis=0), y - y.mean()
    slopes = X.T @ y / len(y)
    top = slopes.max() if positive else np.abs(slopes).max()
    return np.geomspace(top, 0.05 * top, 10)


@both
@every_layout
@every_shape
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("positive", [False, True])
def test_errors_and_choice_equal_scikit_learns(
    name, layout, shape, fit_intercept, positive
):
    X, y = make_problem(*shape)
    given = {
        "alphas": their_grid(X, y, fit_intercept, positive),
        "cv": KFold(4, shuffle=True, random_state=0),
        "fit_intercept": fit_intercept,
        "positive": positive,
        **TIGHT,
    }
    if name == "ElasticNetCV":
        given["l1_ratio"] = [0.5, 0.9]
    ours = OURS[name](**given).fit(LAYOUTS[layout](X), y)
    reference = getattr(theirs, name)(**given).fit(X, y)
    assert_allclose(ours.mse_path_, reference.mse_path_, rtol=1e-6)
    assert_allclose(ours.alpha_, reference.alpha_, rtol=1e-12)
    assert_allclose(ours.alphas_, reference.alphas_, rtol=1e-12)
    if name == "ElasticNetCV":
        assert ours.l1_ratio_ == reference.l1_ratio_
    atol = 1e-7 * np.abs(reference.coef_).max()
    assert_allclose(ours.coef_, reference.coef_, rtol=0, atol=atol)
    assert_allclose(ours.intercept_, reference.intercept_, rtol=1e-7, atol=1e-7)


@both
@every_layout
@pytest.mark.parametrize("positive", [False, True])
def test_automatic_grids_equal_scikit_learns(name, layout, positive):
    X, y = make_problem()
    given = {"cv": 3, "positive": positive}
    if name == "ElasticNetCV":
        given["l1_ratio"] = [0.2, 1.0]
    ours = OURS[name](alphas=7, **given).fit(LAYOUTS[layout](X), y)
    # alphas is n_alphas before scikit-learn 1.7
    signature = getattr(theirs, name)().get_params()
    size = {"alphas": 7} if isinstance(signature["alphas"], (int, str)) else {}
    if signature["alphas"] == "warn":
        size = {"alphas": 7, "n_alphas": "deprecated"}
    size = size or {"n_alphas": 7}
    reference = getattr(theirs, name)(**size, **given).fit(X, y)
    if not positive:  # scikit-learn's grid does not know of positive
        assert_allclose(ours.alphas_, reference.alphas_)
    assert ours.alphas_.shape == reference.alphas_.shape
    assert ours.mse_path_.shape == reference.mse_path_.shape


@both
def test_dual_gap_and_final_fit(name):
    X, y = make_problem()
    model = OURS[name](cv=3, alphas=10, tol=1e-6).fit(X, y)
    l1_ratio = getattr(model, "l1_ratio_", 1.0)
    given = {"alpha": model.alpha_, "l1_ratio": l1_ratio}
    gap = duality_gap(X, y, model.coef_, model.intercept_, **given)
    assert_allclose(model.dual_gap_, gap, rtol=1e-6, atol=1e-13 * y.var())
    assert model.dual_gap_ <= 1e-6 * y.var()
    single = ElasticNet(tol=1e-6, **given).fit(X, y)
    assert_allclose(model.coef_, single.coef_, atol=1e-8)
    assert model.n_iter_ == single.n_iter_


@every_shape
def test_choice_equals_a_grid_search(shape):
    X, y = make_problem(*shape)
    alphas = their_grid(X, y)
    cv = KFold(3, shuffle=True, random_state=1)
    path = LassoCV(alphas=alphas, cv=cv, **TIGHT).fit(X, y)
    search = GridSearchCV(
        Lasso(**TIGHT),
        {"alpha": alphas},
        cv=cv,
        scoring="neg_mean_squared_error",
    ).fit(X, y)
    assert path.alpha_ == search.best_params_["alpha"]
    assert_allclose(
        path.mse_path_.mean(axis=1), -search.cv_results_["mean_test_score"], rtol=1e-7
    )


@both
@pytest.mark.parametrize(
    "cv",
    [
        None,
        3,
        KFold(3, shuffle=True, random_state=0),
        ShuffleSplit(3, random_state=0),
        LeaveOneOut(),
        [(np.arange(40), np.arange(40, 60)), (np.arange(20, 60), np.arange(20))],
        # rows drawn twice, rows in no set, rows out of order
        [(np.r_[np.arange(30), np.arange(20)], np.arange(45, 30, -1))],
    ],
    ids=lambda cv: type(cv).__name__,
)
def test_all_forms_of_cv(name, cv):
    X, y = make_problem()
    given = {"alphas": their_grid(X, y), "cv": cv, **TIGHT}
    ours = OURS[name](**given).fit(X, y)
    reference = getattr(theirs, name)(**given).fit(X, y)
    assert_allclose(ours.mse_path_, reference.mse_path_, rtol=1e-6, atol=1e-9)
    assert_allclose(ours.coef_, reference.coef_, atol=1e-7)


def test_generators_of_folds_are_used_up_once():
    X, y = make_problem()
    cv = KFold(3)
    listed = LassoCV(alphas=5, cv=list(cv.split(X))).fit(X, y)
    generated = LassoCV(alphas=5, cv=cv.split(X)).fit(X, y)
    assert_array_equal(listed.mse_path_, generated.mse_path_)


def test_groups_reach_the_splitter():
    import sklearn

    X, y = make_problem()
    groups = np.arange(60) // 10
    with sklearn.config_context(enable_metadata_routing=True):
        cv = GroupKFold(3).set_split_request(groups=True)
        routed = LassoCV(alphas=5, cv=cv).fit(X, y, groups=groups)
    listed = LassoCV(alphas=5, cv=list(GroupKFold(3).split(X, y, groups))).fit(X, y)
    assert_array_equal(routed.mse_path_, listed.mse_path_)
    with pytest.raises(ValueError, match="groups"):
        LassoCV(cv=GroupKFold(3)).fit(X, y)


# Threads and processes


@both
@every_layout
@every_shape
@pytest.mark.parametrize("selection", ["cyclic", "random"])
def test_threads_give_the_same(name, layout, shape, selection):
    X, y = make_problem(*shape)
    given = {"alphas": 6, "cv": 4, "selection": selection, "random_state": 0}
    one, two = (
        OURS[name](n_jobs=n_jobs, **given).fit(LAYOUTS[layout](X), y)
        for n_jobs in (None, 2)
    )
    # to rounding: each of two workers has one BLAS thread, one alone has them all
    assert_allclose(one.mse_path_, two.mse_path_, rtol=1e-12)
    assert_allclose(one.coef_, two.coef_, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("layout", ["C", "csc"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"positive": True},
        {"precompute": True},
        {"penalty_factor": np.linspace(0.5, 2.0, 280)},
        {"coef_bounds": (-1.0, 2.0)},
        {"selection": "random", "random_state": 0},
    ],
    ids=lambda options: next(iter(options), "plain"),
)
def test_many_ratios_equal_each_alone(options, layout, n_jobs):
    X, y = make_problem(40, 280)
    weight = np.linspace(0.5, 1.5, 40)
    cv = list(GroupKFold(3).split(X, y, np.arange(40) // 5))
    ratios = [0.5, 1.0, 0.2, 0.9, 0.95, 0.7]  # in an order of their own
    given = {"alphas": 6, "eps": 0.05, "cv": cv, **TIGHT, **options}
    X = LAYOUTS[layout](X)
    together = ElasticNetCV(l1_ratio=ratios, n_jobs=n_jobs, **given)
    together.fit(X, y, sample_weight=weight)
    for i, l1_ratio in enumerate(ratios):
        alone = ElasticNetCV(l1_ratio=l1_ratio, **given)
        alone.fit(X, y, sample_weight=weight)
        assert_allclose(together.alphas_[i], alone.alphas_, rtol=1e-12)
        assert_allclose(together.mse_path_[i], alone.mse_path_, rtol=1e-6)
        if l1_ratio == together.l1_ratio_:
            assert_allclose(together.coef_, alone.coef_, atol=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_processes_give_the_same(layout):
    """Under loky the data reach the workers as read-only memmaps."""
    X, y = make_problem(60, 280)
    data = LAYOUTS[layout](X)
    given = {"alphas": 6, "eps": 0.05, "cv": 4, "tol": 1e-10, "max_iter": 100_000}
    alone = LassoCV(**given).fit(data, y)
    with joblib.parallel_config("loky", n_jobs=2, max_nbytes=1000):
        apart = LassoCV(**given).fit(data, y)
    # to rounding: BLAS looks at the alignment of memory and at its number of threads,
    # and a fit that ends one sweep later is another fit within the tolerance
    assert_allclose(apart.mse_path_, alone.mse_path_, rtol=1e-5)
    assert_allclose(apart.coef_, alone.coef_, rtol=0, atol=1e-5)


# Degenerate problems and bad input


@both
@every_layout
def test_constant_target(name, layout):
    X, _ = make_problem()
    model = OURS[name](alphas=4, cv=3).fit(LAYOUTS[layout](X), np.full(60, 2.5))
    assert_array_equal(model.coef_, 0.0)
    assert model.intercept_ == 2.5
    assert not model.mse_path_.any()


@both
@every_layout
def test_columns_that_are_constant_in_a_fold(name, layout):
    X, y = make_problem()
    X[:, 3] = 0.0
    X[:20, 3] = 1.0  # the first test fold is all that differs
    X[:, 4] = 5.0
    given = {"alphas": their_grid(X, y), "cv": 3, **TIGHT}
    ours = OURS[name](**given).fit(LAYOUTS[layout](X), y)
    reference = getattr(theirs, name)(**given).fit(X, y)
    assert_allclose(ours.mse_path_, reference.mse_path_, rtol=1e-6)
    assert ours.coef_[4] == 0.0


@both
def test_rows_that_are_in_no_training_set_may_be_wild(name):
    """Folds are weights on rows: a weight of 0 must not let anything through."""
    X, y = make_problem()
    given = {"alphas": [0.1, 0.5], "cv": [(np.arange(40), np.arange(40, 55))]}
    calm = OURS[name](**given, **TIGHT).fit(X, y)
    wild_X, wild_y = X.copy(), y.copy()
    wild_X[55:] *= 1e6
    wild_y[55:] = 1e6
    wild = OURS[name](**given, **TIGHT).fit(wild_X, wild_y)
    assert_allclose(wild.mse_path_, calm.mse_path_, rtol=1e-6)


@both
def test_column_vector_targets_are_flattened_with_a_warning(name):
    X, y = make_problem()
    with pytest.warns(UserWarning, match="column-vector"):
        model = OURS[name](alphas=4, cv=3).fit(X, y[:, None])
    assert_array_equal(model.coef_, OURS[name](alphas=4, cv=3).fit(X, y).coef_)
    with pytest.raises(ValueError, match="single target"):
        OURS[name]().fit(X, np.column_stack([y, y]))


@both
def test_too_few_iterations_warn_once_for_the_folds(name):
    X, y = make_problem()
    model = OURS[name](alphas=5, cv=3, max_iter=1, tol=1e-10, eps=1e-4)
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(X, y)
    assert len([w for w in caught if "of 15 fits on folds" in str(w.message)]) == 1
    assert len(caught) <= 2


@both
@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"alphas": [0.1, -1.0]}, r"alphas\[1\]"),
        ({"alphas": 0}, "alphas"),
        ({"eps": 0.0}, "eps"),
        ({"cv": 1}, "n_splits|k-fold"),
        ({"cv": [(np.arange(60), np.arange(0))]}, "fold 0 without test rows"),
        ({"cv": [(np.arange(0), np.arange(60))]}, "fold 0 without training rows"),
        ({"cv": 61}, "n_splits"),
        ({"selection": "sorted"}, "selection"),
        ({"precompute": "never"}, "precompute"),
    ],
)
def test_bad_parameters_are_named_and_leave_nothing_behind(name, arguments, message):
    X, y = make_problem()
    model = OURS[name](**arguments)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert not [a for a in vars(model) if a.endswith("_")]


@pytest.mark.parametrize("assumed, searches", [(False, 1), (True, 0)])
def test_nan_are_looked_for_once_unless_assumed_absent(assumed, searches, monkeypatch):
    looked = []
    monkeypatch.setattr(_validation, "all_finite", lambda X: not looked.append(X))
    with config_context(assume_finite=assumed):
        LassoCV(alphas=5, cv=3).fit(*make_problem())
    assert len(looked) == searches


def test_ridge_needs_a_grid():
    X, y = make_problem()
    with pytest.raises(ValueError, match="l1_ratio=0"):
        ElasticNetCV(l1_ratio=0.0).fit(X, y)
    model = ElasticNetCV(l1_ratio=0.0, alphas=[0.1, 1.0], cv=3, tol=1e-8).fit(X, y)
    assert np.all(model.coef_ != 0)
