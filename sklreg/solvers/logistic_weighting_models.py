"""Models of the loss for steps of many weightings over one panel of columns."""

import numpy as np

from sklreg.solvers import _logistic_weightings_kernels as kernels
from sklreg.solvers.quadratic import minimise_quadratic

# Pairs of vectors that a model learns before it is full.
_RANK = 48
# Larger panels have no Gram matrix, and no weighting one of more columns.
_LARGEST_GRAM, LARGEST = 2048, 1024
# Rows of the panel at a time.
_ROWS = 512
# More steps than this, and than a Gram matrix costs, are too many for a model.
_PATIENCE = 5
# Steps before the pace is judged.
_TRIED = 3
# Where sweeps do not settle, slopes are brought to this part of how far off they are.
_TIGHT = 0.01
# and the objective to within this part of what the step promises,
_AIM = 1e-4
# over columns whose slope is this close to its level.
_NEAR = 0.9


class SharedPanel:
    """Columns that may matter to some weighting, in single precision.

    Attributes
    ----------
    columns : ndarray of int
        Their indices.
    X : ndarray of shape (n_samples, n_columns), float32
        The columns, less their means ``origin`` where there is an intercept.
    gram : ndarray of shape (n_columns, n_columns) or None
        Their Gram matrix under the mean curvature of the first weightings, which sums
        to ``mass``.
    """

    def __init__(self, problem):
        self.design, self.center = problem.design, problem.fit_intercept
        self.columns = np.empty(0, dtype=np.int64)
        self.curvature = None

    def cover(self, members, each):
        """Grow to the columns wanted by some; return False where that overflows."""
        p = self.design.shape[1]
        wanted = np.any([m.wanted for m in members], axis=0)
        wanted[self.columns] = True
        if p <= _LARGEST_GRAM and 2 * wanted.sum() > p:
            wanted[:] = True
        if self.curvature is None:
            self.curvature = np.mean([m.curvature for m in members], axis=0)
        if wanted.sum() == len(self.columns):
            return True
        self.columns = np.flatnonzero(wanted)
        return self._fill(each)

    def _fill(self, each):
        """Copy the columns and find their Gram matrix; return False on overflow."""
        X, n, m = self.design.X, self.design.shape[0], len(self.columns)
        self.X = np.empty((n, m), dtype=np.float32)
        self.origin = np.zeros(m)
        if self.center:
            self.origin = X.mean(axis=0, dtype=np.float64)[self.columns]
        self.mass = self.curvature.sum()
        root = np.sqrt(self.curvature)
        every, has_gram = m == X.shape[1], m <= _LARGEST_GRAM

        def fill(parts):
            gram, sums = np.zeros((m, m) if has_gram else 0), np.zeros(m)
            with np.errstate(over="ignore", invalid="ignore"):
                for rows in parts:
                    own = self.X[rows]
                    part = X[rows] if every else X[rows][:, self.columns]
                    np.subtract(part, self.origin, out=own, casting="same_kind")
                    if has_gram:
                        own = own * root[rows, None].astype(np.float32)
                        gram += own.T @ own
                    sums += root[rows] @ own
            return gram, sums

        parts = [slice(i, i + _ROWS) for i in range(0, n, _ROWS)]
        found = each(fill, [parts[::2], parts[1::2]])
        gram, sums = (np.sum(one, axis=0) for one in zip(*found, strict=True))
        if self.center and has_gram and self.mass > 0.0:
            gram -= np.multiply.outer(sums / self.mass, sums)
        self.gram = gram if has_gram else None
        return bool(np.isfinite(sums).all() and np.isfinite(gram).all())


class SharedModel:
    """The Gram matrix of the panel, and what steps have taught beyond it.

    Parameters
    ----------
    panel : SharedPanel
        The panel.
    mass : float
        Sum of the curvature of this weighting.
    """

    def __init__(self, panel, mass):
        self.size = len(panel.columns)
        self.G = panel.gram
        self.scale = mass / panel.mass if panel.mass > 0.0 else 1.0
        self.places = None
        self._begin()

    def _begin(self):
        self.rank = 0
        self.offs = []
        if self.G is None:
            return
        m = len(self.G)
        self.V, self.c = np.empty((m, _RANK)), np.empty(_RANK)
        self.square = self.scale * self.G.diagonal()

    def learn(self, length, turn):
        """Take how the slopes fell along the last step, cut to a length."""
        if self.places is not None:
            turn = turn[self.places]
        self.rank = kernels.learn(
            length * self.step,
            length * self.pull,
            turn,
            self.V,
            self.c,
            self.rank,
            self.square,
        )

    def slows(self, off, wanted, n_likely):
        """Take how far slopes are off; return whether a model of one's own would pay.

        ``wanted`` is the part of it that is to be left, ``n_likely`` the number of
        columns of the other model.
        """
        self.offs.append(off)
        if self.G is None:
            return True
        if len(self.offs) <= _TRIED:
            return False
        pace = (off / self.offs[-_TRIED]) ** (1.0 / (_TRIED - 1))
        if not pace < 1.0:
            return True
        left = np.log(max(wanted, 1e-300)) / np.log(pace)
        return left > _PATIENCE + n_likely**2 / (4.0 * self.size)

    def minimise(self, slope, w, l1, l2, lower, upper):
        """Return where the model with penalty and bounds is least."""
        given = [slope, w, l1, l2, lower, upper]
        if self.places is not None:
            given = [array[self.places] for array in given]
        new, self.pull = np.empty_like(given[1]), np.empty_like(given[1])
        settled = kernels.descend(
            self.G,
            self.scale,
            self.V,
            self.c,
            self.rank,
            self.square,
            *given,
            new,
            self.pull,
        )
        if not settled:
            self._finish(new, *given)
        self.step = new - given[1]
        if self.places is None:
            return new
        aim = w.copy()
        aim[self.places] = new
        return aim

    def _finish(self, new, slope, w, *penalties):
        """Minimise further where columns depend on each other."""
        near = np.abs(slope - self.pull) > _NEAR * penalties[0]
        near = np.flatnonzero(near | (new != 0.0))
        V, c = self.V[:, : self.rank], self.c[: self.rank]
        B = self.scale * self.G[np.ix_(near, near)] + (V[near] * c) @ V[near].T
        start = new[near]
        part = start.copy()
        minimise_quadratic(
            B,
            (slope - self.pull)[near],
            part,
            *(values[near] for values in penalties),
            _AIM * abs(float((new - w) @ slope)),
            _TIGHT * min(1.0, self.offs[-1]),
        )
        change = part - start
        self.pull += self.scale * (self.G[:, near] @ change)
        self.pull += V @ (c * (change @ V[near]))
        new[near] = part


class OwnModel(SharedModel):
    """A Gram matrix under a weighting's own curvature, of the columns it may need.

    Parameters
    ----------
    panel : SharedPanel
        The panel.
    curvature : ndarray of shape (n_samples,)
        The curvature.
    places : ndarray of int
        Where the columns stand in the panel.
    off : float
        How far slopes are off.
    """

    def __init__(self, panel, curvature, places, off):
        self.size, self.places = len(panel.columns), places
        self.scale = 1.0
        rows = np.flatnonzero(curvature)
        root = np.sqrt(curvature[rows])
        part = panel.X[np.ix_(rows, self.places)]
        part *= root[:, None].astype(np.float32)
        self.G = (part.T @ part).astype(np.float64)
        if panel.center and len(rows):
            sums = root @ part
            self.G -= np.multiply.outer(sums / curvature.sum(), sums)
        self._begin()
        self.offs.append(off)
