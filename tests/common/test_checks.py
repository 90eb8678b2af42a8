"""scikit-learn's checks on every public estimator, and those that it leaves out."""

import pytest
from sklearn.base import clone
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests._estimators import (
    CHECK_ARGUMENTS,
    accepts,
    all_instances,
    estimator_id,
    expected_failures,
    instances,
    namesake,
)
from tests.common._problems import NEWEST, every_class_with_namesake

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


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


@every_class_with_namesake
@pytest.mark.skipif(not NEWEST, reason="the table is that of scikit-learn 1.9")
def test_what_may_fail_is_what_the_namesake_fails(estimator_class):
    from sklearn.utils._test_common import instance_generator

    for estimator in instances(estimator_class):
        expected = set(expected_failures(estimator))
        theirs = instance_generator.PER_ESTIMATOR_XFAIL_CHECKS.get(
            namesake(estimator_class), {}
        )
        assert expected <= set(theirs)


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
