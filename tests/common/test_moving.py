"""Estimators in other threads, processes and modes, and their representation."""

import os
import pickle
import subprocess
import sys
import textwrap

import joblib
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV

from tests._estimators import (
    all_predictors,
)
from tests.common._problems import (
    assert_same_state,
    every_instance,
    every_predictor,
    outcome,
    problem,
    seeded,
    state,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


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
