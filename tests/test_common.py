"""What holds for every public estimator: scikit-learn's checks, and beyond.

Estimators are discovered, so a new one is covered by being exported.
"""

import copy
import inspect
import os
import pickle
import re
import subprocess
import sys
import textwrap

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.datasets import make_classification, make_regression
from sklearn.model_selection import GridSearchCV
from sklearn.tree._tree import Tree
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests._estimators import (
    CHECK_ARGUMENTS,
    DEPENDENT_ON_ROW_ORDER,
    SLOWER_SPARSE_INTERCEPT,
    accepts,
    all_estimators,
    all_instances,
    all_predictors,
    all_public,
    estimator_id,
    expected_failures,
    has_tree_members,
    instances,
    namesake,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
NEWEST = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 9)

every_instance = pytest.mark.parametrize("estimator", all_instances(), ids=estimator_id)
every_predictor = pytest.mark.parametrize(
    "estimator", all_predictors(), ids=estimator_id
)
every_class = pytest.mark.parametrize(
    "estimator_class", all_estimators(), ids=lambda cls: cls.__name__
)


def problem(estimator, n=40, p=5, dtype=np.float64):
    """A small (X, y) of the kind that the estimator is for."""
    make = make_classification if is_classifier(estimator) else make_regression
    X, y = make(n_samples=n, n_features=p, random_state=0)
    return X.astype(dtype), y if is_classifier(estimator) else y.astype(dtype)


def seeded(estimator):
    estimator = clone(estimator)
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=0)
    return estimator


def outcome(estimator, X):
    """The numbers by which two fits of a predictor are compared."""
    method = "predict_proba" if hasattr(estimator, "predict_proba") else "predict"
    return getattr(estimator, method)(X)


def state(estimator):
    """All attributes, with what they hold copied."""
    return copy.deepcopy(vars(estimator))


def assert_same_state(before, after):
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert_same_value(value, after[name], name)


def assert_same_value(value, after, name):
    # pickles of estimators differ by what names they share with each other
    if isinstance(value, BaseEstimator):
        assert_same_state(vars(value), vars(after))
    elif isinstance(value, Tree):  # the gaps between its fields hold anything
        for ours, theirs in zip(
            value.__getstate__().values(), after.__getstate__().values(), strict=True
        ):
            assert_array_equal(ours, theirs)
    elif _holds_estimators(value):
        assert np.shape(value) == np.shape(after), name
        pairs = zip(np.ravel(value), np.ravel(after), strict=True)
        for one, other in pairs:
            assert_same_value(one, other, name)
    else:
        assert pickle.dumps(value) == pickle.dumps(after), name


def _holds_estimators(value):
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = value.ravel()
    elif not isinstance(value, list):
        return False
    return len(value) > 0 and isinstance(value[0], BaseEstimator)


# scikit-learn's checks


# what an estimator cannot do, its tags say; what its namesake fails too is listed
_checks = parametrize_with_checks(
    all_instances(), expected_failed_checks=expected_failures
).mark


@pytest.mark.parametrize(_checks.args[0], list(_checks.args[1]), **_checks.kwargs)
@pytest.mark.filterwarnings("ignore::FutureWarning:sklearn")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
# a check asks for three folds of two rows of a class
@pytest.mark.filterwarnings("ignore:The least populated class in y:UserWarning")
def test_estimators(estimator, check):
    arguments = CHECK_ARGUMENTS.get(type(estimator).__name__, {})
    check(estimator.set_params(**arguments.get(check.func.__name__, {})))


EVERY = ["check_param_validation", "check_all_zero_sample_weights_error"]
PREDICTORS = ["check_dataframe_column_names_consistency"]
TRANSFORMERS = [
    "check_dataframe_column_names_consistency",
    "check_get_feature_names_out_error",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
]


def left_out_checks():
    """Checks that scikit-learn makes of its own estimators, outside check_estimator."""
    for estimator in all_instances():
        names = list(EVERY)
        if not accepts(estimator, "sample_weight"):
            names.remove("check_all_zero_sample_weights_error")
        if hasattr(estimator, "transform"):
            names += TRANSFORMERS
        elif hasattr(estimator, "predict"):
            names += PREDICTORS
        for name in names:
            if hasattr(estimator_checks, name):  # some are newer than our oldest set
                yield pytest.param(
                    estimator, name, id=f"{estimator_id(estimator)}-{name}"
                )
        for copying in ("copy", "copy_X"):
            if copying in estimator.get_params():
                name = "check_inplace_ensure_writeable"
                yield pytest.param(
                    clone(estimator).set_params(**{copying: False}),
                    name,
                    id=f"{estimator_id(estimator)}-{name}",
                )


