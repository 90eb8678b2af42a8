"""The package as a whole: light imports, public names, versions, doc links."""

import inspect
import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklreg
from tests._estimators import instances

ROOT = Path(sklreg.__file__).parents[1]
MODULES = [
    module.name
    for module in pkgutil.walk_packages(sklreg.__path__, "sklreg.")
    if not module.name.endswith("__main__")
]
PUBLIC_MODULES = ["sklreg"] + [
    name
    for name in MODULES
    if "._" not in name and hasattr(import_module(name), "__all__")
]


def public_objects():
    for module in PUBLIC_MODULES:
        for name in import_module(module).__all__:
            yield f"{module}.{name}", getattr(import_module(module), name)


ESTIMATORS = {
    name: thing
    for name, thing in public_objects()
    if inspect.isclass(thing) and issubclass(thing, BaseEstimator)
}


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout.split()


@pytest.mark.parametrize("module", ["sklreg", "sklreg.linear_model"])
def test_import_loads_nothing_heavy(module):
    loaded = run(f"import sys, {module}; print(*sys.modules)")
    assert module in loaded
    heavy = {"numba", "matplotlib", "imblearn", "pandas", "polars", "sklearn"}
    assert heavy.isdisjoint(loaded)


def test_modules_import_without_matplotlib():
    code = f"import sys, {', '.join(MODULES)}; print(*sys.modules)"
    loaded = run(code)
    assert set(MODULES) <= set(loaded)
    assert "matplotlib" not in loaded


@pytest.mark.parametrize("module", PUBLIC_MODULES)
def test_every_public_name_resolves(module):
    module = import_module(module)
    assert list(module.__all__) == list(dict.fromkeys(module.__all__))
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert name in dir(module)


@pytest.mark.parametrize("module", PUBLIC_MODULES)
def test_unknown_name_is_an_attribute_error(module, misspelt="Lassso"):
    with pytest.raises(AttributeError, match=r"has no attribute 'Lassso'"):
        getattr(import_module(module), misspelt)


def test_version_is_the_same_everywhere():
    try:
        installed = version("sklreg")
    except PackageNotFoundError:  # run from a checkout
        installed = sklreg.__version__
    assert installed == sklreg.__version__
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf8")
    assert f"\nversion: {sklreg.__version__}\n" in citation
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf8")
    assert f"## [{sklreg.__version__}]" in changelog


def test_show_versions(capsys):
    assert sklreg.show_versions() is None
    printed = capsys.readouterr().out
    assert re.search(rf"^ *sklreg: {re.escape(sklreg.__version__)}$", printed, re.M)
    for package in ("numpy", "scipy", "scikit-learn", "numba", "imbalanced-learn"):
        assert re.search(
            rf"^ *{package}: {re.escape(version(package))}$", printed, re.M
        )
    assert re.search(r"^ *cache: \S", printed, re.M)
    assert re.search(r"^ *blas \d: \S", printed, re.M)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_html_links_go_to_our_docs(name):
    url = f"https://sklreg.readthedocs.io/en/stable/generated/{name}.html"
    estimator = next(instances(ESTIMATORS[name]))
    html = estimator._repr_html_()
    assert f'href="{url}' in html
    if not hasattr(estimator, "estimator"):  # a wrapped one is scikit-learn's
        assert "https://scikit-learn.org" not in html


@pytest.mark.parametrize("name", ESTIMATORS)
def test_html_links_in_a_pipeline(name):
    estimator = next(instances(ESTIMATORS[name]))
    html = make_pipeline(StandardScaler(), estimator)._repr_html_()
    assert f"https://sklreg.readthedocs.io/en/stable/generated/{name}.html" in html


@pytest.mark.parametrize("name", ESTIMATORS)
def test_subclass_elsewhere_gets_no_link(name):
    class Mine(ESTIMATORS[name]):
        pass

    arguments = next(instances(ESTIMATORS[name])).get_params(deep=False)
    html = clone(Mine(**arguments))._repr_html_()
    assert "sklreg.readthedocs.io" not in html
    if "estimator" not in arguments:
        assert "https://scikit-learn.org" not in html
