"""A ridge problem's design matrix, centred and weighted without being written down.

With observation weights ``s`` (``S = diag(s)``) and weighted column means ``m``, a
ridge fit with an intercept is a fit without one on ``A = S^½ (X − 1 mᵀ)`` and
``B = S^½ (Y − 1 ȳᵀ)``. Neither ``X − 1 mᵀ`` nor ``S^½ X`` is ever stored. Products with
X itself are corrected by a rank-one term; but a dense X with columns far from zero is
read block by block, each block centred in a small buffer before it is multiplied,
which keeps every digit when the means are a million times the spread.
"""

from functools import cached_property

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import LinearOperator

from sklreg.solvers.centring import centred_gram, centred_kernel, is_far
from sklreg.solvers.narrow_products import (
    multiplies_as_it_is,
    narrow_product,
    transposed_product,
)

#: A buffer of rows (or columns) grows up to so many bytes.
_BUFFER_BYTES = 1 << 22
#: It has at least so many rows, where it is multiplied with few columns,
_LEAST_BLOCK = 8
#: and where it is multiplied with itself, which needs more to run at full speed.
_GRAM_BLOCK = 512
#: Columns whose mean is this many times their spread are centred before a product.
_FAR = 10.0


def _sum_of_squares(blocks, order, dtype=np.float64):
    """Return ``Σ blockᵀ block`` of the given order, from blocks of the given dtype.

    NumPy's product of a matrix with itself is BLAS's syrk; SciPy's syrk would
    alternate with NumPy's other products, and two thread pools get in each other's way.
    """
    total, scratch = np.zeros((order, order)), np.empty((order, order), dtype=dtype)
    for block in blocks:
        np.dot(block.T, block, out=scratch)
        total += scratch
    return total


