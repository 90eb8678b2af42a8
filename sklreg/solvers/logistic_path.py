"""Paths of L1-penalised logistic regression, for several row weightings.

Steps are those of :mod:`sklreg.solvers.logistic_lockstep`. Where the data are sparse
and few, each path is one compiled loop, which has no use for the interpreter and runs
beside others on threads; elsewhere the paths share their products with X.
"""

import numpy as np

from sklreg.solvers import _logistic_fold_kernels as fold_kernels
from sklreg.solvers import logistic_lockstep as lockstep
from sklreg.solvers.logistic_state import LogisticSolution, State

# Up to so many stored entries a path is one compiled loop, and as long as its models
# have no more columns than this.
_FEW_ENTRIES = 1 << 19
_LARGEST_MODEL = 1024


def follow_paths(
    problems, strengths, penalties, starts=None, *, tol, max_iter, progress=None
):
    """Solve problems for a sequence of penalties, each from the ones before.

    Parameters
    ----------
    problems : list of LogisticProblem
        Problems over one design that share their columns, by
        ``LogisticProblem.reweighted``.
    strengths : sequence of float
        What the penalties are multiplied with, decreasing.
    penalties : list of (l1, l2), both ndarray of shape (n_features,)
        Penalties of each problem at strength 1; every l1 must be positive.
    starts : list of (w, intercept) or None
        Where each path starts, by default without coefficients; an intercept of
        None is that of the null model.
    tol : float
        The duality gap is brought down to ``tol`` times the null value of a problem.
    max_iter : int
        Limit of the number of Newton steps for each penalty, at least 1.
    progress : callable or None
        Called with the index of a strength and the solutions for it.

    Returns
    -------
    list of list of LogisticSolution
        For each problem its solutions.
    """
    starts = starts or [(None, None)] * len(problems)
    strengths = np.asarray(strengths, dtype=np.float64)
    if progress is None and _is_small(problems, penalties):
        return [
            _follow_one(problem, strengths, pair, start, tol, max_iter)
            for problem, pair, start in zip(problems, penalties, starts, strict=True)
        ]
    return lockstep.follow_together(
        problems, strengths, penalties, starts, tol, max_iter, progress
    )


def _is_small(problems, penalties):
    """Whether the data are sparse and so few that a path is best one compiled loop.

    Its products are with a single vector, where those in lockstep read an entry once
    for all paths.
    """
    design = problems[0].design
    if not design.sparse or design.X.nnz > _FEW_ENTRIES:
        return False
    entries, n_samples = np.diff(design.X.indptr), design.shape[0]
    return entries.max() < n_samples and all(
        np.isinf(problem.upper).all()
        and (np.isinf(problem.lower).all() or not problem.lower.any())
        and l1.all()
        for problem, (l1, _) in zip(problems, penalties, strict=True)
    )


def _follow_one(problem, strengths, penalties, start, tol, max_iter):
    """Follow one path in compiled loops, and by steps where one does not go on."""
    found = []
    while len(found) < len(strengths):
        if found:
            start = found[-1].w, found[-1].intercept
        left = strengths[len(found) :]
        found += _follow_compiled(problem, left, penalties, start, tol, max_iter)
        left = strengths[len(found) :][:1]
        if len(left):
            if found:
                start = found[-1].w, found[-1].intercept
            (between,) = lockstep.follow_together(
                [problem], left, [penalties], [start], tol, max_iter, None
            )
            found += between
    return found


def _follow_compiled(problem, strengths, penalties, start, tol, max_iter):
    """Return the solutions for the first strengths, as many as one loop finds."""
    n, p = len(strengths), problem.design.shape[1]
    null_value = problem.null()[1]
    state = State(problem, *start)
    coefs, intercepts, gaps = np.empty((n, p)), np.empty(n), np.empty(n)
    n_iters = np.empty(n, dtype=np.int64)
    solved = fold_kernels.follow_weighting(
        problem.design.arrays(),
        problem.sign,
        problem.weight,
        problem.fit_intercept,
        strengths,
        *penalties,
        problem.lower,
        problem.upper,
        bool(np.isfinite(problem.lower).all()),
        state.w.copy(),
        float(state.intercept),
        state.raw.copy(),
        (tol * null_value, null_value),
        lockstep.RULES,
        max_iter,
        min(p, _LARGEST_MODEL),
        coefs,
        intercepts,
        gaps,
        n_iters,
    )
    return [
        LogisticSolution(
            coefs[k], float(intercepts[k]), float(gaps[k]), null_value, int(n_iters[k])
        )
        for k in range(solved)
    ]
