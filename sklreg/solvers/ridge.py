"""Ridge regression: closed forms on the smaller side, and one door to all solvers.

For every target the objective is ``Σ sᵢ (yᵢ − xᵢᵀw − b)² + α ‖w‖²``. With A and B the
centred, weighted design and targets (see :mod:`sklreg.solvers.ridge_design`)

    w = (AᵀA + αI)⁻¹ AᵀB           n_features ≤ n_samples
    w = Aᵀ (AAᵀ + αI)⁻¹ B          otherwise  (Hoerl & Kennard 1970; Saunders et al. 1998)

by Cholesky, corrected with the true residual as long as the duality gap says that
digits are missing; by singular values where Cholesky finds the matrix singular.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import linalg
from scipy.linalg.lapack import dpotrf, dpotrs

from sklreg.solvers.ridge_certificate import ridge_gap
from sklreg.solvers.ridge_design import CentredDesign
from sklreg.solvers.ridge_iterative import solve_lbfgs, solve_lsqr, solve_sparse_cg

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
    n_iter : ndarray of shape (n_targets,) or None
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
    n_iter: np.ndarray | None
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
    fit = _Certified(design, Y, offset, alpha, positive)
    n_iter, converged = None, True
    if solver in _ITERATIVE:
        iterate = partial(_ITERATIVE[solver], design, B, alpha, max_iter=max_iter)
        n_iter, converged = fit.iterate(iterate, tol, null_loss)
    else:
        try:
            if solver == "cholesky":
                coef, corrector = _cholesky(design, B, alpha)
                fit.take(coef)
                fit.improve(corrector, null_loss)
        except linalg.LinAlgError:
            solver = "svd"
        if solver == "svd":
            fit.take(_svd(design, B, alpha))
    coef, intercept, gap = fit.rounded_to(X.dtype)
    return RidgeFit(coef.T, intercept, n_iter, solver, gap, null_loss, converged)


def choose_solver(solver, design, positive):
    """Resolve "auto"."""
    if solver != "auto":
        return solver
    if positive:
        return "lbfgs"
    if design.is_sparse and min(design.shape) > SPARSE_CLOSED_FORM_SIDE:
        return "sparse_cg"
    return "cholesky"


class _Certified:
    """Coefficients together with their intercepts, residuals and duality gaps."""

    def __init__(self, design, Y, offset, alpha, positive):
        self.design, self.Y, self.offset = design, Y, offset
        self.alpha, self.positive = alpha, positive

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

    def iterate(self, solve, tol, null_loss):
        """Run an iterative solver until its answer's gap is within `tol` too.

        A solver's own stopping rule may be met while the gap, relative to the null
        loss, is still above `tol`; it then runs again with a smaller one.
        """
        own = tol
        while True:
            coef, n_iter, converged = solve(tol=own)
            self.take(coef)
            certified = np.all(self.gap <= tol * null_loss)
            if certified or not converged or own <= _LEAST_TOL:
                return n_iter, bool(converged and (certified or tol <= _LEAST_TOL))
            own = max(own * 1e-3, _LEAST_TOL)

    def improve(self, corrector, null_loss):
        """Correct with the true residual while the gap falls and is worth it."""
        # An α = 0 gap is linear, not quadratic, in the gradient.
        goal = null_loss * np.where(self.alpha > 0, 1e-22, 1e-11)
        for _ in range(_MAX_CORRECTIONS):
            if np.all(self.gap <= goal):
                return
            before = (self.coef, self.intercept, self.gap, self.residual, self.pulled)
            self.take(corrector(self))
            if not np.sum(self.gap) < 0.5 * np.sum(before[2]):
                if not np.sum(self.gap) < np.sum(before[2]):
                    self.coef, self.intercept, self.gap = before[:3]
                    self.residual, self.pulled = before[3:]
                return

    def rounded_to(self, dtype):
        if dtype != np.float64:
            self.take(self.coef, dtype)
        return self.coef.astype(dtype), self.intercept.astype(dtype), self.gap


def solve_shifted(matrix, rhs, alpha):
    """Solve ``(M + α_k I) x_k = rhs_k`` for every column k, by Cholesky.

    Raises
    ------
    numpy.linalg.LinAlgError
        If ``M + α_k I`` is singular to working precision. The test compares each
        pivot with its own diagonal entry, so it does not depend on column scales.
    """
    out = np.empty_like(rhs)
    diagonal = np.arange(len(matrix))
    for value in np.unique(alpha):
        columns = alpha == value
        shifted = np.array(matrix, order="F")
        shifted[diagonal, diagonal] += value
        scale = shifted[diagonal, diagonal].copy()
        factor, failed = dpotrf(shifted, lower=0, clean=0, overwrite_a=1)
        least = 10 * len(matrix) * np.finfo(np.float64).eps
        if failed or np.any(factor[diagonal, diagonal] ** 2 <= least * scale):
            raise linalg.LinAlgError("matrix singular to working precision")
        out[:, columns] = dpotrs(factor, rhs[:, columns], lower=0)[0]
    return out


def lift_null_space(design, kernel):
    """Make the centred kernel ``AAᵀ`` regular without changing any solution.

    Centring puts ``ŝ = √s/‖√s‖`` in its null space and a zero weight makes its row
    zero; right-hand sides are zero there. Returns ŝ and the eigenvalue σ given to it
    (``AAᵀ + σ ŝŝᵀ``), or None and 0 without centring.
    """
    size = max(np.trace(kernel) / len(kernel), np.finfo(np.float64).tiny)
    if design.weights is not None:
        idle = np.flatnonzero(design.weights == 0)
        kernel[idle, idle] = size
    if not design.centre:
        return None, 0.0
    root = np.ones(len(kernel)) if design.root is None else design.root
    direction = root / np.sqrt(design.total)
    kernel += size * np.outer(direction, direction)
    return direction, size


def _cholesky(design, B, alpha):
    n, p = design.shape
    if p <= n:
        gram, products = design.gram(B)

        def correct(fit):
            return fit.coef + solve_shifted(
                gram, fit.pulled - alpha * fit.coef, alpha
            )

        return solve_shifted(gram, products, alpha), correct

    kernel = design.kernel()
    lift_null_space(design, kernel)
    dual = solve_shifted(kernel, B, alpha)

    def correct(fit):
        nonlocal dual
        short = design.scale_rows(fit.residual) - alpha * dual
        dual = dual + solve_shifted(kernel, short, alpha)
        return design.t_dot(dual)

    return design.t_dot(dual), correct


def _svd(design, B, alpha):
    """Minimum-norm where α = 0; singular values of rounding size count as zero."""
    n, p = design.shape
    if design.is_sparse:
        return _sparse_minimum_norm(design, B, alpha)
    triangle, rotated = design.triangle(B if p <= n else None)
    if p <= n:
        triangle[:, design.constant_columns((triangle**2).sum(axis=0))] = 0.0
    else:
        triangle = triangle.T
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
    values, vectors = linalg.eigh(matrix, check_finite=False)
    keep = values > len(values) * np.finfo(np.float64).eps * values.max(initial=0.0)
    values, vectors = values[keep, None], vectors[:, keep]
    solution = vectors @ ((vectors.T @ rhs) / (values + alpha))
    return solution if p <= n else design.t_dot(solution)
