"""What a bug report needs to know about an installation."""

import os
import platform
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from sklreg import __version__

DEPENDENCIES = (
    "pip",
    "numpy",
    "scipy",
    "scikit-learn",
    "numba",
    "llvmlite",
    "imbalanced-learn",
    "joblib",
    "threadpoolctl",
    "pandas",
    "polars",
    "matplotlib",
)


def show_versions():
    """Print the versions and the threading that a bug report should state.

    Python and the platform, the dependencies' versions, numba's threads and
    cache folder, and the BLAS and OpenMP libraries that are loaded.

    Examples
    --------
    >>> import sklreg
    >>> sklreg.show_versions()
    System:
    ...
    Packages:
          sklreg: ...
    """
    _print_section("System", _system())
    _print_section("Packages", _packages())
    _print_section("numba", _numba())
    _print_section("Threads", _threads())


def _print_section(title, entries):
    width = max(map(len, entries), default=0)
    print(f"{title}:")
    for name, entry in entries.items():
        print(f"{name:>{width}}: {entry}")
    print()


def _system():
    return {
        "python": sys.version.replace("\n", " "),
        "executable": sys.executable,
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
    }


def _packages():
    return {"sklreg": __version__} | {name: _version(name) for name in DEPENDENCIES}


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _numba():
    from numba import config  # deferred: nothing here may cost an import of sklreg

    return {
        "threads": config.NUMBA_NUM_THREADS,
        "threading layer": config.THREADING_LAYER,
        "cache": config.CACHE_DIR or "__pycache__ beside the kernels",
    }


def _threads():
    from threadpoolctl import threadpool_info

    import_module("scipy.linalg")  # only loaded libraries are seen
    return {
        f"{library['user_api']} {number}": (
            f"{library['internal_api']} {library['version'] or ''}".rstrip()
            + f", {library['num_threads']} threads, {library['filepath']}"
        )
        for number, library in enumerate(threadpool_info())
    }