@pytest.mark.parametrize("estimator, check", list(left_out_checks()))
@pytest.mark.filterwarnings("ignore:X .*feature names")
def test_checks_that_check_estimator_leaves_out(estimator, check):
    getattr(estimator_checks, check)(type(estimator).__name__, estimator)


# Drop-in: parameters, names, documentation


@every_class
@pytest.mark.skipif(not NEWEST, reason="our parameters are those of scikit-learn 1.9")
def test_parameters_are_those_of_the_namesake_and_more(estimator_class):
    theirs = namesake(estimator_class)
    if theirs is None:
        pytest.skip("scikit-learn has no estimator of this name")
    ours = inspect.signature(estimator_class).parameters
    for name, parameter in inspect.signature(theirs).parameters.items():
        assert name in ours, name
        assert ours[name].default == parameter.default, name
        assert ours[name].kind == parameter.kind, name
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert [p for p in ours.values() if p.kind == positional] == [
        ours[name]
        for name, p in inspect.signature(theirs).parameters.items()
        if p.kind == positional
    ], "what comes beyond the namesake's parameters is keyword-only"


@every_class
@pytest.mark.skipif(not NEWEST, reason="our attributes are those of scikit-learn 1.9")
def test_attributes_and_methods_are_those_of_the_namesake_and_more(estimator_class):
    theirs = namesake(estimator_class)
    if theirs is None:
        pytest.skip("scikit-learn has no estimator of this name")
    ours = seeded(next(instances(estimator_class)))
    theirs = theirs(**{name: getattr(ours, name) for name in theirs().get_params()})
    X, y = problem(ours)
    ours.fit(X, y)
    theirs.fit(X, y)
    public = {name for name in dir(theirs) if not name.startswith("_")}
    public.discard("param")  # the variable of a loop in LogisticRegressionCV's body
    assert public - set(dir(ours)) == set()


@every_class
def test_every_parameter_and_attribute_is_documented(estimator_class):
    documented = _documented(estimator_class.__doc__)
    parameters = set(inspect.signature(estimator_class).parameters)
    assert parameters - documented["Parameters"] == set()
    assert documented["Parameters"] - parameters == set(), "documented, but not there"

    estimator = seeded(next(instances(estimator_class)))
    if not hasattr(estimator, "predict"):
        return
    X, y = problem(estimator)
    fitted = {
        name
        for name in vars(estimator.fit(X, y))
        if name.endswith("_") and not name.startswith("_")
    }
    inherited = {"n_features_in_", "feature_names_in_"}
    assert fitted - documented["Attributes"] - inherited == set()


@pytest.mark.parametrize(
    "name, public", [pytest.param(name, obj, id=name) for name, obj in all_public()]
)
def test_public_objects_document_themselves(name, public):
    doc = inspect.getdoc(public)
    assert doc
    if not callable(public):
        return
    assert ">>> " in doc, "an example that runs as a doctest"
    if inspect.isfunction(public):
        parameters = {p.lstrip("*") for p in inspect.signature(public).parameters}
        assert parameters - _documented(doc)["Parameters"] == set()


def _documented(doc):
    """Names listed under each section of a numpydoc docstring."""
    sections, current = {"Parameters": set(), "Attributes": set()}, None
    lines = inspect.cleandoc(doc).splitlines()
    for line, underline in zip(lines, [*lines[1:], ""], strict=True):
        if underline and set(underline) == {"-"}:
            current = sections.setdefault(line.strip(), set())
        elif current is not None and re.match(r"\*{0,2}\w+(, \w+)* : ", line):
            current.update(n.lstrip("*") for n in line.split(" : ")[0].split(", "))
    return sections


# Containers, dtypes and layouts


@every_predictor
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_read_only_memmaps_give_the_same_fit(estimator, dtype, order, tmp_path):
    X, y = problem(estimator, dtype=dtype)
    X = np.asarray(X, order=order)
    expected = outcome(seeded(estimator).fit(X, y), X)
    X_map, y_map = (
        joblib.load(joblib.dump(array, tmp_path / name)[0], mmap_mode="r")
        for name, array in [("X", X), ("y", y)]
    )
    assert isinstance(X_map, np.memmap) and not X_map.flags.writeable
    assert_array_equal(outcome(seeded(estimator).fit(X_map, y_map), X_map), expected)


