"""Discovery of every public estimator, and instances of them to test.

Estimators are found by walking the lazily declared ``__all__`` of the package, so a new
one is tested by being exported. One that cannot be built without arguments, or that
needs others to be tested quickly, has a line in :data:`ARGUMENTS`.
"""

import inspect
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from sklearn import linear_model
from sklearn.base import BaseEstimator, ClassifierMixin

import sklreg

# Name of an estimator to lists of arguments, one instance each. These are the arguments
# with which scikit-learn tests the namesake: small problems need few folds.
ARGUMENTS = {
    "BaggingClassifier": [{"n_estimators": 5}],
    "BaggingRegressor": [
        {"n_estimators": 5},
        {"n_estimators": 5, "estimator": sklreg.linear_model.Ridge()},
    ],
    "ElasticNetCV": [{"cv": 3}],
    "GradientBoostingClassifier": [{"n_estimators": 5}],
    "GradientBoostingRegressor": [
        {"n_estimators": 5},
        {"n_estimators": 5, "estimator": sklreg.ensemble.ComponentwiseLeastSquares()},
    ],
    "KMeansSMOTE": [{"kmeans_estimator": 12}],  # as imbalanced-learn checks its own
    "LassoCV": [{"cv": 3}],
    "LogisticRegressionCV": [
        {
            "Cs": 3,
            "cv": 3,
            "l1_ratios": (0.0,),
            "scoring": "neg_log_loss",
            "use_legacy_attributes": False,
        }
    ],
    "StabilitySelection": [{"n_resamples": 6, "threshold": 0.5}],
    "SMOTENC": [{"categorical_features": [1]}],
}

# As scikit-learn's own per-check parameters: the direct solvers have no iterations to
# count (``n_iter_`` is None, there as here), so one that iterates takes that check.
CHECK_ARGUMENTS = {
    "Ridge": {"check_non_transformer_estimators_n_iter": {"solver": "lsqr"}},
}

# Their fits depend on which rows are drawn, so that a row of weight zero matters.
DEPENDENT_ON_ROW_ORDER = {
    "BaggingClassifier",
    "BaggingRegressor",
    "MLPClassifier",
    "MLPRegressor",
    "SGDClassifier",
    "SGDRegressor",
}

# Checks that scikit-learn's class of the same name fails too, and why.
_SAMPLES_DRAWN = (
    "a row of weight zero, or a row twice instead of a weight of two, changes which "
    "rows are drawn, or in which order"
)
EXPECTED_FAILURES = {
    name: {
        "check_sample_weight_equivalence_on_dense_data": _SAMPLES_DRAWN,
        "check_sample_weight_equivalence_on_sparse_data": _SAMPLES_DRAWN,
    }
    for name in (
        "BaggingClassifier",
        "BaggingRegressor",
        "SGDClassifier",
        "SGDRegressor",
    )
}

# On sparse data, as in scikit-learn, the intercept takes smaller steps.
SLOWER_SPARSE_INTERCEPT = {"SGDClassifier", "SGDRegressor"}


def has_tree_members(estimator):
    """Return whether an ensemble grows scikit-learn's trees."""
    is_ensemble = type(estimator).__module__.startswith("sklreg.ensemble")
    return is_ensemble and getattr(estimator, "estimator", 0) is None


def expected_failures(estimator):
    """Return the checks that an estimator may fail, with reasons."""
    if "Boosting" in type(estimator).__name__ and has_tree_members(estimator):
        return {
            check: "a tree breaks ties by the number of rows, as the namesake's does"
            for check in EXPECTED_FAILURES["BaggingRegressor"]
        }
    return EXPECTED_FAILURES.get(type(estimator).__name__, {})


def all_public():
    """Return the sorted (name, object) pairs of all that the subpackages export."""
    found = {}
    for name in sklreg.__all__:
        package = getattr(sklreg, name)
        if isinstance(package, ModuleType):
            for public in getattr(package, "__all__", ()):
                found[f"{name}.{public}"] = getattr(package, public)
    return sorted(found.items())


def all_estimators():
    """Return every public estimator class."""
    return [
        value
        for _, value in all_public()
        if inspect.isclass(value) and issubclass(value, BaseEstimator)
    ]


def instances(estimator_class):
    """Yield the instances under which a class is tested."""
    for arguments in ARGUMENTS.get(estimator_class.__name__, [{}]):
        yield estimator_class(**_required(estimator_class), **arguments)


def all_instances():
    """Return instances of every estimator."""
    return [instance for cls in all_estimators() for instance in instances(cls)]


def all_predictors():
    """Return instances of those that predict; samplers and transformers left out."""
    return [instance for instance in all_instances() if hasattr(instance, "predict")]


def all_transformers():
    """Return instances of those that transform."""
    return [instance for instance in all_instances() if hasattr(instance, "transform")]


def namesake(estimator_class):
    """Return scikit-learn's estimator of the same package and name, or None."""
    package = estimator_class.__module__.split(".")[1]
    if find_spec(f"sklearn.{package}") is None:
        return None
    return getattr(import_module(f"sklearn.{package}"), estimator_class.__name__, None)


def accepts(estimator, parameter, method="fit"):
    """Return whether a method takes a parameter of this name."""
    return parameter in inspect.signature(getattr(estimator, method)).parameters


def estimator_id(estimator):
    """Return an identifier for parametrised tests."""
    return type(estimator).__name__ if isinstance(estimator, BaseEstimator) else None


def _required(estimator_class):
    """Arguments for parameters without a default: the estimator that is wrapped."""
    given = ARGUMENTS.get(estimator_class.__name__, [{}])[0]
    missing = [
        name
        for name, parameter in inspect.signature(estimator_class).parameters.items()
        if parameter.default is parameter.empty and name not in given
    ]
    if not missing:
        return {}
    assert missing == ["estimator"], f"give arguments for {estimator_class} here"
    classifier = issubclass(estimator_class, ClassifierMixin)
    inner = linear_model.LogisticRegression() if classifier else linear_model.Ridge()
    return {"estimator": inner}
