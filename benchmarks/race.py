"""Time peers in turns on the same problem, to the same objective.

    python -m benchmarks.race [configuration] [--peers …] [--problems …] [--target 1e-6]

A process for each peer stays open. The loosest of a peer's tolerances that brings the
objective gap down to the target is looked for first; then all are called in turns, so
that whatever else the machine does meets everybody alike. The table gives the least
seconds of each peer, ours over the fastest other, and at the end geometric means.
"""

import argparse
import contextlib
import functools
import os
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import configurations, peers, problems, runner, storage
from benchmarks.session import Session, WorkerError, WorkerTimeout

OURS = "sklreg"


def main(arguments=None):
    options = _parser().parse_args(arguments)
    if options.peers_target is None:
        options.peers_target = options.target
    if options.data is not None:
        os.environ[problems.DATA_VARIABLE] = str(Path(options.data).resolve())
    ratios = {}
    for configuration in configurations.NAMED[options.configuration]:
        for case in filter(functools.partial(_is_wanted, options), configuration.cases):
            able = (name for name in options.peers if case.task in peers.tasks(name))
            try:
                seconds = race(
                    case, [name for name in able if name in case.peers], options
                )
            except problems.UnavailableError as error:
                print(f"{case.problem} left out: {error}", flush=True)
                continue
            print(f"{case.problem}, {case.label}", flush=True)
            for name, (time, gap) in seconds.items():
                print(f"    {name:12s} {time:8.4f} s   gap {gap:.1e}", flush=True)
            others = {name: seconds[name][0] for name in seconds if name != OURS}
            if OURS in seconds and others:
                fastest = min(others, key=others.get)
                ratio = seconds[OURS][0] / others[fastest]
                ratios.setdefault(case.l1_ratio, []).append(ratio)
                print(f"    {ratio:.2f} of {fastest}", flush=True)
    for l1_ratio, found in ratios.items():
        mean = np.exp(np.mean(np.log(found)))
        print(f"l1_ratio {l1_ratio:g}: {mean:.2f} of the fastest, geometric mean")


def _is_wanted(options, case):
    return (
        (not options.problems or case.problem in options.problems)
        and (not options.l1_ratios or case.l1_ratio in options.l1_ratios)
        and (not options.eps or case.eps in options.eps)
        and (not options.tasks or case.task in options.tasks)
        and (options.threads is None or case.threads == options.threads)
        and (options.intercept is None or case.fit_intercept == bool(options.intercept))
    )


def race(case, names, options):
    """Return ``{peer: (seconds, gap)}`` of those that reach the target."""
    problem = runner.stored(case.problem)
    alphas, largest = runner.grid(case, problem)
    found = {}
    with contextlib.ExitStack() as stack:
        workers, reaching = {}, {}
        for name in names:
            job = stack.enter_context(tempfile.TemporaryDirectory())
            alphas.tofile(Path(job) / "alphas.f64")
            arguments = runner.arguments_of(case, name, job, largest, budget=0.0)
            target = options.target if name == OURS else options.peers_target
            try:
                worker = stack.enter_context(
                    Session(name, arguments, threads=case.threads, limit=options.limit)
                )
                for tol in runner.own_tolerances(case, name):
                    measured = worker.measure(tol)
                    answer = storage.read_answer(job, problem.X.shape[1])
                    gap = runner.quality(case, problem, alphas, answer)["gap"]
                    if gap <= target:
                        workers[name], reaching[name] = worker, tol
                        found[name] = measured.seconds[-1], gap
                        break
            except (WorkerTimeout, WorkerError, FileNotFoundError) as error:
                print(f"    {name}: {error}", flush=True)
        _take_turns(workers, reaching, found, options)
    return found


def _take_turns(workers, reaching, found, options):
    """Improve on the seconds found; only once where they are many."""
    for turn in range(options.rounds):
        for name, worker in list(workers.items()):
            if turn and found[name][0] > options.once:
                continue
            try:
                time = worker.measure(reaching[name]).seconds[-1]
            except WorkerTimeout as error:
                print(f"    {name}, once more: {error}", flush=True)
                del workers[name]
                continue
            gap = found[name][1]
            found[name] = (min(found[name][0], time) if turn else time), gap


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.race",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "configuration",
        nargs="?",
        default="logistic",
        choices=configurations.NAMED,
    )
    parser.add_argument("--peers", nargs="+", choices=peers.NAMES, default=peers.NAMES)
    parser.add_argument("--problems", nargs="+", help="only these of its problems")
    parser.add_argument("--tasks", nargs="+", help="only these")
    parser.add_argument("--eps", nargs="+", type=float, help="only these")
    parser.add_argument("--threads", type=int, help="only the cases with so many")
    parser.add_argument("--l1-ratios", nargs="+", type=float, help="only these")
    parser.add_argument("--intercept", type=int, choices=(0, 1), help="only these")
    parser.add_argument("--target", type=float, default=1e-6, help="objective gap")
    parser.add_argument("--peers-target", type=float, help="theirs, where it differs")
    parser.add_argument("--data", help="folder of the local data sets")
    parser.add_argument("--rounds", type=int, default=5, help="calls of each peer")
    parser.add_argument("--once", type=float, default=3.0, help="seconds for one call")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds of a call")
    return parser


if __name__ == "__main__":
    main()
