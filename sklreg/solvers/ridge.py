"""Ridge regression: closed forms on the smaller side, and one door to all solvers.

For every target the objective is ``Σ sᵢ (yᵢ − xᵢᵀw − b)² + α ‖w‖²``. With A and B the
centred, weighted design and targets (see :mod:`sklreg.solvers.ridge_design`)

    w = (AᵀA + αI)⁻¹ AᵀB           n_features ≤ n_samples
    w = Aᵀ (AAᵀ + αI)⁻¹ B          otherwise

(Hoerl & Kennard 1970; Saunders, Gammerman & Vovk 1998) by Cholesky, corrected with the
true residual as long as the duality gap says that digits are missing; by singular
values where Cholesky finds the matrix singular.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import linalg

from sklreg.solvers.ridge_certificate import ridge_gap
from sklreg.solvers.ridge_design import CentredDesign
from sklreg.solvers.ridge_iterative import solve_lbfgs, solve_lsqr, solve_sparse_cg
from sklreg.solvers.ridge_linalg import lift_null_space, solve_shifted, spectrum

#: A sparse design whose smaller side is at most this gets the closed form.
SPARSE_CLOSED_FORM_SIDE = 1000

_ITERATIVE = {
    "lsqr": solve_lsqr,
    "sparse_cg": solve_sparse_cg,
    "lbfgs": solve_lbfgs,
    # Accepted for code written for scikit-learn; the objective is the same.
    "sag": solve_lsqr,
    "saga": solve_lsqr,
}
_MAX_CORRECTIONS = 3
#: No stopping rule of an iterative solver is asked for less.
_LEAST_TOL = 1e-15


@dataclass
class RidgeFit:
    """What a ridge fit returns.

    Attributes
    ----------
    coef : ndarray of shape (n_targets, n_features)
    intercept : ndarray of shape (n_targets,)
    n_iter : ndarray of shape (n_targets,)
        Iterations of an iterative solver; systems solved in closed form.
    solver : str
        The solver that gave the answer.
    gap : ndarray of shape (n_targets,)
        Duality gap at the returned `coef` and `intercept`.
    null_loss : ndarray of shape (n_targets,)
        Objective at zero coefficients, the scale to read `gap` against.
    converged : bool
    """

    coef: np.ndarray
    intercept: np.ndarray
    n_iter: np.ndarray
    solver: str
    gap: np.ndarray
    null_loss: np.ndarray
    converged: bool


def solve_ridge(
    X,
    Y,
    alpha,
    *,
    weights=None,
    fit_intercept=True,
    solver="auto",
    positive=False,
    tol=1e-4,
    max_iter=None,
):
    """Fit ridge regression for every column of Y.

    Parameters
    ----------
    X : ndarray or CSR/CSC matrix of shape (n_samples, n_features)
    Y : ndarray of shape (n_samples, n_targets)
    alpha : ndarray of shape (n_targets,)
    weights : ndarray of shape (n_samples,), optional
    fit_intercept : bool, default=True
    solver : str, default="auto"
        "cholesky", "svd" (dense X), "lsqr", "sparse_cg", "sag", "saga" (both LSQR),
        "lbfgs" (positive only) or "auto".
    positive : bool, default=False
    tol : float, default=1e-4
    max_iter : int, optional

    Returns
    -------
    RidgeFit
    """
    design = CentredDesign(X, weights, centre=fit_intercept)
    centred, offset = design.centre_targets(Y)
    B = design.scale_rows(centred)
    solver = choose_solver(solver, design, positive)
    null_loss = np.einsum("ij,ij->j", B, B)
    fit = CertifiedFit(design, Y, offset, alpha, positive)
    converged = True
    if solver in _ITERATIVE:
        iterate = partial(_ITERATIVE[solver], design, B, alpha, max_iter=max_iter)
        converged = fit.iterate(iterate, tol, null_loss)
    else:
        solver = fit.close(solver, B, null_loss)
    return fit.result(solver, null_loss, converged)


def choose_solver(solver, design, positive):
    """Resolve "auto"."""
    if solver != "auto":
        return solver
    if positive:
        return "lbfgs"
    if design.is_sparse and min(design.shape) > SPARSE_CLOSED_FORM_SIDE:
        return "sparse_cg"
    return "cholesky"


class CertifiedFit:
    """Coefficients together with their intercepts, residuals and duality gaps."""

    def __init__(self, design, Y, offset, alpha, positive):
        self.design, self.Y, self.offset = design, Y, offset
        self.alpha, self.positive = alpha, positive
        self.n_iter = np.zeros(len(alpha), dtype=np.int32)

    def take(self, coef, dtype=np.float64):
        design = self.design
        intercept = self.offset - design.mean @ coef
        if dtype != np.float64:
            coef = coef.astype(dtype).astype(np.float64)
            intercept = intercept.astype(dtype).astype(np.float64)
        residual, pulled = design.residuals(self.Y, coef, intercept)
        level = np.zeros(coef.shape[1])
        if design.centre:
            level = np.average(residual, axis=0, weights=design.weights)
        gap = ridge_gap(coef, self.alpha, pulled, level, design.total, self.positive)
        self.coef, self.intercept, self.gap = coef, intercept, gap
        self.residual, self.pulled = residual, pulled

    def close(self, solver, B, null_loss, form=None):
        """Solve in closed form; return the solver that did."""
        if solver == "cholesky":
            try:
                form = form or ClosedForm(self.design, B)
                self.n_iter += 1
                self.take(form.solve(self.alpha))
                self.improve(form.correct, null_loss)
                return solver
            except linalg.LinAlgError:
                pass
        self.n_iter += 1
        self.take(solve_svd(self.design, B, self.alpha))
        return "svd"

    def iterate(self, solve, tol, null_loss):
        """Run an iterative solver until its answer's gap is within `tol` too.

        A solver's own stopping rule may be met while the gap, relative to the null
        loss, is still above `tol`; it then runs again with a smaller one.
        """
        own = tol
        while True:
            coef, self.n_iter, converged = solve(tol=own)
            self.take(coef)
            certified = np.all(self.gap <= tol * null_loss)
            if certified or not converged or own <= _LEAST_TOL:
                return bool(converged and (certified or tol <= _LEAST_TOL))
            own = max(own * 1e-3, _LEAST_TOL)

    def improve(self, corrector, null_loss):
        """Correct with the true residual while the gap falls and is worth it."""
        # An α = 0 gap is linear, not quadratic, in the gradient.
        goal = null_loss * np.where(self.alpha > 0, 1e-22, 1e-11)
        for _ in range(_MAX_CORRECTIONS):
            if np.all(self.gap <= goal):
                return
            before = (self.coef, self.intercept, self.gap, self.residual, self.pulled)
            self.n_iter += 1
            self.take(corrector(self))
            if not np.sum(self.gap) < 0.5 * np.sum(before[2]):
                if not np.sum(self.gap) < np.sum(before[2]):
                    self.coef, self.intercept, self.gap = before[:3]
                    self.residual, self.pulled = before[3:]
                return

    def result(self, solver, null_loss, converged=True):
        """Return the fit in the dtype of X, certified at what is returned."""
        dtype = self.design.X.dtype
        if dtype != np.float64:
            self.take(self.coef, dtype)
        return RidgeFit(
            self.coef.T.astype(dtype),
            self.intercept.astype(dtype),
            self.n_iter,
            solver,
            self.gap,
            null_loss,
            converged,
        )


class ClosedForm:
    """The Gram matrix of the smaller side, formed once and solved for any alphas.

    Attributes
    ----------
    wide : bool
        Whether the smaller side is the samples'.
    matrix : ndarray
        ``AᵀA``, or ``AAᵀ`` lifted out of its null space.
    rhs : ndarray
        ``AᵀB``, or B.
    lifted : tuple
        What :func:`lift_null_space` returned, for a wide design.
    """

    def __init__(self, design, B):
        self.design = design
        self.wide = design.shape[1] > design.shape[0]
        if self.wide:
            self.matrix, self.rhs = design.kernel(), B
            self.lifted = lift_null_space(design, self.matrix)
        else:
            self.matrix, self.rhs = design.gram(B)

    def solve(self, alpha):
        """Return coefficients; `alpha` has one entry per target."""
        self.alpha = alpha
        self.solution = solve_shifted(self.matrix, self.rhs, alpha)
        return self.design.t_dot(self.solution) if self.wide else self.solution

    def correct(self, fit):
        """Return coefficients corrected with the true residuals of `fit`."""
        if self.wide:
            short = self.design.scale_rows(fit.residual) - self.alpha * self.solution
        else:
            short = fit.pulled - self.alpha * fit.coef
        step = solve_shifted(self.matrix, short, self.alpha)
        self.solution = self.solution + step
        # Added to the coefficients: forming them anew would round as before.
        return fit.coef + (self.design.t_dot(step) if self.wide else step)


def solve_svd(design, B, alpha):
    """Minimum-norm where α = 0; singular values of rounding size count as zero."""
    n, p = design.shape
    if design.is_sparse:
        return _sparse_minimum_norm(design, B, alpha)
    triangle, rotated = design.triangle(B if p <= n else None)
    U, s, Vt = linalg.svd(triangle, full_matrices=False, check_finite=False)
    keep = s > max(n, p) * np.finfo(np.float64).eps * s.max(initial=0.0)
    U, s, Vt = U[:, keep], s[keep, None], Vt[keep]
    if p <= n:
        return Vt.T @ ((s / (s**2 + alpha)) * (U.T @ rotated))
    return design.t_dot(U @ ((U.T @ B) / (s**2 + alpha)))


def _sparse_minimum_norm(design, B, alpha):
    """The singular-value form on a sparse design, from its smaller Gram matrix."""
    n, p = design.shape
    if p <= n:
        matrix, rhs = design.gram(B)
    else:
        matrix, rhs = design.kernel(), B
    values, vectors = spectrum(matrix)
    keep = values > len(values) * np.finfo(np.float64).eps * values.max(initial=0.0)
    values, vectors = values[keep, None], vectors[:, keep]
    solution = vectors @ ((vectors.T @ rhs) / (values + alpha))
    return solution if p <= n else design.t_dot(solution)
