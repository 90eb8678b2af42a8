"""A virtual environment for each peer whose pins clash with everybody else's."""

import os
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks import peers

ROOT = Path(__file__).resolve().parent
FOLDER = ROOT / ".envs"


def create(names=peers.NAMES):
    """Make what is missing of the environments of `names` and report on the way."""
    for name in names:
        requirements = peers.adapter(name).REQUIREMENTS
        if not requirements:
            continue
        if not _python(name).exists():
            print(f"{name}: installing {', '.join(requirements)}", flush=True)
            venv.create(FOLDER / name, with_pip=True)
        install = [_python(name), "-m", "pip", "install", "--quiet", *requirements]
        subprocess.run(install, check=True)


def command(name):
    """How the worker of this peer is started, without its arguments."""
    module = peers.adapter(name)
    if hasattr(module, "COMMAND"):
        return list(module.COMMAND)
    interpreter = _python(name) if module.REQUIREMENTS else sys.executable
    if not Path(interpreter).exists():
        raise FileNotFoundError(
            f"no environment for {name}: run `python -m benchmarks environments`"
        )
    return [str(interpreter), "-m", "benchmarks.worker"]


def variables(threads):
    """The environment variables that hold every library to `threads` threads."""
    limited = (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "RAYON_NUM_THREADS",
    )
    return os.environ | {name: str(threads) for name in limited} | _paths()


def _paths():
    inherited = os.environ.get("PYTHONPATH")
    root = str(ROOT.parent)
    return {"PYTHONPATH": os.pathsep.join([root, inherited] if inherited else [root])}


def _python(name):
    return FOLDER / name / ("Scripts" if os.name == "nt" else "bin") / "python"