class CentredDesign:
    """The matrix ``A = S^½ (X − 1 mᵀ)`` and its products.

    Parameters
    ----------
    X : ndarray or CSR/CSC matrix of shape (n_samples, n_features)
        Design as given, float32 or float64, any layout. Never written to.
    weights : ndarray of shape (n_samples,), optional
        Non-negative observation weights; None means all ones.
    centre : bool, default=True
        Whether columns are centred (a fit with an intercept) or m = 0.
    mean : ndarray of shape (n_features,), optional
        Centre with these numbers rather than the design's own means.
    """

    def __init__(self, X, weights=None, centre=True, mean=None):
        self.X = X
        self.shape = X.shape
        self.is_sparse = sparse.issparse(X)
        self.weights = None if weights is None else np.asarray(weights, np.float64)
        self.root = None if weights is None else np.sqrt(self.weights)
        self.total = (
            float(self.shape[0]) if weights is None else float(self.weights.sum())
        )
        self.centre = centre
        if mean is None:
            mean = self._column_means() if centre else np.zeros(self.shape[1])
        self.mean = mean

    @cached_property
    def _near(self):
        return not is_far(self.X, self.mean, _FAR)

    def centres_afterwards(self, k):
        """Whether products with k columns are centred when they are made."""
        return not self.is_sparse and multiplies_as_it_is(self.X, k) and self._near

    # -- means, targets -------------------------------------------------------------

    def _column_means(self):
        if self.is_sparse:
            weights = np.ones(self.shape[0]) if self.weights is None else self.weights
            return np.asarray(self.X.T @ weights, dtype=np.float64) / self.total
        if self.weights is None and multiplies_as_it_is(self.X, 1):
            ones = np.ones((self.shape[0], 1))
            return transposed_product(self.X, ones)[:, 0] / self.total
        total = np.zeros(self.shape[1])
        for rows in self._slices(0, _LEAST_BLOCK):
            block = self.X[rows]
            if self.weights is None:
                total += block.sum(axis=0, dtype=np.float64)
            else:
                total += self.weights[rows] @ block
        return total / self.total

    def centre_targets(self, Y):
        """Return ``(Y − 1 ȳᵀ, ȳ)``, the means weighted (zeros without centring)."""
        Y = np.asarray(Y, dtype=np.float64)
        if not self.centre:
            return Y, np.zeros(Y.shape[1])
        mean = np.average(Y, axis=0, weights=self.weights)
        centred = Y - mean
        # The mean of numbers far from zero has a rounding error; one more step
        # removes what of it the subtraction revealed.
        correction = np.average(centred, axis=0, weights=self.weights)
        return centred - correction, mean + correction

    def scale_rows(self, V):
        """Return ``S^½ V``."""
        return V if self.root is None else self.root[:, None] * V

    def columns(self, chosen):
        """Return the design of some columns, copied into a panel."""
        return CentredDesign(
            self.X[:, chosen], self.weights, self.centre, self.mean[chosen]
        )

    # -- blocks ---------------------------------------------------------------------

    def _slices(self, axis, least):
        length, other = self.shape[axis], self.shape[1 - axis]
        step = max(least, _BUFFER_BYTES // (8 * max(other, 1)))
        return [slice(i, min(i + step, length)) for i in range(0, length, step)]

    def blocks(self, axis=0, scale=True, least=None, dtype=np.float64):
        """Yield ``(slice, block)`` of A along `axis`, in a buffer used again.

        With ``scale=False`` the rows are centred but not multiplied by ``S^½``.
        Dense designs only.
        """
        slices = self._slices(axis, least or _LEAST_BLOCK)
        step = slices[0].stop
        n, p = self.shape
        order = "F" if self.X.flags.f_contiguous else "C"
        shape = (step, p) if axis == 0 else (n, step)
        buffer = np.empty(shape, dtype=dtype, order=order)
        for part in slices:
            length = part.stop - part.start
            if axis == 0:
                source, mean, root = self.X[part], self.mean, self.root
                root = None if root is None else root[part]
                block = buffer[:length]
                if order == "F" and length < step:
                    block = np.empty((length, p), dtype=dtype, order="F")
            else:
                source, mean, root = self.X[:, part], self.mean[part], self.root
                block = buffer[:, :length]
                if order == "C" and length < step:
                    block = np.empty((n, length), dtype=dtype)
            np.subtract(source, mean, out=block)
            if scale and root is not None:
                block *= root[:, None]
            yield part, block

    # -- products -------------------------------------------------------------------

    def gram(self, B, rough=False):
        """Return ``(AᵀA, AᵀB)``; with ``rough``, the first from products in float32."""
        p = self.shape[1]
        if self.is_sparse:
            X = self.X.astype(np.float64, copy=False)
            weighted = X
            if self.root is not None:
                weighted = sparse.diags(self.weights, format="csr") @ X
            gram = (X.T @ weighted).toarray()
            if self.centre:
                sums = self.X.T @ (
                    np.ones(len(B)) if self.root is None else self.weights
                )
                cross = np.outer(self.mean, sums - 0.5 * self.total * self.mean)
                gram -= cross
                gram -= cross.T
            return gram, self.t_dot(B)
        plain = self.root is None or np.all(self.root == 1.0)
        gram, dtype = None, np.float32 if rough else np.float64
        if plain and self.X.dtype == dtype:
            gram = centred_gram(self.X, self.mean)
        if gram is not None or rough:
            products = self.t_dot(B)
        else:
            products = np.zeros((p, B.shape[1]))

        def blocks():
            # A block takes more flops than adding its product to the sum.
            least = max(_GRAM_BLOCK, 2 * p)
            for rows, block in self.blocks(least=least, dtype=dtype):
                if not rough:
                    np.add(products, block.T @ B[rows], out=products)
                yield block

        if gram is None:
            gram = _sum_of_squares(blocks(), p, dtype)
        constant = self.constant_columns(np.diagonal(gram))
        if constant.any():
            gram[constant] = 0.0
            gram[:, constant] = 0.0
            products[constant] = 0.0
        return gram, products

    def constant_columns(self, squared_norms):
        """Tell columns of A that hold only the rounding errors of their mean."""
        if not self.centre:
            return np.zeros(self.shape[1], dtype=bool)
        noise = 4 * np.finfo(np.float64).eps * self.mean
        return squared_norms <= self.total * noise**2

    def kernel(self, rough=False):
        """Return ``AAᵀ``; with ``rough``, from products in float32."""
        n, kernel = self.shape[0], None
        dtype = np.float32 if rough else np.float64
        if self.is_sparse:
            X = self.X.astype(np.float64, copy=False)
            kernel = (X @ X.T).toarray()
            cross = X @ self.mean
            kernel -= cross[:, None]
            kernel -= cross
            kernel += self.mean @ self.mean
        elif self.X.dtype == dtype:
            kernel = centred_kernel(self.X, self.mean)
        if kernel is None:
            blocks = self.blocks(1, scale=False, least=_GRAM_BLOCK, dtype=dtype)
            kernel = _sum_of_squares((block.T for _, block in blocks), n, dtype)
        if self.root is not None:
            kernel *= self.root[:, None]
            kernel *= self.root
        return kernel

    def row_products(self, V):
        """Yield ``(rows, (X − 1 mᵀ)[rows] V)``, not weighted, for blocks of rows."""
        if not self.is_sparse:
            for rows, block in self.blocks(scale=False):
                yield rows, block @ V
            return
        by_rows, shift = self.X.tocsr(), self.mean @ V
        for rows in self._slices(0, _LEAST_BLOCK):
            yield rows, by_rows[rows] @ V - shift

    def dot(self, V):
        """Return ``A V`` for V of shape (n_features, k)."""
        if self.is_sparse:
            return self.scale_rows(self.X @ V - self.mean @ V)
        if self.centres_afterwards(V.shape[1]):
            return self.scale_rows(narrow_product(self.X, V) - self.mean @ V)
        out = np.empty((self.shape[0], V.shape[1]))
        for rows, block in self.blocks():
            out[rows] = block @ V
        return out

    def t_dot(self, U):
        """Return ``Aᵀ U`` for U of shape (n_samples, k)."""
        scaled = self.scale_rows(U)
        if self.is_sparse:
            return self.X.T @ scaled - np.outer(self.mean, scaled.sum(axis=0))
        if self.centres_afterwards(U.shape[1]):
            shift = np.multiply.outer(self.mean, scaled.sum(axis=0))
            return transposed_product(self.X, scaled) - shift
        out = np.zeros((self.shape[1], U.shape[1]))
        for rows, block in self.blocks():
            out += block.T @ U[rows]
        return out

    def residuals(self, Y, coef, intercept):
        """Return ``R = Y − X W − b`` and ``(X − 1 mᵀ)ᵀ S R``.

        Y has shape (n_samples, k), `coef` (n_features, k), `intercept` (k,).
        """
        weights = 1.0 if self.weights is None else self.weights[:, None]
        if self.is_sparse:
            R = Y - self.X @ coef - intercept
            weighted = weights * R
            pulled = self.X.T @ weighted - np.outer(self.mean, weighted.sum(axis=0))
            return R, pulled
        if self.centres_afterwards(coef.shape[1]):
            R = Y - narrow_product(self.X, coef) - intercept
            weighted = weights * R
            shift = np.multiply.outer(self.mean, weighted.sum(axis=0))
            return R, transposed_product(self.X, weighted) - shift
        level = intercept + self.mean @ coef
        R = Y - level
        pulled = np.zeros(coef.shape)
        for rows, block in self.blocks(scale=False):
            R[rows] -= block @ coef
            part = R[rows]
            if self.weights is not None:
                part = weights[rows] * part
            pulled += block.T @ part
        return R, pulled

    def triangle(self, B=None):
        """Return R of ``[A B] = Q [R C]`` and ``C``, by blocked Householder QR.

        With B=None the other side: the lower triangle Rᵀ of ``Aᵀ = Q R``, and None.
        Dense designs only.
        """
        wide = B is None
        axis, width = (1, self.shape[0]) if wide else (0, self.shape[1])
        top = np.zeros((0, width + (0 if wide else B.shape[1])))
        for part, block in self.blocks(axis, least=_GRAM_BLOCK):
            rows = block.T if wide else np.hstack([block, B[part]])
            stacked = np.asfortranarray(np.vstack([top, rows]))
            top = linalg.qr(stacked, mode="r", overwrite_a=True, check_finite=False)[0][
                : min(stacked.shape)
            ]
        if wide:
            return top.T, None
        R, C = top[:width, :width], top[:width, width:]
        R[:, self.constant_columns(np.einsum("ij,ij->j", R, R))] = 0.0
        return R, C

    def operator(self):
        """Return A as a SciPy linear operator, for iterative solvers."""
        mean, root = self.mean, self.root
        X = self.X.astype(np.float64, copy=False) if self.is_sparse else self.X

        def matvec(v):
            v = v.ravel()
            if X.dtype != np.float64:
                return self.dot(v[:, None]).ravel()
            out = X @ v - mean @ v
            return out if root is None else root * out

        def rmatvec(u):
            u = u.ravel()
            if X.dtype != np.float64:
                return self.t_dot(u[:, None]).ravel()
            scaled = u if root is None else root * u
            return X.T @ scaled - mean * scaled.sum()

        return LinearOperator(
            self.shape, matvec=matvec, rmatvec=rmatvec, dtype=np.float64
        )
