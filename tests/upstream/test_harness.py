"""The harness itself: what is replaced, what counts as ours, what a listing means."""

import ast
import types

import pytest
from sklearn import linear_model
from sklearn.pipeline import make_pipeline

from tests.upstream.harness import Exercise, Substitution, load, reason_listed, unmet


class Ours:
    def get_params(self, deep=True):
        return {}


SOURCE = """
TABLE = [Ours, Theirs]

@pytest.fixture(params=[Ours])
def model(request):
    return request.param()

def helper():
    return Ours()

def test_direct():
    Ours()

def test_through_helper():
    helper()

def test_through_table():
    for cls in TABLE:
        cls()

def test_imports_inside():
    from somewhere import Ours

def test_only_asks(other):
    if isinstance(other, Ours):
        pass

def test_theirs(value):
    Theirs(value)
"""


def fake_item(name, fixturenames=(), **params):
    return types.SimpleNamespace(
        originalname=name,
        name=f"{name}[{'-'.join(map(str, params))}]" if params else name,
        fixturenames=[*fixturenames, *params],
        callspec=types.SimpleNamespace(params=params),
    )


@pytest.mark.parametrize(
    "item, expected",
    [
        (fake_item("test_direct"), True),
        (fake_item("test_through_helper"), True),
        (fake_item("test_through_table"), True),
        (fake_item("test_imports_inside"), True),
        (fake_item("test_only_asks", ["model"]), True),
        (fake_item("test_only_asks"), False),
        (fake_item("test_theirs"), False),
        (fake_item("test_theirs", value=Ours), True),
        (fake_item("test_theirs", value=Ours()), True),
        (fake_item("test_theirs", value=(1, [Ours()])), True),
        (fake_item("test_theirs", value={"cls": Ours}), True),
        (fake_item("test_theirs", value=make_pipeline(Ours())), True),
        (fake_item("test_theirs", value="Ours"), False),
    ],
)
def test_exercise_is_told_from_mention(item, expected):
    exercise = Exercise(ast.parse(SOURCE), {"Ours": Ours})
    assert exercise.by(item) is expected


def test_substitution_lasts_as_long_as_its_block():
    original = linear_model.Ridge
    substitution = Substitution("sklearn.linear_model", "sklreg.linear_model")
    with substitution.applied():
        assert linear_model.Ridge.__module__.startswith("sklreg.")
        assert linear_model.LinearRegression.__module__.startswith("sklearn.")
    assert linear_model.Ridge is original


@pytest.mark.skipif(
    unmet("scikit-learn>=1.9") is not None, reason="our names match scikit-learn 1.9"
)
def test_a_loaded_module_holds_ours():
    substitution = Substitution("sklearn.linear_model", "sklreg.linear_model")
    module, _ = load("sklearn.linear_model.tests.test_common", substitution)
    assert module.Lasso is substitution.names["Lasso"]
    marks = module.test_linear_model_regressor_coef_shape.pytestmark
    regressors = next(mark.args[1] for mark in marks if mark.args[0] == "Regressor")
    assert module.Lasso in regressors
    assert linear_model.Lasso not in regressors


def test_listing_by_name_and_by_glob():
    listed = {"test_a": "one", "test_b[x-*]": "two"}
    assert reason_listed(fake_item("test_a", p=1), listed) == ("test_a", "one")
    item = types.SimpleNamespace(originalname="test_b", name="test_b[x-1]")
    assert reason_listed(item, listed) == ("test_b[x-*]", "two")
    item = types.SimpleNamespace(originalname="test_b", name="test_b[y-1]")
    assert reason_listed(item, listed) is None


def test_unmet_requirements_are_told():
    assert unmet("scikit-learn>=1.0") is None
    assert "found" in unmet("scikit-learn>=99")
    assert "not installed" in unmet("no-such-distribution-at-all>=1")
