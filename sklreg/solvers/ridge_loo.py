"""Leave-one-out errors of ridge regression, for all alphas from one decomposition.

Leaving out row i changes its residual from rᵢ to ``rᵢ / (1 − hᵢ)``, h the diagonal of
the hat matrix (Allen 1974; Golub, Heath & Wahba 1979). With weights s, their sum W
and A, B the centred, weighted design and targets,

    hᵢ = sᵢ/W + sᵢ (xᵢ − m)ᵀ (AᵀA + αI)⁻¹ (xᵢ − m).

Tall designs: with ``AᵀA = V Λ Vᵀ`` both r and h are sums over Z = (X − 1 mᵀ) V. Wide
ones: with ``AAᵀ + σ ŝŝᵀ = U Λ Uᵀ`` (Rifkin & Lippert 2007; the lift of ŝ takes the
null space of centring out of the differences)

    √sᵢ rᵢ / (1 − hᵢ) = (U (Λ+αI)⁻¹ Uᵀ B)ᵢ / (diag(U (Λ+αI)⁻¹ Uᵀ)ᵢ − ŝᵢ²/(σ+α)).

A row of weight zero is in no fit: its error is its plain residual.
"""

import numpy as np
from scipy import linalg

from sklreg.solvers.ridge import CertifiedFit, ClosedForm
from sklreg.solvers.ridge_design import CentredDesign
from sklreg.solvers.ridge_linalg import evenly_scaled, spectrum


class LeaveOneOut:
    """Leave-one-out residuals of the ridge fits of (X, Y), and the chosen fit.

    Parameters
    ----------
    X : ndarray or CSR/CSC matrix of shape (n_samples, n_features)
    Y : ndarray of shape (n_samples, n_targets)
    alphas : ndarray of shape (n_alphas,)
        Positive penalties.
    weights : ndarray of shape (n_samples,), optional
    fit_intercept : bool, default=True
    by_svd : bool, default=False
        Decompose by singular values where a Gram matrix would do; dense X only.
        Columns on very different scales are decomposed so anyway.
    """

    def __init__(self, X, Y, alphas, *, weights=None, fit_intercept=True, by_svd=False):
        self.design = CentredDesign(X, weights, centre=fit_intercept)
        self.Y, self.alphas, self.by_svd = Y, np.asarray(alphas, np.float64), by_svd
        self.centred, self.offset = self.design.centre_targets(Y)
        self.B = self.design.scale_rows(self.centred)
        self._form = None

    @property
    def form(self):
        """The closed form, made when first asked for."""
        if self._form is None:
            self._form = ClosedForm(self.design, self.B)
        return self._form

    def residuals(self):
        """Yield ``(rows, E)``: errors of shape (n_rows, n_targets, n_alphas)."""
        if self.design.shape[1] > self.design.shape[0]:
            yield slice(None), self._wide()
        else:
            yield from self._tall()

    def refit(self, alpha):
        """Return the certified fit on all rows; `alpha` has one entry per target."""
        null_loss = np.einsum("ij,ij->j", self.B, self.B)
        fit = CertifiedFit(self.design, self.Y, self.offset, alpha, positive=False)
        solver = fit.close("cholesky", self.B, null_loss, self.form)
        return fit.result(solver, null_loss)

    def _tall(self):
        design = self.design
        values, vectors, rotated = self._spectrum()
        shrink = 1.0 / (values[:, None] + self.alphas)
        n_targets, n_alphas = self.Y.shape[1], len(self.alphas)
        paths = (rotated[:, :, None] * shrink[:, None, :]).reshape(len(values), -1)
        share = (1.0 / design.total) if design.centre else 0.0
        for rows, Z in design.row_products(vectors):
            fitted = (Z @ paths).reshape(-1, n_targets, n_alphas)
            np.multiply(Z, Z, out=Z)
            leverage = Z @ shrink + share
            if design.weights is not None:
                leverage *= design.weights[rows, None]
            errors = self.centred[rows, :, None] - fitted
            errors /= (1.0 - leverage)[:, None, :]
            yield rows, errors

    def _spectrum(self):
        """Return eigenvalues and vectors of AᵀA, and ``VᵀAᵀB``."""
        by_svd = self.by_svd or not (
            self.design.is_sparse or evenly_scaled(self.form.matrix)
        )
        if by_svd:
            R, C = self.design.triangle(self.B)
            U, s, Vt = linalg.svd(R, check_finite=False)
            return s**2, Vt.T, s[:, None] * (U.T @ C)
        values, vectors = spectrum(self.form.matrix)
        return values, vectors, vectors.T @ self.form.rhs

    def _wide(self):
        design = self.design
        if self.by_svd:
            direction, lift, values, vectors = self._wide_by_svd()
        else:
            direction, lift = self.form.lifted
            values, vectors = spectrum(self.form.matrix)
        shrink = 1.0 / (values[:, None] + self.alphas)
        rotated = (vectors.T @ self.B)[:, :, None] * shrink[:, None, :]
        dual = (vectors @ rotated.reshape(len(values), -1)).reshape(rotated.shape)
        spread = vectors**2 @ shrink
        if direction is not None:
            spread -= direction[:, None] ** 2 / (lift + self.alphas)
        errors = dual / spread[:, None, :]
        if design.root is None:
            return errors
        idle = design.weights == 0
        errors[~idle] /= design.root[~idle, None, None]
        if idle.any():
            flat = dual.reshape(len(dual), -1)
            fitted = np.empty((int(idle.sum()), flat.shape[1]))
            coef = design.t_dot(flat)
            done = 0
            for rows, product in design.row_products(coef):
                found = product[idle[rows]]
                fitted[done : done + len(found)] = found
                done += len(found)
            fitted = fitted.reshape(-1, *dual.shape[1:])
            errors[idle] = self.centred[idle, :, None] - fitted
        return errors

    def _wide_by_svd(self):
        design = self.design
        n = design.shape[0]
        L, _ = design.triangle()
        size = max(np.einsum("ij,ij->", L, L) / n, np.finfo(np.float64).tiny)
        columns, direction = [L], None
        if design.centre:
            root = np.ones(n) if design.root is None else design.root
            direction = root / np.sqrt(design.total)
            columns.append(np.sqrt(size) * direction[:, None])
        if design.weights is not None:
            columns.append(np.sqrt(size) * np.eye(n)[:, design.weights == 0])
        U, s, _ = linalg.svd(np.hstack(columns), full_matrices=False)
        return direction, size, s**2, U
