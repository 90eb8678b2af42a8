"""A Hessian on some columns that is kept over many steps, with its exact minimiser."""

from dataclasses import dataclass

import numpy as np

from sklreg._views import read_only
from sklreg.solvers import _logistic_path_kernels as path_kernels
from sklreg.solvers.active_set import ActiveSet
from sklreg.solvers.narrow_products import correlate_rows
from sklreg.solvers.quadratic import minimise_quadratic


@dataclass
class _Columns:
    """What an active set asks of the columns it works on."""

    gram: np.ndarray
    design: object

    def __len__(self):
        return len(self.gram)


class KeptHessian:
    """The weighted Gram matrix of some columns, about weights of some time ago.

    Parameters
    ----------
    working : LogisticColumns
        The columns at hand.

    Attributes
    ----------
    curvature : ndarray of shape (n_samples,) or None
        These weights; None asks for a new matrix.
    ratio : float
        The matrix serves for weights that sum to this many times as much.
    places : ndarray of int
        Places of the columns in the working set.
    gram : ndarray of shape (n_places, n_places)
        The matrix.
    """

    def __init__(self, working):
        self.working = working
        self.curvature = None
        self._taken = np.zeros(0, dtype=bool)
        self._columns = _Columns(np.empty((0, 0)), working.design)
        self._active = ActiveSet(self._columns)

    @property
    def gram(self):
        return self._columns.gram

    def prepare(self, curvature, total, state, needed, likely):
        """Have the columns needed, and likely ones; return whether it was made anew.

        ``state`` is ``(slope, l1, w)`` of all the features: a column is needed, or
        likely, whose slope comes this close to its level, or whose coefficient is at
        hand.
        """
        working = self.working
        fresh = self.curvature is None
        if fresh:
            self._taken = np.zeros(0, dtype=bool)
        missing = np.empty(len(working), dtype=np.int64)
        count, wanting = path_kernels.find_places(
            *state, working.columns, needed, likely, self._taken, missing
        )
        missing = missing[:count]
        if fresh:
            self.curvature, self.total, self.ratio = curvature.copy(), total, 1.0
            self.places = missing
            self._columns.gram = working.gram(curvature, missing, missing)
            self.pull = working.correlate(curvature, missing)
            self._active.l2 = None  # the factor is another matrix's
        else:
            self.ratio = total / self.total
            if wanting:
                self._grow(missing)
        if fresh or wanting:
            self._taken = np.zeros(len(working), dtype=bool)
            self._taken[self.places] = True
        return fresh

    def _grow(self, missing):
        have, working = len(self.places), self.working
        places = np.concatenate([self.places, missing])
        if working.design.sparse:
            block = working.gram(self.curvature, places, missing)
            pull = working.correlate(self.curvature, missing)
        else:
            rows = read_only(working.panel.T)
            block = correlate_rows(rows, places, rows[missing] * self.curvature).T
            pull = rows[missing] @ self.curvature
        pull = np.concatenate([self.pull, pull])
        if not working.design.sparse and working.center:
            block -= np.multiply.outer(pull / self.total, pull[have:])
        grown = np.empty((len(places), len(places)))
        grown[:have, :have] = self.gram
        grown[:, have:] = block
        grown[have:, :have] = block[:have].T
        self.places, self.pull, self._columns.gram = places, pull, grown

    def minimise(self, gradient, w, l1, l2, lower, upper, aim, slope_aim):
        """Minimise the model in place; see ``minimise_quadratic``."""
        open_above, open_below = np.isinf(upper).all(), np.isinf(lower).all()
        positive = open_above and not lower.any()
        exact = open_above and (open_below or positive)
        if exact and self._active.worthwhile(w, l1, l2):
            done, _ = self._active.move(w, gradient, l1, l2, positive)
            if done:
                return
        minimise_quadratic(self.gram, gradient, w, l1, l2, lower, upper, aim, slope_aim)
