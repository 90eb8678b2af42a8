"""A design from which some columns are taken out: left out, or projected out.

Features without a penalty are to the others what an intercept is: minimising over
their coefficients first leaves the same problem in the parts of b and of the other
columns that are orthogonal to them (Frisch and Waugh 1933; Lovell 1963). As with
centring, those parts are never written down: ``A`` is ``(I - Q Q^T) A`` in every
product, and duality gaps of the smaller problem are gaps of the whole one.
"""

import numpy as np
from scipy import linalg

#: A column is dependent if less than this part of its norm is left of it.
_DEPENDENT = 1e-11


class PartialDesign:
    """A design without its excluded and unpenalised columns, which read as zero.

    Parameters
    ----------
    base : DenseDesign or SparseDesign
        The whole design; what is not defined here is asked of it.
    unpenalised : ndarray of bool of shape (n_features,)
        Columns that the others and the target are made orthogonal to. They are
        written as a dense panel, and a sparse design is used as a dense one.
    excluded : ndarray of bool of shape (n_features,)
        Columns that are left out.
    """

    def __init__(self, base, unpenalised, excluded):
        self.base = base
        self.hidden = unpenalised | excluded
        self.free = np.flatnonzero(unpenalised)
        self.sparse = base.sparse and not len(self.free)
        self.gram_cancels = len(self.free) > 0
        panel = self._base_panel(self.free)
        norms = np.sqrt(np.einsum("ij,ij->j", panel, panel))
        norms[norms == 0.0] = 1.0
        Q, R, order = linalg.qr(panel / norms, mode="economic", pivoting=True)
        rank = int(np.count_nonzero(np.abs(np.diagonal(R)) > _DEPENDENT))
        self.Q, self.R = Q[:, :rank], R[:rank, :rank]
        self.kept, self.kept_norms = self.free[order[:rank]], norms[order[:rank]]

    def __getattr__(self, name):
        return getattr(self.base, name)

    def _base_panel(self, columns):
        panel = np.empty((self.base.shape[0], len(columns)), order="F")
        if self.base.sparse:
            w = np.zeros(self.base.shape[1])
            for c, j in enumerate(columns):
                w[j] = 1.0
                panel[:, c] = self.base.apply(w, np.array([j]))
                w[j] = 0.0
        elif len(columns):
            self.base.fill_panel(columns, panel)
        return panel

    def _project(self, R):
        return R - self.Q @ (self.Q.T @ R) if self.Q.shape[1] else R

    def weigh(self, R):
        """Return the weighted R, orthogonal to the unpenalised columns."""
        return self._project(self._project(self.base.weigh(R)))

    def correlate(self, R, out=None):
        """Return ``A^T R`` for R of shape (n_samples,) or (n_samples, k).

        A sparse design writes its transpose to ``out``, if that is given.
        """
        out = () if out is None else (out,)
        product = self.base.correlate(self._project(R), *out)
        product[self.hidden] = 0.0
        return product

    def correlate_columns(self, columns, R):
        """Return ``A[:, columns]^T R`` for one or several residuals."""
        if self.Q.shape[1]:
            panel = np.empty((self.base.shape[0], len(columns)), order="F")
            self.fill_panel(columns, panel)
            return panel.T @ R
        product = self.base.correlate_columns(columns, R)
        product[self.hidden[columns]] = 0.0
        return product

    def all_squares(self):
        """Return bounds of the squared norms of the columns: those of the base."""
        return self.base.all_squares()

    def apply(self, w, support=None):
        """Return ``A w``; only the columns in ``support`` are read."""
        support = np.flatnonzero(w) if support is None else support
        support = support[~self.hidden[support]]
        return self._project(self.base.apply(w, support))

    def fill_panel(self, columns, out):
        """Write ``A[:, columns]`` to a Fortran-ordered array; return squared norms."""
        if self.base.sparse:
            out[:] = self._base_panel(columns)
        else:
            self.base.fill_panel(columns, out)
        if self.Q.shape[1]:
            before = np.einsum("ij,ij->j", out, out)
            out -= self.Q @ (self.Q.T @ out)
            after = np.einsum("ij,ij->j", out, out)
            out[:, after <= _DEPENDENT**2 * before] = 0.0
        out[:, self.hidden[columns]] = 0.0
        return np.einsum("ij,ij->j", out, out)

    def gram(self):
        """Return the whole ``A^T A``."""
        if self.base.sparse:
            every = np.arange(self.shape[1])
            gram = self.base.cross_gram(every, every)
        else:
            gram = self.base.gram()
        return self.reduced(gram)

    def reduced(self, gram):
        """Return ``A^T A`` from that of the whole design, which is not changed."""
        gone = self.hidden.copy()
        if self.Q.shape[1]:
            before = gram.diagonal()
            shared = np.atleast_2d(self.base.correlate(self.Q))
            gram = gram - shared @ shared.T
            gone |= gram.diagonal() <= _DEPENDENT * before
        else:
            gram = gram.copy()
        gram[gone] = 0.0
        gram[:, gone] = 0.0
        return gram

    def squares(self, columns):
        """Return the squared norms of the columns of a sparse ``A``."""
        squares = self.base.squares(columns)
        squares[self.hidden[columns]] = 0.0
        return squares

    def cross_gram(self, rows, columns):
        """Return ``A[:, rows]^T A[:, columns]`` of a sparse ``A``."""
        gram = self.base.cross_gram(rows, columns)
        gram[self.hidden[rows]] = 0.0
        gram[:, self.hidden[columns]] = 0.0
        return gram

    def complete(self, w, target):
        """Return w with the coefficients of the unpenalised columns, and 0 excluded.

        Of dependent unpenalised columns only an independent part is used.
        """
        w = w.copy()
        w[self.hidden] = 0.0
        if len(self.kept):
            residual = self.base.weigh(target) - self.base.apply(w)
            own = linalg.solve_triangular(self.R, self.Q.T @ residual)
            w[self.kept] = own / self.kept_norms
        return w
