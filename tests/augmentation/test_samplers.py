"""The SMOTE family: the rows of imbalanced-learn, whatever the data looks like."""

from contextlib import nullcontext

import imblearn.over_sampling
import numpy as np
import pytest
import scipy.sparse as sp
from imblearn.utils.estimator_checks import parametrize_with_checks
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_classification
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

import sklreg.augmentation as augmentation
from tests._estimators import all_instances

CASES = {
    "SMOTE": ("SMOTE", {}),
    "BorderlineSMOTE": ("BorderlineSMOTE", {}),
    "BorderlineSMOTE-2": ("BorderlineSMOTE", {"kind": "borderline-2"}),
    "SVMSMOTE": ("SVMSMOTE", {}),
    "KMeansSMOTE": ("KMeansSMOTE", {"cluster_balance_threshold": 0.05}),
    "ADASYN": ("ADASYN", {}),
    "RandomOverSampler": ("RandomOverSampler", {}),
    "RandomOverSampler-smooth": ("RandomOverSampler", {"shrinkage": 0.3}),
}
DATA = {
    "plain": lambda X: X,
    "float32": lambda X: X.astype(np.float32),
    "fortran": np.asfortranarray,
    "ties": np.round,
    "integers": lambda X: np.round(3 * X).astype(int),
    "csr": sp.csr_matrix,
    "csc": sp.csc_matrix,
}
STRATEGIES = [
    "auto",
    "minority",
    "not minority",
    "all",
    {1: 180},
    lambda y: {1: np.bincount(y).max() + 3},
]


def classes(n=240, p=6, n_classes=3, seed=0):
    weights = [0.7, 0.2, 0.1][-n_classes:] if n_classes == 3 else [0.85, 0.15]
    return make_classification(
        n,
        p,
        n_informative=4,
        n_redundant=1,
        n_classes=n_classes,
        weights=weights,
        random_state=seed,
    )


def assert_same(case, X, y, rtol=1e-12, **arguments):
    name, fixed = CASES[case]
    # threads that wait for each other would make small clusterings slow
    one_thread = threadpool_limits(1) if name == "KMeansSMOTE" else nullcontext()
    with one_thread:
        results = [
            getattr(module, name)(**fixed, **arguments).fit_resample(X, y)
            for module in (augmentation, imblearn.over_sampling)
        ]
    (X_ours, y_ours), (X_theirs, y_theirs) = results
    if sp.issparse(X):
        assert X_ours.format == X.format
        X_ours, X_theirs = X_ours.toarray(), X_theirs.toarray()
    assert_array_equal(y_ours, y_theirs)
    assert_allclose(X_ours, X_theirs, rtol=rtol, atol=1e-12 if rtol < 1e-9 else 1e-6)


@pytest.mark.parametrize(
    ("case", "data"),
    # imbalanced-learn fails on the ones left out
    [
        (case, data)
        for case in CASES
        for data in DATA
        if case != "BorderlineSMOTE-2" or data not in ("csr", "csc", "integers")
    ],
)
@pytest.mark.parametrize("p", [6, 20])
def test_same_rows_as_imbalanced_learn(case, data, p):
    X, y = classes(p=p)
    rtol = 1e-5 if data == "float32" else 1e-12
    # the forms of a strategy by turns: each meets each sampler, not each kind of data
    first = (list(DATA).index(data) + (p == 20)) % len(STRATEGIES)
    for seed in (first, (first + 3) % len(STRATEGIES)):
        strategy = STRATEGIES[seed]
        assert_same(
            case, DATA[data](X), y, rtol, random_state=seed, sampling_strategy=strategy
        )


@pytest.mark.parametrize("case", CASES)
def test_same_rows_with_a_ratio_and_with_a_shared_generator(case):
    X, y = classes(n_classes=2)
    assert_same(case, X, y, sampling_strategy=0.9, random_state=1)
    name, fixed = CASES[case]
    X, y = classes()
    ours, theirs = (
        getattr(module, name)(**fixed, random_state=np.random.RandomState(7))
        for module in (augmentation, imblearn.over_sampling)
    )
    for _ in range(2):  # the second draw starts where the first one left off
        assert_allclose(ours.fit_resample(X, y)[0], theirs.fit_resample(X, y)[0])


@pytest.mark.parametrize("case", ["SMOTE", "BorderlineSMOTE", "ADASYN"])
@pytest.mark.parametrize("p, data", [(10, "plain"), (10, "ties"), (20, "plain")])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_rows_where_the_search_is_our_own(case, p, data, dtype):
    X, y = classes(6000, p, n_classes=2, seed=3)
    X = DATA[data](X).astype(dtype)
    X[:50] = X[50:100]  # exact ties in either case
    rtol = 1e-5 if dtype == np.float32 else 1e-12
    assert_same(case, X, y, rtol, random_state=0)


