"""Time peers in turns on the same problem, to the same objective.

    python -m benchmarks.race [configuration] [--peers …] [--problems …] [--target 1e-6]

A process for each peer stays open. The loosest of a peer's tolerances that brings the
objective gap down to the target is looked for first; then all are called in turns, so
that whatever else the machine does meets everybody alike. The table gives the least
seconds of each peer, ours over the fastest other, and at the end geometric means.
"""

import argparse
import contextlib
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import configurations, logistic_certificate, peers, runner, storage
from benchmarks.session import Session, WorkerError, WorkerTimeout

OURS = "sklreg"
TASKS = ("logistic", "multinomial")


def main(arguments=None):
    options = _parser().parse_args(arguments)
    ratios = {}
    for configuration in configurations.NAMED[options.configuration]:
        for case in configuration.cases:
            if options.problems and case.problem not in options.problems:
                continue
            if case.task not in TASKS:
                continue
            if options.l1_ratios and case.l1_ratio not in options.l1_ratios:
                continue
            if options.intercept is not None:
                if case.fit_intercept != bool(options.intercept):
                    continue
            names = [
                name
                for name in options.peers
                if name in case.peers and case.task in peers.tasks(name)
            ]
            seconds = race(case, names, options)
            print(f"{case.problem}, {case.label}", flush=True)
            for name, (time, gap) in seconds.items():
                print(f"    {name:12s} {time:8.4f} s   gap {gap:.1e}", flush=True)
            others = {k: v[0] for k, v in seconds.items() if k != OURS}
            if OURS in seconds and others:
                fastest = min(others, key=others.get)
                ratio = seconds[OURS][0] / others[fastest]
                ratios.setdefault(case.l1_ratio, []).append(ratio)
                print(f"    {ratio:.2f} of {fastest}", flush=True)
    for l1_ratio, found in ratios.items():
        mean = np.exp(np.mean(np.log(found)))
        print(f"l1_ratio {l1_ratio:g}: {mean:.2f} of the fastest, geometric mean")


def race(case, names, options):
    """Return ``{peer: (seconds, gap)}`` of those that reach the target."""
    problem = runner._stored(case.problem)
    largest = logistic_certificate.alpha_max(
        problem.X, problem.y, case.l1_ratio, case.fit_intercept
    )
    alphas = np.array([largest * case.eps])
    found = {}
    with contextlib.ExitStack() as stack:
        workers, tolerances = {}, {}
        for name in names:
            job = stack.enter_context(tempfile.TemporaryDirectory())
            alphas.tofile(Path(job) / "alphas.f64")
            arguments = (
                runner.CACHE / case.problem,
                job,
                name,
                case.task,
                case.l1_ratio,
                largest,
                case.threads,
                0.0,
                int(case.fit_intercept),
            )
            try:
                worker = stack.enter_context(
                    Session(name, arguments, threads=case.threads, limit=options.limit)
                )
                for tol in peers.adapter(name).TOLERANCES:
                    measured = worker.measure(tol)
                    answer = storage.read_answer(job, problem.X.shape[1])
                    gap = runner._quality(case, problem, alphas, answer)["gap"]
                    if gap <= options.target:
                        workers[name], tolerances[name] = worker, tol
                        found[name] = measured.seconds[-1], gap
                        break
            except (WorkerTimeout, WorkerError, FileNotFoundError) as error:
                print(f"    {name}: {error}", flush=True)
        _take_turns(workers, tolerances, found, options)
    return found


def _take_turns(workers, tolerances, found, options):
    """Improve on the seconds found; only once where they are many."""
    for turn in range(options.rounds):
        for name, worker in workers.items():
            if turn and found[name][0] > options.once:
                continue
            time = worker.measure(tolerances[name]).seconds[-1]
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
    parser.add_argument("--l1-ratios", nargs="+", type=float, help="only these")
    parser.add_argument("--intercept", type=int, choices=(0, 1), help="only with, or not")
    parser.add_argument("--target", type=float, default=1e-6, help="objective gap")
    parser.add_argument("--rounds", type=int, default=5, help="calls of each peer")
    parser.add_argument("--once", type=float, default=3.0, help="seconds of a lone call")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds of a call")
    return parser


if __name__ == "__main__":
    main()
