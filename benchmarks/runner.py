"""Sweep every peer's own tolerance on every case and write a row for each step."""

import csv
import dataclasses
import functools
import math
import statistics
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import (
    certificate,
    environments,
    logistic_certificate,
    machine,
    peers,
    problems,
    storage,
)
from benchmarks.session import Session, WorkerError, WorkerTimeout

TARGETS = (1e-4, 1e-6, 1e-8)
CACHE = environments.ROOT / ".cache"

COLUMNS = (
    "problem",
    "n_samples",
    "n_features",
    "n_stored",
    "task",
    "eps",
    "n_alphas",
    "l1_ratio",
    "threads",
    "fit_intercept",
    "peer",
    "version",
    "round",
    "tol",
    "status",
    "gap",
    "nonzeros",
    "chosen_alpha",
    "chosen_l1_ratio",
    "import_seconds",
    "first_seconds",
    "warm_seconds",
    "calls",
    "extra_mb",
    "message",
)


def run(
    configurations,
    folder,
    only_peers=None,
    only_problems=None,
    only_eps=None,
    limit=None,
    tolerances=None,
    echo=print,
):
    """Run the configurations and write ``runs.csv`` and ``machine.csv`` in `folder`.

    `only_problems` and `only_eps` leave cases out; `limit` replaces the seconds of
    silence after which a peer is ended, and `tolerances` every peer's own sweep.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "machine.csv", "w", newline="") as stream:
        csv.writer(stream).writerows(machine.describe().items())
    with open(folder / "runs.csv", "w", newline="") as stream:
        table = csv.DictWriter(stream, COLUMNS, restval="")
        table.writeheader()
        for configuration in configurations:
            if limit is not None:
                configuration = dataclasses.replace(configuration, limit=limit)
            cases = tuple(
                case
                for case in configuration.cases
                if (only_problems is None or case.problem in only_problems)
                and (only_eps is None or case.eps in only_eps)
            )
            configuration = dataclasses.replace(configuration, cases=cases)
            for row in _rows(configuration, only_peers, tolerances, echo):
                table.writerow(row)
                stream.flush()
                echo(_line(row))


def _rows(configuration, only_peers, tolerances, echo):
    for round_ in range(configuration.rounds):
        for case in configuration.cases:
            try:
                problem = stored(case.problem)
            except problems.UnavailableError as error:
                echo(f"{case.problem} left out: {error}")
                continue
            for peer in case.peers:
                if only_peers is not None and peer not in only_peers:
                    continue
                if case.task not in peers.tasks(peer):
                    continue
                known = _describe(case, problem, peer) | {"round": round_}
                sweep = tolerances or own_tolerances(case, peer)
                for row in _sweep(case, problem, peer, sweep, configuration):
                    yield known | row


@functools.lru_cache(maxsize=1)
def stored(name):
    """Return a problem by name, from the cache that workers read."""
    folder = CACHE / name
    if not storage.is_stored(folder):
        storage.write_problem(problems.load(name), folder)
    return storage.read_problem(folder)


def _describe(case, problem, peer):
    n, p = problem.X.shape
    known = dataclasses.asdict(case) | {
        "n_samples": n,
        "n_features": p,
        "n_stored": getattr(problem.X, "nnz", n * p),
        "peer": peer,
    }
    del known["peers"]
    return known


def _sweep(case, problem, peer, sweep, configuration):
    """One worker, from loose to tight until the last target or the first failure."""
    alphas, largest = grid(case, problem)
    with tempfile.TemporaryDirectory() as job:
        alphas.tofile(Path(job) / "alphas.f64")
        arguments = arguments_of(case, peer, job, largest, configuration.budget)
        row = {}
        try:
            with Session(
                peer, arguments, threads=case.threads, limit=configuration.limit
            ) as worker:
                for step, tol in enumerate(sweep):
                    row = {"tol": tol, "version": worker.version}
                    measured = worker.measure(tol)
                    row |= _timing(measured, first=step == 0)
                    row["import_seconds"] = worker.import_seconds
                    answer = storage.read_answer(job, problem.X.shape[1])
                    row |= quality(case, problem, alphas, answer)
                    yield row | {"status": "ok"}
                    if row["gap"] <= TARGETS[-1]:
                        return
        except WorkerTimeout as error:
            yield row | {"status": "timeout", "message": str(error)}
        except (WorkerError, FileNotFoundError) as error:
            yield row | {"status": "error", "message": str(error)}


def grid(case, problem):
    """Return the case's alphas, decreasing, and the smallest with an empty model."""
    X, y = problem.X, problem.y
    if case.task in peers.CLASSES:
        largest = logistic_certificate.alpha_max(
            X, y, case.l1_ratio, case.fit_intercept
        )
    else:
        largest = certificate.alpha_max(X, y, case.l1_ratio)
    alphas = largest * np.geomspace(1.0, case.eps, case.n_alphas)
    if case.task in ("single", "logistic", "multinomial"):
        alphas = alphas[-1:]
    return alphas, largest


def arguments_of(case, peer, job, largest, budget):
    """Return what a worker is told; see :mod:`worker`."""
    return (
        CACHE / case.problem,
        job,
        peer,
        case.task,
        case.l1_ratio,
        largest,
        case.threads,
        budget,
        int(case.fit_intercept),
    )


def own_tolerances(case, peer):
    """Return the peer's tolerances to try, from loose to tight."""
    sweep = peers.adapter(peer).TOLERANCES
    return sweep[:1] if case.task == "ridge_cv" else sweep  # a closed form has none


def _timing(measured, first):
    """The first call of the process stands apart: it may compile."""
    timing = {
        "calls": len(measured.seconds),
        "extra_mb": (measured.peak_kb - measured.resident_kb) / 1024,
    }
    warm = measured.seconds
    if first:
        timing["first_seconds"], *warm = measured.seconds
    return timing | {"warm_seconds": statistics.median(warm)}


def quality(case, problem, alphas, answer):
    """Return the gap recomputed from an answer, and what it chose."""
    X, y = problem.X, problem.y
    coefs, intercepts, chosen = answer
    l1_ratio = case.l1_ratio
    found = {"nonzeros": coefs[:, -1:].count_nonzero()}
    if case.task == "multinomial":
        found = {"nonzeros": coefs.count_nonzero()}
    if len(chosen):
        alphas, l1_ratio = chosen[:1], chosen[1]
        found |= {"chosen_alpha": chosen[0], "chosen_l1_ratio": l1_ratio}
    if case.task in peers.CLASSES:
        gap = logistic_certificate.relative_gap(
            problem, coefs, intercepts, alphas[-1], l1_ratio, case.fit_intercept
        )
    elif case.task == "ridge_cv":
        coef = coefs.toarray()[:, 0]
        gap = certificate.ridge_gap(X, y, coef, intercepts[0], chosen[0])
    else:
        gaps = certificate.relative_gaps(X, y, coefs, intercepts, alphas, l1_ratio)
        gap = gaps.max()
    return found | {"gap": gap if math.isfinite(gap) else math.inf}


def _line(row):
    outcome = (
        f"gap {row['gap']:.1e} in {row['warm_seconds']:.4g} s"
        if row["status"] == "ok"
        else f"{row['status']}: {row.get('message', '')}"
    )
    return (
        f"{row['problem']} {row['task']} eps={row['eps']:g} {row['threads']}t "
        f"{row['peer']} tol={row.get('tol', float('nan')):g}: {outcome}"
    )