@pytest.mark.parametrize("p", [8, 24])
@pytest.mark.parametrize("offset, scale", [(0, 1), (1e6, 1), (0, 1e-30), (0, 1e25)])
def test_search_agrees_with_scikit_learn_at_any_scale(p, offset, scale):
    from sklreg.augmentation._neighbors import kneighbors

    rng = np.random.default_rng(0)
    X = (rng.normal(size=(3000, p)) + offset) * scale
    X[0] *= 100  # an outlier, which wastes most of single precision
    found = kneighbors(NearestNeighbors(n_neighbors=6), X, X)
    theirs = NearestNeighbors(n_neighbors=6).fit(X)
    assert_array_equal(found, theirs.kneighbors(X, return_distance=False))


def mixed(n=400, numbers="plain", seed=0):
    rng = np.random.RandomState(seed)
    y = rng.choice(2, n, p=[0.8, 0.2])
    X = np.empty((n, 5))
    X[:, [0, 2]] = DATA[numbers](rng.normal(size=(n, 2)) * [1, 9] + y[:, None])
    X[:, 1], X[:, 3] = rng.randint(4, size=n), rng.randint(2, size=n) + y
    X[:, 4] = rng.randint(7, size=n)
    return X, y


@pytest.mark.parametrize("numbers", ["plain", "ties"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, int, object])
@pytest.mark.parametrize("n", [300, 6000])
def test_same_mixed_rows_as_imbalanced_learn(numbers, dtype, n):
    X, y = mixed(n, numbers)
    X = X.astype(dtype)
    arguments = {"categorical_features": [1, 3, 4], "random_state": 0}
    X_ours, y_ours = augmentation.SMOTENC(**arguments).fit_resample(X, y)
    theirs = imblearn.over_sampling.SMOTENC(**arguments)
    X_theirs, y_theirs = theirs.fit_resample(X, y)
    assert X_ours.dtype == X_theirs.dtype
    assert_array_equal(y_ours, y_theirs)
    assert_allclose(X_ours.astype(float), X_theirs.astype(float), rtol=1e-5)


@pytest.mark.parametrize("constant", [False, True])
def test_same_mixed_frame_as_imbalanced_learn(constant):
    pd = pytest.importorskip("pandas")
    X, y = mixed()
    frame = pd.DataFrame(X).add_prefix("c")
    for name in ("c1", "c3", "c4"):
        frame[name] = frame[name].map("v{}".format).astype("category")
    if constant:  # categories then weigh nothing in distances
        frame["c0"] = frame["c2"] = 1.0
    arguments = {"categorical_features": "auto", "random_state": 0}
    ours, _ = augmentation.SMOTENC(**arguments).fit_resample(frame, y)
    theirs, _ = imblearn.over_sampling.SMOTENC(**arguments).fit_resample(frame, y)
    pd.testing.assert_frame_equal(ours, theirs)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
def test_same_categorical_rows_as_imbalanced_learn(container):
    X, y = mixed()
    X = container(X[:, [1, 3, 4]].astype(int))
    ours, theirs = (
        module.SMOTEN(random_state=0).fit_resample(X, y)[0]
        for module in (augmentation, imblearn.over_sampling)
    )
    if sp.issparse(X):
        ours, theirs = ours.toarray(), theirs.toarray()
    assert_array_equal(ours, theirs)


class RarerLabels:
    """Takes labels other than the commonest for rare, and none among numbers."""

    def __call__(self, y):
        _, places, counts = np.unique(y, return_inverse=True, return_counts=True)
        rare = (places != counts.argmax()) & (counts.max() > 1)
        return rare.astype(float).reshape(len(y))

    def __repr__(self):
        # part of the tests' names, which must be the same in every process
        return "RarerLabels()"


def for_imbalanced_learn(estimator):
    if isinstance(estimator, augmentation.SMOTER):
        estimator.set_params(relevance=RarerLabels())
    return estimator


_checks = parametrize_with_checks(
    [
        for_imbalanced_learn(estimator)
        for estimator in all_instances()
        if "augmentation" in type(estimator).__module__
    ]
).mark
# Two checks need classes: names of them, and a column for each. What regresses says no.
REFUSED = {
    ("MixupRegressor", "check_classifiers_with_encoded_labels"): "could not convert",
    ("SMOTER", "check_samplers_multiclass_ova"): "multioutput targets are not",
}


@pytest.mark.parametrize(
    _checks.args[0], list(_checks.args[1]), ids=_checks.kwargs["ids"]
)
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_imbalanced_learn_checks(estimator, check):
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=0)
    refused = REFUSED.get((type(estimator).__name__, check.func.__name__))
    with pytest.raises(ValueError, match=refused) if refused else nullcontext():
        check(estimator)


