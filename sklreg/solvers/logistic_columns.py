"""The columns that a logistic solver works on, with their weighted Gram matrix."""

import numpy as np

from sklreg.solvers import _design_kernels, _logistic_kernels

# A centred column smaller than this times its mean is rounding, not data.
_CONSTANT = 1e-14


class LogisticColumns:
    """A growing set of columns of X, shared by problems over the same X.

    Dense columns are copied to a panel and, with an intercept, centred there by
    their plain means, which no choice of row weights then turns into lost digits.
    Sparse columns stay where they are.

    Parameters
    ----------
    design : DenseDesign or SparseDesign
        Design without weights or centring.
    center : bool
        Whether an intercept is fitted.

    Attributes
    ----------
    columns : ndarray of int64
        Indices of the columns, in order of arrival.
    """

    def __init__(self, design, center):
        self.design = design
        self.center = center
        self.columns = np.empty(0, dtype=np.int64)
        self._member = np.zeros(design.shape[1], dtype=bool)
        self._panel = np.empty((design.shape[0], 0), order="F")
        self._origin = np.zeros(design.shape[1])

    def __len__(self):
        return len(self.columns)

    def add(self, columns):
        """Add the columns that are not in the set yet; return how many were new."""
        columns = np.asarray(columns, dtype=np.int64)
        columns = columns[~self._member[columns]]
        self._member[columns] = True
        self.columns = np.concatenate([self.columns, columns])
        return len(columns)

    @property
    def panel(self):
        """Centred ``X[:, columns]`` in Fortran order, of a dense design."""
        have, want = self._panel.shape[1], len(self)
        if have < want:
            grown = np.empty((self.design.shape[0], want), order="F")
            grown[:, :have] = self._panel
            fresh = grown[:, have:]
            self.design.raw_panel(self.columns[have:], fresh)
            if self.center:
                origin = fresh.mean(axis=0)
                fresh -= origin
                spread = np.sqrt(np.einsum("ij,ij->j", fresh, fresh) / len(fresh))
                fresh[:, spread <= _CONSTANT * np.abs(origin)] = 0.0
                self._origin[self.columns[have:]] = origin
            self._panel = grown
        return self._panel

    def origin(self, columns):
        """Return what was taken from the columns of the panel."""
        return self._origin[columns]

    def product(self, w):
        """Return the product of the columns, as they are held, with local ``w``."""
        if self.design.sparse:
            support = np.flatnonzero(w)
            return self.design.raw_product(self.columns[support], w[support])
        last = np.flatnonzero(w)[-1] + 1 if w.any() else 0
        return self.panel[:, :last] @ w[:last]

    def correlate(self, theta):
        """Return the products of the columns, as they are held, with theta."""
        if self.design.sparse:
            out = np.empty(len(self))
            _logistic_kernels.csc_correlate(
                *self.design.arrays(), self.columns, theta, out
            )
            return out
        return self.panel.T @ theta

    def gram(self, curvature, chosen=slice(None)):
        """Return ``(G, mean)``: the Gram under row weights, and weighted means.

        With an intercept G is that of the columns less their weighted means, so
        that the intercept is eliminated.
        """
        total = curvature.sum() if self.center else np.inf
        if self.design.sparse:
            columns = self.columns[chosen]
            return self._sparse_gram(columns, curvature, total)
        panel = self.panel[:, chosen]
        scaled = panel * np.sqrt(curvature)[:, None]
        G = scaled.T @ scaled
        if not self.center:
            return G, np.zeros(len(G))
        mean = (panel.T @ curvature) / total
        before = G.diagonal().copy()
        G -= np.multiply.outer(mean * total, mean)
        _drop_rounding(G, before)
        return G, mean

    def _sparse_gram(self, columns, curvature, total):
        arrays = self.design.arrays()
        mean, squares = np.empty(len(columns)), np.empty(len(columns))
        _logistic_kernels.csc_moments(*arrays, columns, curvature, total, mean, squares)
        share = curvature / (total if self.center else 1.0)
        full = np.zeros(self.design.shape[1])
        full[columns] = mean
        G = np.empty((len(columns), len(columns)))
        scatter = np.zeros(self.design.shape[0])
        _design_kernels.csc_gram(*arrays, columns, columns, full, share, scatter, G)
        if self.center:
            G *= total
        before = G.diagonal().copy()
        np.fill_diagonal(G, squares)
        _drop_rounding(G, np.where(squares == 0.0, np.inf, before))
        return G, mean


def _drop_rounding(G, before):
    """Clear rows and columns whose diagonal is but rounding of what it was."""
    gone = np.flatnonzero(G.diagonal() <= 1e-14 * before)
    G[gone] = 0.0
    G[:, gone] = 0.0
