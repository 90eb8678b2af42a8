"""Ridge by iteration: SciPy's LSQR, conjugate gradients and L-BFGS-B.

Each solver sees the centred, weighted design as a linear operator, one target at a
time, and returns coefficients of shape (n_features, n_targets), iteration counts and
whether every target converged.
"""

import inspect

import numpy as np
from scipy import optimize
from scipy.sparse.linalg import LinearOperator, cg, lsqr

from sklreg.solvers.ridge_linalg import solve_shifted

# SciPy 1.12 renamed cg's `tol`.
_CG_TOL = "rtol" if "rtol" in inspect.signature(cg).parameters else "tol"
_LSQR_OUT_OF_ITERATIONS = 7
_LBFGS_OUT_OF_ITERATIONS = 1
_POLISHING_ROUNDS = 20
_POLISHED_SUPPORT = 2000
_TINY = np.finfo(np.float64).tiny


def solve_lsqr(design, B, alpha, tol, max_iter):
    """LSQR on ``[A; √α I]`` (Paige & Saunders 1982)."""
    operator = design.operator()
    coef = np.empty((design.shape[1], B.shape[1]))
    n_iter = np.empty(B.shape[1], dtype=np.int32)
    converged = True
    for k, target in enumerate(B.T):
        found = lsqr(
            operator,
            target,
            damp=np.sqrt(alpha[k]),
            atol=tol,
            btol=tol,
            iter_lim=max_iter,
        )
        coef[:, k], n_iter[k] = found[0], found[2]
        converged &= found[1] != _LSQR_OUT_OF_ITERATIONS
    return coef, n_iter, converged


def solve_sparse_cg(design, B, alpha, tol, max_iter):
    """Conjugate gradients on the normal equations of the smaller side.

    As in scikit-learn, `max_iter` bounds the primal side only.
    """
    operator = design.operator()
    n, p = design.shape
    dual = p > n
    coef = np.empty((p, B.shape[1]))
    n_iter = np.zeros(B.shape[1], dtype=np.int32)
    converged = True
    for k, target in enumerate(B.T):

        def count(_, k=k):
            n_iter[k] += 1

        if dual:

            def product(v, a=alpha[k]):
                return operator.matvec(operator.rmatvec(v)) + a * v

            rhs, limit = target, None
        else:

            def product(v, a=alpha[k]):
                return operator.rmatvec(operator.matvec(v)) + a * v

            rhs, limit = operator.rmatvec(target), max_iter
        side = LinearOperator((len(rhs), len(rhs)), matvec=product, dtype=np.float64)
        found, info = cg(
            side, rhs, maxiter=limit, atol=0.0, callback=count, **{_CG_TOL: tol}
        )
        coef[:, k] = operator.rmatvec(found) if dual else found
        converged &= info == 0
    return coef, n_iter, converged


def solve_lbfgs(design, B, alpha, tol, max_iter):
    """Non-negative coefficients by L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995).

    On a tall design objective and gradient come from the Gram matrix, so that
    iterations do not read X again. What L-BFGS-B stops at is then polished: the
    equations of the positive coefficients are solved exactly, active-set fashion.
    """
    n, p = design.shape
    gram, products = design.gram(B) if n >= p else (None, design.t_dot(B))
    operator = design.operator()
    options = {} if max_iter is None else {"maxiter": max_iter}
    coef = np.empty((p, B.shape[1]))
    n_iter = np.empty(B.shape[1], dtype=np.int32)
    converged = True
    for k in range(B.shape[1]):

        def objective(w, a=alpha[k], q=products[:, k]):
            pulled = (
                gram @ w if gram is not None else operator.rmatvec(operator.matvec(w))
            )
            gradient = pulled + a * w - q
            return 0.5 * (gradient @ w - q @ w), gradient

        found = optimize.minimize(
            objective,
            np.zeros(p),
            method="L-BFGS-B",
            jac=True,
            bounds=[(0, np.inf)] * p,
            tol=tol,
            options=options,
        )
        coef[:, k], n_iter[k] = found.x, found.nit
        if found.status == _LBFGS_OUT_OF_ITERATIONS:
            converged = False
        else:
            coef[:, k] = _polish(
                design, gram, products[:, k], alpha[k], found.x, objective
            )
    return coef, n_iter, converged


def _polish(design, gram, products, alpha, coef, objective):
    """Solve for the positive coefficients exactly, as Lawson & Hanson (1974) do.

    Starts from `coef`; returns the best iterate. Gives up quietly where the support
    is large or its equations are singular: `coef` is an answer already.
    """
    best, (best_value, gradient) = coef, objective(coef)
    for _ in range(_POLISHING_ROUNDS):
        violated = (best == 0) & (gradient < 0)
        support = np.flatnonzero((best > 0) | violated)
        if not 0 < len(support) <= _POLISHED_SUPPORT:
            return best
        if gram is not None:
            inner = gram[np.ix_(support, support)]
        else:
            inner, _ = design.columns(support).gram(np.zeros((design.shape[0], 0)))
        try:
            trial = _restricted(inner, products[support], alpha, best[support])
        except np.linalg.LinAlgError:
            return best
        coef = np.zeros_like(best)
        coef[support] = trial
        value, gradient = objective(coef)
        if not value < best_value:
            return best
        best, best_value = coef, value
    return best


def _restricted(inner, products, alpha, start):
    """Minimise over non-negative coefficients of a fixed support, from `start`.

    Whenever the free solution would turn negative, goes as far as the first zero
    and drops what became zero.
    """
    w = start.copy()
    free = np.arange(len(w))
    while len(free):
        rhs = products[free, None]
        target = solve_shifted(inner[np.ix_(free, free)], rhs, np.array([alpha]))[:, 0]
        if np.all(target > 0):
            w[free] = target
            return w
        now = w[free]
        falling = target <= 0
        step = np.min(now[falling] / np.maximum(now - target, _TINY)[falling])
        w[free] = np.maximum(now + step * (target - now), 0.0)
        keep = ~(falling & (w[free] <= _TINY + 1e-15 * now))
        w[free[~keep]] = 0.0
        if keep.all():
            return w
        free = free[keep]
    return w