@every_predictor
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_give_names_and_the_same_fit(estimator, library):
    frames = pytest.importorskip(library)
    X, y = problem(estimator)
    names = [f"column {j}" for j in range(X.shape[1])]
    frame = frames.DataFrame(dict(zip(names, X.T, strict=True)))
    fitted = seeded(estimator).fit(frame, frames.Series(y))
    if library == "pandas" or NEWEST:  # older ones do not see polars' names
        assert_array_equal(fitted.feature_names_in_, names)
    expected = outcome(seeded(estimator).fit(X, y), X)
    assert_allclose(outcome(fitted, frame), expected, rtol=1e-10)


@every_predictor
@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
@pytest.mark.parametrize("container", [sp.csr_array, sp.csc_matrix, sp.coo_array])
def test_sparse_containers_and_indices_give_the_same_fit(
    estimator, index_dtype, container
):
    if not get_tags(estimator).input_tags.sparse:
        pytest.skip("takes dense arrays only")
    if type(estimator).__name__ in SLOWER_SPARSE_INTERCEPT:
        estimator = clone(estimator).set_params(fit_intercept=False)
    X, y = problem(estimator)
    X[X < 0] = 0
    expected = outcome(seeded(estimator).fit(X, y), X)
    X_sparse = container(X)
    for name in ("indices", "indptr", "row", "col"):
        if hasattr(X_sparse, name) and container is not sp.coo_array:
            setattr(X_sparse, name, getattr(X_sparse, name).astype(index_dtype))
    found = outcome(seeded(estimator).fit(X_sparse, y), X)
    if has_tree_members(estimator):  # these cut sparse columns at other places
        assert found.shape == expected.shape
    else:
        assert_allclose(found, expected, rtol=1e-4)


@every_predictor
def test_zero_weights_are_removed_rows(estimator):
    if not accepts(estimator, "sample_weight"):
        pytest.skip("takes no sample_weight")
    if type(estimator).__name__ in DEPENDENT_ON_ROW_ORDER:
        pytest.skip("draws its rows at random, from a different number of rows")
    X, y = problem(estimator, n=60)
    weight = np.tile([1.0, 2.0, 0.0], 20)
    kept = weight > 0
    estimator, alone = seeded(estimator), seeded(estimator)
    if "cv" in estimator.get_params():
        folds = np.arange(60) % 2
        splits = [
            (np.flatnonzero(folds == k), np.flatnonzero(folds != k)) for k in (0, 1)
        ]
        position = np.cumsum(kept) - 1
        estimator.set_params(cv=splits)
        alone.set_params(
            cv=[tuple(position[part[kept[part]]] for part in split) for split in splits]
        )
    estimator.fit(X, y, sample_weight=weight)
    alone.fit(X[kept], y[kept], sample_weight=weight[kept])
    assert_allclose(outcome(estimator, X), outcome(alone, X), rtol=1e-6)


# Bad input: a clear error, and nothing half-fitted


BAD_FITS = {
    "NaN in X": (lambda X, y: (np.where(X == X[3, 1], np.nan, X), y), "NaN"),
    "infinity in X": (lambda X, y: (np.where(X == X[3, 1], np.inf, X), y), "infinity"),
    "NaN in y": (lambda X, y: (X, _with(y, np.nan)), "y|NaN|infinity"),
    "infinity in y": (lambda X, y: (X, _with(y, np.inf)), "y|infinity"),
    "strings in X": (
        lambda X, y: (np.where(X == X[3, 1], "a word", X.astype(object)), y),
        "could not convert string|dtype|numeric",
    ),
    "too short y": (lambda X, y: (X, y[:-1]), "inconsistent|samples"),
    "no rows": (lambda X, y: (X[:0], y[:0]), "0 sample|minimum"),
    "no columns": (lambda X, y: (X[:, :0], y), r"0 feature\(s\)"),
    "flat X": (lambda X, y: (X[:, 0], y), "Expected 2D array|1D array"),
    "no y": (lambda X, y: (X, None), "y"),
}


def _with(y, value):
    y = y.astype(np.float64)
    y[3] = value
    return y


