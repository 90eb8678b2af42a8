"""One peer at work in a process of its own, driven line by line by the runner.

Reads a tolerance a line from standard input, solves, leaves the answer in the job's
folder and prints ``ok <kB before> <kB at peak> <seconds> <seconds> …`` (the calls in
the order they were made) or ``error <message>``. ``glmnet.R`` speaks the same protocol.

The job's folder holds ``alphas.f64`` and gets the answer; see :mod:`storage`.
"""

import argparse
import gc
import importlib
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import memory, peers, storage

MAX_CALLS = 7


@dataclass(frozen=True)
class Job:
    """What an adapter is given: the data and the problem to solve on them.

    ``alphas`` is decreasing; a single fit has one. ``scale`` is the smallest alpha
    with an empty model, for peers whose tolerance is absolute.
    """

    X: np.ndarray
    y: np.ndarray
    alphas: np.ndarray
    l1_ratio: float
    scale: float
    threads: int
    fit_intercept: bool = True


def main(arguments=None):
    options = _parse(arguments)
    problem = storage.read_problem(options.problem)
    job = Job(
        X=problem.X,
        y=problem.y,
        alphas=np.fromfile(Path(options.job) / "alphas.f64"),
        l1_ratio=options.l1_ratio,
        scale=options.scale,
        threads=options.threads,
        fit_intercept=bool(options.fit_intercept),
    )
    adapter = peers.adapter(options.peer)
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    library = importlib.import_module(adapter.LIBRARY)
    for name in getattr(library, "__all__", ()):  # a lazy package loads now
        getattr(library, name)
    print("ready", time.perf_counter() - start, _version(adapter), flush=True)
    solve = getattr(adapter, options.task)
    first = True
    for line in sys.stdin:
        try:
            print("ok", *_measure(solve, job, float(line), options, first), flush=True)
        except Exception as error:
            print("error", type(error).__name__, str(error).split("\n")[0], flush=True)
        first = False


def _measure(solve, job, tol, options, first):
    """Time calls until the budget is spent; the first of a process is never alone."""
    gc.collect()
    memory.reset_peak()
    before = memory.resident_kb()
    seconds, spent = [], 0.0
    least = 2 if first else 1
    while len(seconds) < least or (spent < options.budget and len(seconds) < MAX_CALLS):
        start = time.perf_counter()
        answer = solve(job, tol)
        seconds.append(time.perf_counter() - start)
        if len(seconds) == 1:
            peak = memory.peak_kb()
            storage.write_answer(answer, options.job)
        if len(seconds) > 1 or not first:  # compiling is not charged to the budget
            spent += seconds[-1]
    return before, peak, *seconds


def _version(adapter):
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(adapter.DISTRIBUTION)
    except PackageNotFoundError:  # a source tree on the path
        return importlib.import_module(adapter.LIBRARY.split(".")[0]).__version__


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("problem")
    parser.add_argument("job")
    parser.add_argument("peer")
    parser.add_argument("task")
    parser.add_argument("l1_ratio", type=float)
    parser.add_argument("scale", type=float)
    parser.add_argument("threads", type=int)
    parser.add_argument("budget", type=float)
    parser.add_argument("fit_intercept", type=int)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
