"""Ridge by iteration: SciPy's LSQR, conjugate gradients and L-BFGS-B.

Each solver sees the centred, weighted design as a linear operator, one target at a
time, and returns coefficients of shape (n_features, n_targets), iteration counts (or
None where SciPy keeps none) and whether every target converged.
"""

import inspect

import numpy as np
from scipy import optimize
from scipy.sparse.linalg import LinearOperator, cg, lsqr

# SciPy 1.12 renamed cg's `tol`.
_CG_TOL = "rtol" if "rtol" in inspect.signature(cg).parameters else "tol"
_LSQR_OUT_OF_ITERATIONS = 7


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
    converged = True
    for k, target in enumerate(B.T):
        if dual:

            def product(v, a=alpha[k]):
                return operator.matvec(operator.rmatvec(v)) + a * v

            rhs, limit = target, None
        else:

            def product(v, a=alpha[k]):
                return operator.rmatvec(operator.matvec(v)) + a * v

            rhs, limit = operator.rmatvec(target), max_iter
        side = LinearOperator((len(rhs), len(rhs)), matvec=product, dtype=np.float64)
        found, info = cg(side, rhs, maxiter=limit, **{_CG_TOL: tol})
        coef[:, k] = operator.rmatvec(found) if dual else found
        converged &= info == 0
    return coef, None, converged


def solve_lbfgs(design, B, alpha, tol, max_iter):
    """Non-negative coefficients by L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995).

    On a tall design objective and gradient come from the Gram matrix, so that
    iterations do not read X again.
    """
    n, p = design.shape
    if n >= p:
        gram, products = design.gram(B)

        def quadratic(w, k):
            gw = gram @ w
            value = 0.5 * (w @ gw) - products[:, k] @ w
            return value, gw - products[:, k]

    else:
        operator = design.operator()

        def quadratic(w, k):
            residual = operator.matvec(w) - B[:, k]
            return 0.5 * (residual @ residual), operator.rmatvec(residual)

    options = {} if max_iter is None else {"maxiter": max_iter}
    coef = np.empty((p, B.shape[1]))
    converged = True
    for k in range(B.shape[1]):

        def objective(w, k=k):
            value, gradient = quadratic(w, k)
            return value + 0.5 * alpha[k] * (w @ w), gradient + alpha[k] * w

        found = optimize.minimize(
            objective,
            np.zeros(p),
            method="L-BFGS-B",
            jac=True,
            bounds=[(0, np.inf)] * p,
            tol=tol,
            options=options,
        )
        coef[:, k] = found.x
        converged &= bool(found.success)
    return coef, None, converged