@every_predictor
@pytest.mark.parametrize("fault", BAD_FITS)
@pytest.mark.parametrize("fitted", [False, True], ids=["unfitted", "fitted"])
def test_failed_fit_says_why_and_leaves_the_estimator_alone(estimator, fault, fitted):
    spoil, message = BAD_FITS[fault]
    estimator = seeded(estimator)
    if fault == "NaN in X" and get_tags(estimator).input_tags.allow_nan:
        pytest.skip("takes missing values")
    X, y = problem(estimator)
    if fitted:
        estimator.fit(X[:, :4], y)
    before = state(estimator)
    with pytest.raises((ValueError, TypeError), match=message):
        estimator.fit(*spoil(X, y))
    assert_same_state(before, state(estimator))


@every_predictor
def test_failed_fit_of_a_frame_leaves_no_names_behind(estimator):
    pandas = pytest.importorskip("pandas")
    estimator = seeded(estimator)
    X, y = problem(estimator)
    frame = pandas.DataFrame(X).add_prefix("x")
    frame.loc[2, "x1"] = np.inf
    before = state(estimator)
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        estimator.fit(frame, y)
    assert_same_state(before, state(estimator))


@every_predictor
def test_bad_weights_are_refused_and_leave_the_estimator_alone(estimator):
    if not accepts(estimator, "sample_weight"):
        pytest.skip("takes no sample_weight")
    estimator = seeded(estimator)
    X, y = problem(estimator)
    before = state(estimator)
    for weight in (np.full(len(y), np.nan), np.ones(len(y) - 1), np.ones((len(y), 2))):
        with pytest.raises(ValueError, match=r"(?i)sample_weight|weight"):
            estimator.fit(X, y, sample_weight=weight)
        assert_same_state(before, state(estimator))


@every_predictor
def test_constant_columns_do_not_matter(estimator):
    X, y = problem(estimator)
    with_constants = np.column_stack([X, np.zeros(len(X)), np.full(len(X), 1.0)])
    fitted = seeded(estimator).fit(with_constants, y)
    assert np.all(np.isfinite(outcome(fitted, with_constants).astype(np.float64)))


# Moving estimators about


@every_predictor
def test_parallel_threads_and_processes(estimator):
    """Fits run side by side equal fits run alone; results cross processes."""
    X, y = problem(estimator)
    expected = outcome(seeded(estimator).fit(X, y), X)
    jobs = [joblib.delayed(_fit)(seeded(estimator), X, y) for _ in range(4)]
    for fitted in joblib.Parallel(n_jobs=2, prefer="threads")(jobs):
        assert_array_equal(outcome(fitted, X), expected)
    copied = pickle.loads(pickle.dumps(fitted, protocol=5))
    assert_array_equal(outcome(copied, X), expected)
    assert_same_state(state(fitted), state(copied))


def _fit(estimator, X, y):
    return estimator.fit(X, y)


def test_processes_under_a_grid_search():
    pytest.importorskip("sklreg.linear_model")
    from sklreg.linear_model import Lasso

    X, y = problem(Lasso())
    grid = {"alpha": [0.01, 0.1, 1.0]}
    alone = GridSearchCV(Lasso(), grid, cv=2).fit(X, y)
    with joblib.parallel_config("loky", n_jobs=2):
        apart = GridSearchCV(Lasso(), grid, cv=2).fit(X, y)
    assert_array_equal(
        alone.cv_results_["mean_test_score"], apart.cv_results_["mean_test_score"]
    )


@every_instance
def test_html_links_go_to_our_documentation(estimator):
    link = estimator._get_doc_link()
    assert link.startswith("https://sklreg.readthedocs.io/")
    assert type(estimator).__name__ in link


@pytest.mark.parametrize(
    "names",
    [
        pytest.param({"Lasso", "RidgeCV"}, id="some"),
        pytest.param(
            {type(estimator).__name__ for estimator in all_predictors()},
            id="all",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_scipy_array_api_mode(names):
    """Everything holds when SciPy runs in its array-API mode (set before import)."""
    script = """
        import sys, warnings
        from sklearn.utils.estimator_checks import check_estimator
        from tests._estimators import (
            CHECK_ARGUMENTS, all_predictors, expected_failures
        )

        warnings.simplefilter("ignore")
        for estimator in all_predictors():
            name = type(estimator).__name__
            if name in sys.argv[1:]:
                not_made = {
                    check: "made with other arguments in test_estimators"
                    for check in CHECK_ARGUMENTS.get(name, ())
                }
                not_made |= expected_failures(estimator)
                check_estimator(estimator, expected_failed_checks=not_made)
                print(name)
    """
    path = os.pathsep.join(sys.path)
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *names],
        env=os.environ | {"SCIPY_ARRAY_API": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert set(run.stdout.split()) == names
