"""Columns of a sparse design, copied one after the other for sweeps over them."""

import numpy as np

from sklreg.solvers import _sparse_panel_kernels as kernels


class SparsePanel:
    """Stored entries of some columns of a design, its weights multiplied in.

    Parameters
    ----------
    design : SparseDesign
        Where the columns come from.
    """

    def __init__(self, design):
        self.design = design
        root = np.broadcast_to(np.asarray(design.root), (design.shape[0],))
        self._root = np.ascontiguousarray(root, dtype=np.float64)
        self._values = np.empty(0)
        # Unsigned, so that no index is asked whether it counts from the end.
        self._rows = np.empty(0, dtype=np.uint32)
        self._starts = np.zeros(1, dtype=np.int64)
        self._origin = np.empty(0)

    def __len__(self):
        return len(self._origin)

    def extend(self, columns):
        """Append columns."""
        indptr = self.design.X.indptr
        lengths = (indptr[columns + 1] - indptr[columns]).astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        values = np.empty(starts[-1])
        rows = np.empty(starts[-1], dtype=np.uint32)
        origin = np.empty(len(columns))
        kernels.gather(
            *self.design.arrays(),
            columns,
            self.design.mean,
            self._root,
            starts,
            values,
            rows,
            origin,
        )
        self._values = np.concatenate([self._values, values])
        self._rows = np.concatenate([self._rows, rows])
        self._starts = np.concatenate([self._starts, self._starts[-1] + starts[1:]])
        self._origin = np.concatenate([self._origin, origin])

    def residual(self, b, w):
        """Return ``b - A w`` for coefficients of the columns."""
        z = b.copy()
        kernels.take(*self._arrays(), w, z)
        return z

    def descend(self, squares, b, residual, w, *limits):
        """Sweep over the columns, in place of ``w`` and ``residual``.

        Returns the number of sweeps and the gap on the columns; see the kernel.
        """
        return kernels.sparse_descent(*self._arrays(), squares, b, residual, w, *limits)

    def _arrays(self):
        return self._values, self._rows, self._starts, self._origin, self._root
