"""Run other packages' own tests with our classes in place of theirs.

Which modules, and which of their tests may fail and why, stands in ``modules.toml``,
which pytest collects like a test file: ``pytest tests/upstream/modules.toml``, or
``pytest "tests/upstream/modules.toml::test_ridge"`` for one of them.
"""

import os
import tomllib
import warnings
from contextlib import nullcontext

import numpy as np
import pytest

from tests.upstream.harness import Exercise, Substitution, load, reason_listed, unmet

OURS = pytest.StashKey[bool]()


@pytest.fixture
def global_random_seed():
    """Scikit-learn's seed when it tests with a single one."""
    return int(os.environ.get("SKLEARN_TESTS_GLOBAL_RANDOM_SEED", 42))


@pytest.fixture(params=[np.float32, np.float64])
def global_dtype(request):
    return request.param


@pytest.fixture
def pyplot():
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.close("all")
    yield plt
    plt.close("all")


@pytest.fixture(autouse=True)
def _substituted(request):
    """Imports inside tests find our classes too."""
    module = request.node.getparent(UpstreamModule)
    with module.substitution.applied() if module else nullcontext():
        yield


def pytest_configure(config):
    for marker in ("thread_unsafe", "no_check_spmatrix"):
        config.addinivalue_line("markers", f"{marker}: of scikit-learn's tests")


def pytest_collect_file(file_path, parent):
    if file_path.name == "modules.toml":
        return UpstreamTable.from_parent(parent, path=file_path)
    return None


class UpstreamTable(pytest.File):
    """``modules.toml``: a collector with one module below it for every table."""

    def collect(self):
        for name, entry in tomllib.loads(self.path.read_text("utf-8")).items():
            yield UpstreamModule.from_parent(
                self,
                path=self.path,
                name=name,
                nodeid=f"{self.nodeid}::{name}",
                entry=entry,
            )


class UpstreamModule(pytest.Module):
    """A test module from an installed wheel, executed with our names in it."""

    def __init__(self, *, entry, **kwargs):
        super().__init__(**kwargs)
        self.entry = entry

    def _getobj(self):
        self.substitution = Substitution(self.entry["theirs"], self.entry["ours"])
        module, tree = load(self.entry["module"], self.substitution)
        self.exercise = Exercise(tree, self.substitution.names)
        return module

    def collect(self):
        if problem := unmet(self.entry["requires"]):
            pytest.skip(problem, allow_module_level=True)
        listed = self.entry.get("listed", {})
        with warnings.catch_warnings():  # theirs, about how their tests are written
            warnings.simplefilter("ignore")
            items = [item for child in super().collect() for item in _functions(child)]
        unused = set(listed)
        for item in items:
            item.stash[OURS] = self.exercise.by(item)
            if not item.stash[OURS]:
                continue
            _prepare(item)
            if found := reason_listed(item, listed):
                pattern, reason = found
                unused.discard(pattern)
                item.add_marker(pytest.mark.xfail(reason=f"listed: {reason}"))
        if unused:
            raise self.CollectError(
                f"listed under {self.name}, but no test that exercises a class of "
                f"ours has this name: {', '.join(sorted(unused))}"
            )
        return items


def pytest_collection_modifyitems(config, items):
    others = [item for item in items if not item.stash.get(OURS, True)]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item.stash.get(OURS, True)]


def _functions(node):
    if isinstance(node, pytest.Collector):
        for child in node.collect():
            yield from _functions(child)
    else:
        yield node


def _prepare(item):
    """Give a test the surroundings that its own package gives it."""
    # their tests are not run with warnings as errors; marks of their own come later
    item.add_marker(pytest.mark.filterwarnings("ignore"), append=False)
    # what they expect to fail with their classes may well pass with ours
    item.own_markers[:] = [
        pytest.mark.xfail(*mark.args, **{"strict": False} | mark.kwargs).mark
        if mark.name == "xfail"
        else mark
        for mark in item.own_markers
    ]
