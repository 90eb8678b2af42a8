"""Which estimators are tested, small data for them, and how they are compared."""

import copy
import pickle

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.datasets import make_classification, make_regression
from sklearn.tree._tree import Tree

from tests._estimators import (
    accepts,
    all_estimators,
    all_instances,
    all_predictors,
    estimator_id,
    namesake,
)

NEWEST = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 9)

every_instance = pytest.mark.parametrize("estimator", all_instances(), ids=estimator_id)
every_class = pytest.mark.parametrize(
    "estimator_class", all_estimators(), ids=lambda cls: cls.__name__
)
every_class_with_namesake = pytest.mark.parametrize(
    "estimator_class",
    [cls for cls in all_estimators() if namesake(cls) is not None],
    ids=lambda cls: cls.__name__,
)


def predictors(holds):
    """A mark: the test is for every predictor of which ``holds`` is true."""
    chosen = [estimator for estimator in all_predictors() if holds(estimator)]
    return pytest.mark.parametrize("estimator", chosen, ids=estimator_id)


every_predictor = predictors(lambda estimator: True)
every_weighted_predictor = predictors(lambda e: accepts(e, "sample_weight"))


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
