"""Parameters, attributes and documentation of every public object."""

import inspect
import re

import pytest

from tests._estimators import (
    all_public,
    instances,
    namesake,
)
from tests.common._problems import (
    NEWEST,
    every_class,
    every_class_with_namesake,
    problem,
    seeded,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@every_class_with_namesake
@pytest.mark.skipif(not NEWEST, reason="our parameters are those of scikit-learn 1.9")
def test_parameters_are_those_of_the_namesake_and_more(estimator_class):
    theirs = namesake(estimator_class)
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


@every_class_with_namesake
@pytest.mark.skipif(not NEWEST, reason="our attributes are those of scikit-learn 1.9")
def test_attributes_and_methods_are_those_of_the_namesake_and_more(estimator_class):
    theirs = namesake(estimator_class)
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
