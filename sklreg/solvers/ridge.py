"""Ridge regression: closed forms on the smaller side, and one door to all solvers.

For every target the objective is ``Σ sᵢ (yᵢ − xᵢᵀw − b)² + α ‖w‖²``. With A and B the
centred, weighted design and targets (see :mod:`sklreg.solvers.ridge_design`)

    w = (AᵀA + αI)⁻¹ AᵀB           n_features ≤ n_samples
    w = Aᵀ (AAᵀ + αI)⁻¹ B          otherwise

(Hoerl & Kennard 1970; Saunders, Gammerman & Vovk 1998) by Cholesky, corrected with the
true residual as long as the duality gap says that digits are missing; by singular
values where Cholesky finds the matrix singular. A large matrix is made in float32, in
half the time, and the corrections take out its errors, as Wilkinson (1963) refined the
solutions of linear systems; where they do not, it is made in float64.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import linalg

from sklreg.solvers.ridge_certificate import ridge_gap
from sklreg.solvers.ridge_design import CentredDesign
from sklreg.solvers.ridge_iterative import solve_lbfgs, solve_lsqr, solve_sparse_cg
from sklreg.solvers.ridge_linalg import (
    factor_shifted,
    lift_null_space,
    solve_factored,
    solve_shifted,
    spectrum,
)

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
#: A gap that is this part of the null loss needs no further correction.
_ENOUGH = 1e-22
#: A matrix is made in float32 first where it takes so many multiplications, and each
#: value of X, once it is turned to float32, so many; X in float32 takes fewer.
_ROUGH_WORK, _ROUGH_SIDE = 3e8, 400
_SINGLE_WORK = 1e7
#: Its corrections, up to so many, bring the gap to this part of the null loss, beyond
#: the digits of a result in float64, or in float32,
_MAX_ROUGH_CORRECTIONS, _ROUGH_GAP, _SINGLE_GAP = 6, 1e-26, 1e-18
#: each to less than this part of the gap before it.
_ROUGH_FALL = 1e-2
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
        if solver == "cholesky" and form is None and self._repays_rough():
            if self._close_roughly(B, null_loss):
                return solver
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

    def _repays_rough(self):
        """Whether a Gram matrix in float32 and readings of X cost less than one."""
        design, side = self.design, min(self.design.shape)
        work, k = side * design.shape[0] * design.shape[1], len(self.alpha)
        if design.X.dtype == np.float32:
            repays = work > _SINGLE_WORK
        else:
            repays = work > _ROUGH_WORK and side > _ROUGH_SIDE
        repays = repays and side > 8 * k and design.centres_afterwards(k)
        return bool(repays and np.all(self.alpha > 0))

    def _close_roughly(self, B, null_loss):
        """Solve by a Gram matrix in float32; return whether no digit is missing."""
        # What is beyond the range of float32 is seen by the gap.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            try:
                form = ClosedForm(self.design, B, rough=True)
                self.take(form.solve(self.alpha))
            except linalg.LinAlgError:
                return False
        single = self.design.X.dtype == np.float32
        goal, enough = (_SINGLE_GAP,) * 2 if single else (_ROUGH_GAP, _ENOUGH)
        self.n_iter += 1
        for _ in range(_MAX_ROUGH_CORRECTIONS):
            if np.all(self.gap <= goal * null_loss):
                return True
            before = np.sum(self.gap)
            self.n_iter += 1
            self.take(form.correct(self))
            if not np.sum(self.gap) < _ROUGH_FALL * before:
                break
        return bool(np.all(self.gap <= enough * null_loss))

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
        goal = null_loss * np.where(self.alpha > 0, _ENOUGH, np.sqrt(_ENOUGH))
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
        ``AᵀA``, or ``AAᵀ`` lifted out of its null space; with `rough`, in the
        precision of float32.
    rhs : ndarray
        ``AᵀB``, or B.
    lifted : tuple
        What :func:`lift_null_space` returned, for a wide design.
    """

    def __init__(self, design, B, rough=False):
        self.design = design
        self.wide = design.shape[1] > design.shape[0]
        if self.wide:
            self.matrix, self.rhs = design.kernel(rough), B
            self.lifted = lift_null_space(design, self.matrix)
        else:
            self.matrix, self.rhs = design.gram(B, rough)

    def solve(self, alpha):
        """Return coefficients; `alpha` has one entry per target."""
        self.alpha, self._factor = alpha, None
        if np.all(alpha == alpha[0]):
            self._factor = factor_shifted(self.matrix, alpha[0])
        self.solution = self._solve(self.rhs)
        return self.design.t_dot(self.solution) if self.wide else self.solution

    def _solve(self, rhs):
        # One factor is kept; more would take the memory of as many matrices.
        if self._factor is None:
            return solve_shifted(self.matrix, rhs, self.alpha)
        return solve_factored(self._factor, rhs)

    def correct(self, fit):
        """Return coefficients corrected with the true residuals of `fit`."""
        if self.wide:
            short = self.design.scale_rows(fit.residual) - self.alpha * self.solution
        else:
            short = fit.pulled - self.alpha * fit.coef
        step = self._solve(short)
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
