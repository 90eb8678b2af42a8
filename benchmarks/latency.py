"""What a user waits for before the first answer: imports, compilation, first fit.

Every figure is the fastest of some fresh processes. An *empty cache* is a new
``NUMBA_CACHE_DIR``, so that nothing compiled before is found; a *warm* one has been
filled by the process before it. Python may write bytecode, which an installation has.
"""

import os
import subprocess
import sys
import tempfile

from benchmarks import environments

FIT = """
import numpy as np
from {library}.linear_model import Lasso
rng = np.random.default_rng(0)
X = rng.standard_normal((200, 50))
y = X[:, 0] + rng.standard_normal(200)
start = time.perf_counter()
Lasso(alpha=0.1).fit(X, y)
print(time.perf_counter() - start)
"""


def measure(repeats=3):
    """Seconds by name; see the module's docstring."""
    with tempfile.TemporaryDirectory() as warm:
        _process(_fit("sklreg"), warm)  # fills the cache
        return {
            "import sklreg": _fastest("import sklreg", warm, repeats),
            "import sklreg.linear_model": _fastest(
                "from sklreg.linear_model import Lasso", warm, repeats
            ),
            "import sklearn": _fastest("import sklearn", warm, repeats),
            "import sklearn.linear_model": _fastest(
                "from sklearn.linear_model import Lasso", warm, repeats
            ),
            "sklearn, import and first fit": _fastest(_fit("sklearn"), warm, repeats),
            "sklreg, import and first fit, warm cache": _fastest(
                _fit("sklreg"), warm, repeats
            ),
            "sklreg, import and first fit, empty cache": _fastest(
                _fit("sklreg"), None, repeats
            ),
            "sklreg, first fit alone, warm cache": _fastest(
                _fit("sklreg"), warm, repeats, last_line=True
            ),
            "sklreg, first fit alone, empty cache": _fastest(
                _fit("sklreg"), None, repeats, last_line=True
            ),
        }


def report(repeats=3):
    for name, seconds in measure(repeats).items():
        print(f"{name:45s} {seconds:7.3f} s")


def _fit(library):
    return FIT.format(library=library)


def _fastest(code, cache, repeats, last_line=False):
    return min(_timed(code, cache)[last_line] for _ in range(repeats))


def _timed(code, cache):
    """Seconds of the whole program, and of its last fit if it prints one."""
    if cache is not None:
        return _process(code, cache)
    with tempfile.TemporaryDirectory() as empty:
        return _process(code, empty)


def _process(code, cache):
    program = (
        "import time; start_of_program = time.perf_counter()\n"
        + code
        + "\nprint(time.perf_counter() - start_of_program)"
    )
    variables = environments.variables(os.cpu_count()) | {"NUMBA_CACHE_DIR": cache}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    output = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        text=True,
        env=variables,
    ).stdout.split()
    return float(output[-1]), float(output[-2]) if len(output) > 1 else float("nan")