NAMES = ["SMOTE", "BorderlineSMOTE", "SVMSMOTE", "ADASYN", "KMeansSMOTE", "SMOTEN"]


@pytest.mark.parametrize("name", NAMES)
def test_one_class_is_refused(name):
    X, y = classes(60)
    with pytest.raises(ValueError, match="more than 1 class"):
        getattr(augmentation, name)().fit_resample(X, np.zeros_like(y))


@pytest.mark.parametrize("name", NAMES)
def test_missing_values_are_refused(name):
    X, y = classes(60)
    X[3, 2] = np.nan
    if name != "SMOTEN":
        with pytest.raises(ValueError, match="NaN"):
            getattr(augmentation, name)().fit_resample(X, y)


@pytest.mark.parametrize("name", ["SMOTE", "SMOTENC", "SMOTEN"])
def test_too_few_rows_of_a_class_are_named(name):
    X, y = np.arange(40.0).reshape(20, 2) % 7, np.array([0] * 17 + [1] * 3)
    arguments = {"categorical_features": [0]} if name == "SMOTENC" else {}
    with pytest.raises(ValueError, match=r"Class .*1.* has 3 rows, but k_neighbors"):
        getattr(augmentation, name)(**arguments).fit_resample(X, y)


@pytest.mark.parametrize(
    "columns, message",
    [
        ([9], "categorical_features does not fit X with n_features = 5"),
        ([], "only with numerical"),
        (range(5), "only with categorical"),
        ("auto", "pandas.DataFrame"),
    ],
)
def test_categorical_columns_out_of_range_are_refused(columns, message):
    X, y = mixed(60)
    sampler = augmentation.SMOTENC(
        columns if isinstance(columns, str) else list(columns)
    )
    with pytest.raises(ValueError, match=message):
        sampler.fit_resample(X, y)


def test_adasyn_needs_an_overlap():
    X = np.concatenate([np.zeros((30, 2)), np.full((10, 2), 99.0)])
    X += np.random.RandomState(0).normal(size=X.shape)
    y = np.array([0] * 30 + [1] * 10)
    with pytest.raises(RuntimeError, match="SMOTE instead"):
        augmentation.ADASYN().fit_resample(X, y)


def test_other_searches_are_asked_themselves():
    X, y = classes()
    search = NearestNeighbors(n_neighbors=4, metric="manhattan")
    ours, theirs = (
        module.SMOTE(k_neighbors=search, random_state=0).fit_resample(X, y)[0]
        for module in (augmentation, imblearn.over_sampling)
    )
    assert_array_equal(ours, theirs)


# SMOTER


def skewed(n=300):
    rng = np.random.RandomState(0)
    X = rng.normal(size=(n, 3))
    return X, np.exp(2 * X[:, 0] + 0.1 * rng.normal(size=n))


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
def test_smoter_grows_the_rare_values_on_segments(container):
    X, y = skewed()
    sampler = augmentation.SMOTER(random_state=0, ratio=0.5)
    X_res, y_res = sampler.fit_resample(container(X), y)
    X_res = X_res.toarray() if sp.issparse(X_res) else X_res
    below, above = sampler.n_rare_
    assert below == 0 and above > 5
    assert len(y_res) - len(y) == round(0.5 * (len(y) - above)) - above
    assert_array_equal(X_res[:300], X)
    assert_array_equal(y_res[:300], y)
    order = np.argsort(y)
    rare = order[-above:]
    for x_new, y_new in zip(X_res[300:], y_res[300:], strict=True):
        share = (x_new - X[rare, None]) / (X[rare][None] - X[rare, None] + 1e-300)
        on_segment = np.ptp(share, axis=-1) < 1e-6
        a, b = np.argwhere(on_segment & (share[..., 0] >= 0))[0]
        expected = y[rare[a]] + share[a, b, 0] * (y[rare[b]] - y[rare[a]])
        assert y_new == pytest.approx(expected, rel=1e-6)


def test_smoter_refuses_what_it_cannot_balance():
    X, y = skewed()
    with pytest.raises(ValueError, match="no value of y is rare"):
        augmentation.SMOTER().fit_resample(X[:20], np.linspace(0, 1, 20))
    with pytest.raises(ValueError, match="every value"):
        augmentation.SMOTER(relevance=np.ones_like).fit_resample(X, y)
    with pytest.raises(ValueError, match="relevance must return"):
        augmentation.SMOTER(relevance=lambda y: 2 * np.ones_like(y)).fit_resample(X, y)
    with pytest.raises(ValueError, match="k_neighbors needs"):
        augmentation.SMOTER(k_neighbors=200).fit_resample(X, y)
    with pytest.raises(ValueError, match="multioutput"):
        augmentation.SMOTER().fit_resample(X, np.column_stack([y, y]))
