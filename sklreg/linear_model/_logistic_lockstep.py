"""Paths of logistic problems over the same rows, step by step together."""

import numpy as np

from sklreg.solvers.logistic_path import follow_paths


def follow(problems, Cs, l1_ratio, start=None, *, tol, max_iter, progress=None):
    """Solve several problems for increasing C, together where that is possible.

    Parameters
    ----------
    problems : list of ClassProblem
        Problems that differ in the weights of their rows and share their columns.
    Cs : ndarray of shape (n_Cs,)
        Penalties, increasing.
    l1_ratio : float
        Share of the L1 penalty.
    start : Fit or None
        Where each path starts.
    tol, max_iter : float, int
        As in :meth:`ClassProblem.solve`.
    progress : callable or None
        Called with the index, the C and the :class:`Fit` of each problem.

    Returns
    -------
    list of list of Fit
        For each problem its fits.
    """
    together = [
        k
        for k, problem in enumerate(problems)
        if max_iter > 0 and _suits(problem, Cs, l1_ratio)
    ]
    paths = [None] * len(problems)
    penalties = [problems[k].penalties(1.0, l1_ratio) for k in together]

    def fits_of(solutions):
        return [
            problems[k].fit_of(solution, l1, tol)
            for k, (l1, _), solution in zip(together, penalties, solutions, strict=True)
        ]

    def report(i, solutions):
        for fit in fits_of(solutions):
            progress(i, Cs[i], fit)

    if together:
        found = follow_paths(
            [problems[k]._solver for k in together],
            1.0 / Cs,
            penalties,
            [problems[k].start_of(start) for k in together],
            tol=problems[together[0]].gap_tol(tol),
            max_iter=max_iter,
            progress=report if progress is not None else None,
        )
        found = zip(*map(fits_of, zip(*found, strict=True)), strict=True)
        for k, fits in zip(together, found, strict=True):
            paths[k] = list(fits)
    for k, problem in enumerate(problems):
        if paths[k] is None:
            paths[k] = _one_by_one(
                problem, Cs, l1_ratio, start, tol, max_iter, progress
            )
    return paths


def _suits(problem, Cs, l1_ratio):
    """Whether every coefficient of a binary problem pays an L1 penalty throughout."""
    if problem.rows > 1 or problem._solver is None or not np.isfinite(Cs).all():
        return False
    l1, _ = problem.penalties(1.0, l1_ratio)
    held = (problem.terms.lower == 0.0) & (problem.terms.upper == 0.0)
    return bool(np.all((l1 > 0.0) | held))


def _one_by_one(problem, Cs, l1_ratio, start, tol, max_iter, progress):
    fits = []
    for i, C in enumerate(Cs):
        start = problem.solve(C, l1_ratio, start, tol=tol, max_iter=max_iter)
        fits.append(start)
        if progress is not None:
            progress(i, C, start)
    return fits
