"""Cross-validated logistic regression: folds, choices, scoring, what it refuses."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn import linear_model as theirs
from sklearn.metrics import get_scorer, log_loss, make_scorer
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

from sklreg.linear_model import LogisticRegression, LogisticRegressionCV, logistic_path
from tests.linear_model._logistic_data import make_problem

every_number_of_classes = pytest.mark.parametrize("n_classes", [2, 3])
CS = [1.0, 0.01, 0.1, 10.0]


def make(**arguments):
    known = {
        "Cs": CS,
        "l1_ratios": (0.0, 0.7),
        "cv": 3,
        "scoring": "neg_log_loss",
        "use_legacy_attributes": False,
        "tol": 1e-6,
        "max_iter": 1000,
    }
    return LogisticRegressionCV(**{**known, **arguments})


@every_number_of_classes
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_folds_hold_single_fits(n_classes, container):
    X, y = make_problem(n_classes)
    weight = np.arange(len(y)) % 3 + 0.0
    model = make(standardize=True).fit(container(X), y, sample_weight=weight)
    assert model.scores_.shape == model.n_iter_.shape == (3, 2, 4)
    splits = list(StratifiedKFold(3).split(X, y))
    for fold, (i, l1_ratio), (k, C) in [
        (0, (0, 0.0), (2, 0.1)),
        (1, (1, 0.7), (0, 1.0)),
        (2, (1, 0.7), (3, 10.0)),
    ]:
        train, test = splits[fold]
        single = LogisticRegression(
            C=C, l1_ratio=l1_ratio, standardize=True, tol=1e-6, max_iter=1000
        ).fit(X[train], y[train], weight[train])
        kept = model.coefs_paths_[fold, i, k]
        assert_allclose(kept[:, :-1], single.coef_, atol=1e-4)
        assert_allclose(kept[:, -1], single.intercept_, atol=1e-4)
        loss = log_loss(
            y[test],
            single.predict_proba(X[test]),
            sample_weight=weight[test],
            labels=model.classes_,
        )
        assert_allclose(model.scores_[fold, i, k], -loss, rtol=1e-4)
    mean = model.scores_.mean(axis=0)
    i, k = np.unravel_index(np.argmax(mean), mean.shape)
    assert (model.C_, model.l1_ratio_) == (CS[k], (0.0, 0.7)[i])
    again = LogisticRegression(
        C=model.C_, l1_ratio=model.l1_ratio_, standardize=True, tol=1e-6, max_iter=1000
    ).fit(container(X), y, weight)
    assert_allclose(model.coef_, again.coef_, atol=1e-6)
    assert 0 <= model.dual_gap_ <= 1e-10 * len(y)


@every_number_of_classes
@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("l1_ratios", [(0.0,), (0.0, 0.5), None])
@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.filterwarnings("ignore:'l1_ratios=None':FutureWarning")
def test_attributes_have_scikit_learns_shapes(n_classes, refit, l1_ratios, legacy):
    X, y = make_problem(n_classes)
    shared = {
        "l1_ratios": l1_ratios,
        "refit": refit,
        "cv": 2,
        "Cs": 3,
        "tol": 1e-2,
        "scoring": "accuracy",
    }
    ours = LogisticRegressionCV(**shared, use_legacy_attributes=legacy).fit(X, y)
    labels = [1] if n_classes == 2 else [0, 1, 2]
    rows, dof = len(labels), X.shape[1] + 1
    ratios = () if l1_ratios is None else (len(l1_ratios),)
    if legacy:
        assert list(ours.scores_) == list(ours.coefs_paths_) == labels
        assert {v.shape for v in ours.scores_.values()} == {(2, 3, *ratios)}
        assert ours.coefs_paths_[1].shape == (2, 3, *ratios, dof)
        assert ours.n_iter_.shape == (1, 2, 3, *ratios)
        assert ours.C_.shape == ours.l1_ratio_.shape == (rows,)
    else:
        ratios = ratios or (1,)
        assert ours.scores_.shape == ours.n_iter_.shape == (2, *ratios, 3)
        assert ours.coefs_paths_.shape == (2, *ratios, 3, rows, dof)
        assert isinstance(ours.C_, float) and isinstance(ours.l1_ratio_, float)
    assert ours.coef_.shape == (rows, X.shape[1]) and ours.intercept_.shape == (rows,)
    if not hasattr(theirs.LogisticRegressionCV(), "use_legacy_attributes"):
        return
    other = theirs.LogisticRegressionCV(
        **{**shared, "solver": "saga"}, use_legacy_attributes=legacy, random_state=0
    )
    if l1_ratios is not None:
        other.set_params(l1_ratios=np.asarray(l1_ratios))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other.fit(X, y)
    for name in ("scores_", "coefs_paths_", "n_iter_", "C_", "l1_ratios_", "Cs_"):
        got, expected = getattr(ours, name), getattr(other, name)
        assert type(got) is type(expected), name
        if isinstance(got, dict):
            assert got.keys() == expected.keys()
            got, expected = got[1], expected[1]
        assert np.shape(got) == np.shape(expected), name


def test_the_average_of_the_folds_best():
    X, y = make_problem()
    model = make(refit=False).fit(X, y)
    flat = np.swapaxes(model.scores_, 1, 2).reshape(3, -1).argmax(axis=1)
    place, ratio = np.unravel_index(flat, (4, 2))
    coefs = [model.coefs_paths_[f, ratio[f], place[f], 0] for f in range(3)]
    assert_allclose(model.coef_[0], np.mean(coefs, axis=0)[:-1])
    assert_allclose(model.C_, np.mean([CS[k] for k in place]))
    with pytest.raises(ValueError, match="selection_rule='1se' needs refit=True"):
        make(refit=False, selection_rule="1se").fit(X, y)


@every_number_of_classes
def test_selection_rules(n_classes):
    X, y = make_problem(n_classes)
    Cs, *_ = logistic_path(X, y, Cs=12, eps=1e-2)
    arguments = {"Cs": Cs[::-1], "l1_ratios": (1.0,), "cv": 5}
    least = make(**arguments).fit(X, y)
    errors = -least.scores_[:, 0, ::-1]
    mean = errors.mean(axis=0)
    spread = errors.std(axis=0, ddof=1) / np.sqrt(5)
    best = np.argmin(mean)
    assert least.C_ == least.C_min_ == Cs[best]
    expected = Cs[np.flatnonzero(mean <= mean[best] + spread[best])[0]]
    within = make(**arguments, selection_rule="1se").fit(X, y)
    assert within.C_ == within.C_1se_ == least.C_1se_ == expected < Cs[best]

    def third(grid, means, errors):
        assert_array_equal(grid, Cs)
        assert_allclose(means, mean)
        return 3

    assert make(**arguments, selection_rule=third).fit(X, y).C_ == Cs[3]
    with pytest.raises(ValueError, match="selection_rule must return"):
        make(**arguments, selection_rule=lambda *_: 99).fit(X, y)


def test_the_stored_path_is_that_of_all_the_data():
    pytest.importorskip("pandas")
    X, y = make_problem()
    model = make(store_path=True).fit(X, y)
    assert_array_equal(model.path_Cs_, np.sort(CS))
    coef, intercept = model.coef_at(model.C_)
    assert_allclose(coef, model.coef_, atol=1e-6)
    assert_allclose(intercept, model.intercept_, atol=1e-6)
    assert list(model.path_table_["C"]) == sorted(CS)
    assert not hasattr(make(store_path=False).fit(X, y), "path_Cs_")


# -- scoring ---------------------------------------------------------------------------


@every_number_of_classes
def test_callables_score_like_names(n_classes):
    X, y = make_problem(n_classes)
    named = make().fit(X, y)

    def scorer(estimator, X, y):
        return -log_loss(y, estimator.predict_proba(X), labels=estimator.classes_)

    assert_allclose(make(scoring=scorer).fit(X, y).scores_, named.scores_, rtol=1e-10)
    made = make_scorer(
        log_loss, response_method="predict_proba", greater_is_better=False
    )
    assert_allclose(make(scoring=made).fit(X, y).scores_, named.scores_)
    assert_allclose(named.score(X, y), scorer(named, X, y))


@every_number_of_classes
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss"])
def test_scores_are_scikit_learns(n_classes, dtype, scoring):
    X, y = make_problem(n_classes)
    y = np.array(["a", "b", "c"])[y]
    rng = np.random.default_rng(0)
    weight = rng.random(len(y))
    offset = rng.standard_normal((len(y),) if n_classes == 2 else (len(y), 3))
    folds = list(StratifiedKFold(3).split(X, y))
    offset *= 30.0  # makes most rows certain, and some of those wrong
    model = make(Cs=[0.1, 1.0], l1_ratios=(1.0,), scoring=scoring, cv=folds, tol=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X.astype(dtype), y, sample_weight=weight, offset=offset)
    for k, (_, test) in enumerate(folds):
        for i in range(2):
            one = LogisticRegression()
            one.classes_, one.n_features_in_ = model.classes_, X.shape[1]
            one.coef_ = model.coefs_paths_[k, 0, i, :, :-1]
            one.intercept_ = model.coefs_paths_[k, 0, i, :, -1]
            one._own_offset = offset[test]
            score = get_scorer(scoring)(
                one, X[test].astype(dtype), y[test], sample_weight=weight[test]
            )
            assert_allclose(model.scores_[k, 0, i], score, rtol=1e-6)


@every_number_of_classes
def test_threads_change_nothing(n_classes):
    X, y = make_problem(n_classes)
    alone, two = make().fit(X, y), make(n_jobs=2).fit(X, y)
    assert_allclose(two.scores_, alone.scores_, rtol=1e-8)
    assert_allclose(two.coef_, alone.coef_, rtol=1e-8)


def test_metadata_goes_where_it_is_asked_for():
    X, y = make_problem()
    groups = np.arange(len(y)) % 6
    weight = np.arange(len(y)) % 3 + 1.0
    with config_context(enable_metadata_routing=True):
        scorer = get_scorer("accuracy").set_score_request(sample_weight=True)
        model = make(cv=GroupKFold(3), scoring=scorer)
        model.fit(X, y, sample_weight=weight, groups=groups)
        got = model.score(X, y, sample_weight=weight)
    splits = list(GroupKFold(3).split(X, y, groups))
    expected = make(cv=splits, scoring="accuracy").fit(X, y, weight)
    assert_allclose(model.scores_, expected.scores_)
    assert got == expected.score(X, y, sample_weight=weight)
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        make().fit(X, y, groups=groups)


@every_number_of_classes
@pytest.mark.parametrize("scoring", ["neg_log_loss", "callable"])
def test_offsets_reach_the_test_rows(n_classes, scoring):
    X, y = make_problem(n_classes)
    shape = (len(y),) if n_classes == 2 else (len(y), n_classes)
    offset = np.random.default_rng(3).standard_normal(shape)
    if scoring == "callable":

        def scoring(model, X, y):
            return -log_loss(y, model.predict_proba(X), labels=model.classes_)

    model = make(Cs=[0.3], l1_ratios=(0.0,), scoring=scoring)
    model.fit(X, y, offset=offset)
    train, test = next(StratifiedKFold(3).split(X, y))
    single = LogisticRegression(C=0.3, tol=1e-6).fit(
        X[train], y[train], offset=offset[train]
    )
    probabilities = single.predict_proba(X[test], offset=offset[test])
    assert_allclose(
        model.scores_[0, 0, 0], -log_loss(y[test], probabilities), rtol=1e-5
    )
    expected = -log_loss(y, model.predict_proba(X, offset=offset))
    assert_allclose(model.score(X, y, offset=offset), expected)


# -- deprecations, refusals, warnings --------------------------------------------------


def test_defaults_that_will_change_are_warned_of():
    X, y = make_problem()
    with pytest.warns(FutureWarning) as caught:
        LogisticRegressionCV(Cs=2, cv=2).fit(X, y)
    texts = " ".join(str(warning.message) for warning in caught)
    for name in ("l1_ratios", "scoring", "use_legacy_attributes"):
        assert f"{name}" in texts
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_absent_from_a_fold_are_warned_of(n_classes):
    X, y = make_problem(n_classes, n=30)
    order = np.argsort(y)
    X, labels = X[order], np.array(["a", "b", "c"])[y[order]]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = make(cv=KFold(n_classes), Cs=[0.1, 1.0]).fit(X, labels)
    last = n_classes - 1
    told = f"fold {last} have no weight in class {'abc'[last]!r}"
    assert any(told in str(warning.message) for warning in caught)
    assert np.isfinite(model.scores_).all() and np.isfinite(model.coefs_paths_).all()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"l1_ratios": (0.5, 2.0)}, "l1_ratios must be an array-like of numbers"),
        ({"l1_ratios": ()}, "l1_ratios must be an array-like of numbers"),
        ({"Cs": [1.0, -1.0]}, "Cs must hold positive numbers"),
        ({"class_weight": {7: 1.0}}, "must have the class labels as keys"),
        ({"cv": [(np.arange(0), np.arange(9))]}, "fold 0 without training rows"),
        ({"exclude": ["no such"]}, "exclude names the feature"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    X, y = make_problem()
    with pytest.raises(ValueError, match=message):
        make(**arguments).fit(X, y)


def test_soft_labels_and_weightless_folds_are_refused():
    X, y = make_problem()
    with pytest.raises(ValueError, match="soft labels"):
        make().fit(X, y * 0.8 + 0.1)
    weight = np.ones(len(y))
    weight[:30] = 0.0
    splits = [(np.arange(30), np.arange(30, 90)), (np.arange(30, 90), np.arange(30))]
    with pytest.raises(ValueError, match="sample_weight is 0 on all training rows"):
        make(cv=splits).fit(X, y, sample_weight=weight)
