"""One adapter file a peer; a new peer is one file and one name in ``NAMES``.

An adapter is a module with

``LIBRARY``
    the module to import before the clock starts;
``DISTRIBUTION``
    the package whose version is reported;
``REQUIREMENTS``
    what pip installs into the peer's own environment, empty to use the runner's;
``TOLERANCES``
    its own stopping parameter from loose to tight, its default among them;
``path``, ``single``, ``lasso_cv``, ``elastic_net_cv``, ``ridge_cv``, ``logistic``,
``logistic_cv``, ``multinomial``
    functions ``(job, tol) -> Answer``, only those the peer can do.

Adapters import their library inside functions: the runner reads the tables above in
an environment where the library need not exist.
"""

import importlib
from typing import NamedTuple

import numpy as np

NAMES = (
    "sklreg",
    "scikit_learn",
    "saga",
    "lbfgs",
    "liblinear",
    "celer",
    "skglm",
    "adelie",
    "skein",
    "glmnet",
)

CLASSES = ("logistic", "logistic_cv", "multinomial")
TASKS = ("path", "single", "lasso_cv", "elastic_net_cv", "ridge_cv", *CLASSES)


class Answer(NamedTuple):
    """Coefficients ``(n_features, n_alphas)``, intercepts, and a choice if any.

    ``chosen`` is ``(alpha, l1_ratio)`` after cross-validation, else empty.
    """

    coefs: np.ndarray
    intercepts: np.ndarray
    chosen: tuple = ()


def adapter(name):
    """The module of the peer called `name`."""
    if name not in NAMES:
        raise ValueError(f"unknown peer {name!r}; known: {', '.join(NAMES)}")
    return importlib.import_module(f"benchmarks.peers.{name}")


def tasks(name):
    """The tasks this peer can do, in the order of ``TASKS``."""
    module = adapter(name)
    listed = getattr(module, "TASKS", None)
    return [
        task
        for task in TASKS
        if (task in listed if listed is not None else hasattr(module, task))
    ]
