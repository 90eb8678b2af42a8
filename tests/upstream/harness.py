"""Load another package's test module with our classes in place of theirs.

The module's source is executed while the public names of their namespace are ours, so
that its imports, its tables and its parametrisations all hold our classes.
"""

import ast
import fnmatch
import functools
import importlib
import importlib.util
import inspect
import sys
import types
import warnings
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

from packaging.requirements import Requirement


class Substitution:
    """Our public names in place of theirs, for as long as a ``with`` block lasts."""

    def __init__(self, theirs, ours):
        self.namespace = importlib.import_module(theirs)
        home = importlib.import_module(ours)
        self.names = {
            name: getattr(home, name)
            for name in home.__all__
            if hasattr(self.namespace, name)
        }

    @contextmanager
    def applied(self):
        originals = {name: getattr(self.namespace, name) for name in self.names}
        self._set(self.names)
        try:
            yield
        finally:
            self._set(originals)

    def _set(self, names):
        for name, value in names.items():
            setattr(self.namespace, name, value)


def unmet(requirement):
    """Return why an installed distribution does not do, or None."""
    requirement = Requirement(requirement)
    try:
        installed = version(requirement.name)
    except PackageNotFoundError:
        return f"{requirement.name} is not installed"
    if requirement.specifier.contains(installed, prereleases=True):
        return None
    return f"needs {requirement}, found {installed}"


def load(name, substitution):
    """Execute module `name` anew under `substitution`; return (module, its AST)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # First as it is: what it imports must not see the substitution, and stays.
        importlib.import_module(name)
        spec = importlib.util.find_spec(name)
        with open(spec.origin, encoding="utf-8") as source:
            tree = ast.parse(source.read(), spec.origin)
        module = types.ModuleType(name)
        module.__file__ = spec.origin
        module.__spec__ = spec
        module.__package__ = spec.parent
        sys.modules[name] = module  # local classes are pickled by this name
        with substitution.applied():
            exec(compile(tree, spec.origin, "exec", dont_inherit=True), vars(module))
    return module, tree


class Exercise:
    """Tells which tests of a module exercise one of our names.

    A test does if its body, or a helper or fixture of the module that it uses, names
    one of ours (other than to ask ``isinstance``), or if a parameter holds one.
    """

    def __init__(self, tree, ours):
        self.ours = set(ours)
        self.objects = tuple(ours.values())
        self.uses = _uses_by_name(tree)

    def by(self, item):
        """Return whether a pytest function item exercises one of our names."""
        callspec = getattr(item, "callspec", None)
        values = list(callspec.params.values()) if callspec else []
        named = {item.originalname, *item.fixturenames}
        return self._holds(values) or self._reaches(named)

    def _reaches(self, names):
        seen, front = set(), set(names)
        while front:
            if front & self.ours:
                return True
            seen |= front
            front = set().union(*(self.uses.get(name, ()) for name in front)) - seen
        return False

    def _holds(self, value, depth=0):
        if depth > 6:
            return False
        if inspect.isclass(value) or callable(value):
            if any(value is ours for ours in self.objects):
                return True
        if inspect.isfunction(value):
            return self._reaches({value.__name__})
        if type(value) in self.objects:
            return True
        if isinstance(value, functools.partial):
            parts = [value.func, value.args, value.keywords]
        elif isinstance(value, dict):
            parts = [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set):
            parts = value
        elif hasattr(value, "get_params") and not inspect.isclass(value):
            parts = list(value.get_params(deep=False).values())
        else:
            return False
        return any(self._holds(part, depth + 1) for part in parts)


class _Names(ast.NodeVisitor):
    """Names loaded below a node; the classes asked for by isinstance left out."""

    def __init__(self):
        self.found = set()

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load):
            self.found.add(node.id)

    def visit_Attribute(self, node):
        self.found.add(node.attr)  # linear_model.Lasso
        self.generic_visit(node)

    def visit_Call(self, node):
        if isinstance(node.func, ast.Name) and node.func.id in (
            "isinstance",
            "issubclass",
        ):
            self.visit(node.args[0])
        else:
            self.generic_visit(node)

    def visit_ImportFrom(self, node):
        self.found.update(alias.name for alias in node.names)


def _names(*nodes):
    visitor = _Names()
    for node in nodes:
        visitor.visit(node)
    return visitor.found


def _uses_by_name(tree):
    """Map every top-level function, class or variable to the names that it uses."""
    uses = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            arguments = {argument.arg for argument in node.args.args}
            found = _names(*node.body) | arguments
            # parameters of a fixture are not seen as parameters of its tests
            for decorator in node.decorator_list:
                if "fixture" in ast.unparse(decorator):
                    found |= _names(decorator)
            uses[node.name] = found
        elif isinstance(node, ast.ClassDef):
            uses[node.name] = _names(*node.body, *node.bases)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    uses[target.id] = _names(node.value)
    return uses


def reason_listed(item, listed):
    """Return the (pattern, reason) under which a test is listed, or None."""
    for pattern, reason in listed.items():
        # brackets are part of test names here, not a set of characters
        glob = pattern.replace("[", "[[]")
        if item.originalname == pattern or fnmatch.fnmatchcase(item.name, glob):
            return pattern, reason
    return None
