"""The columns that a logistic solver works on, with their weighted Gram matrix."""

import numpy as np

from sklreg._views import read_only
from sklreg.solvers import (
    _design_kernels,
    _logistic_kernels,
    _logistic_panel_kernels,
    _sparse_gram_kernels,
)

# A centred column smaller than this times its mean is rounding, not data.
_CONSTANT = 1e-14
# Sparse columns up to this many get a Gram whatever it costs.
_SMALL = 256
# The part of stored entries from which on they are as good as dense.
_FILLED = 0.02
# Up to this part of them a Gram is summed over rows.
_SHORT = 0.1
# A Gram serves while no more than this part of the weights has moved: the more, the
# more rows a fresh one would have to be summed over, up to a limit; up to three times
# as much where columns are many. For its price is quadratic in them: so many columns
# more make it as dear as one step more.
_DRIFT, _DRIFT_PER_ROW, _STEP_COLUMNS = 0.05, 5e-6, 250
# Memory that a panel is given at once: it costs nothing before it is written to,
# while growing step by step costs copies.
_PANEL_BYTES = 1 << 27
# A step whose slopes answer with less than this part of the curvature teaches nothing.
_CURVED = 0.5
# From this many columns on products are taken in single precision.
_SINGLE_COLUMNS = 100


class LogisticColumns:
    """A growing set of columns of X, shared by problems over the same X.

    Dense columns are taken, with an intercept, less their plain means, which no choice
    of row weights then turns into lost digits. Where X is in Fortran order they are
    read in place, for writing to fresh memory costs more than reading; else they are
    copied to a panel. Sparse columns stay where they are.

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
        self.member = np.zeros(design.shape[1], dtype=bool)
        self._panel = np.empty((design.shape[0], 0), order="F")
        self._filled = 0
        # What else depends on the data alone, for whoever shares them.
        self.rotation = None
        self.squares = None
        self.single = None
        self._origin = np.zeros(design.shape[1])
        self._keep = np.ones(design.shape[1])
        self._centred = 0
        self._direct = not design.sparse and design.X.flags.f_contiguous

    def __len__(self):
        return len(self.columns)

    def add(self, columns):
        """Add the columns that are not in the set yet; return how many were new."""
        columns = np.asarray(columns, dtype=np.int64)
        columns = columns[~self.member[columns]]
        self.member[columns] = True
        self.columns = np.concatenate([self.columns, columns])
        return len(columns)

    def _rows(self, places=None):
        """Return the arguments of the kernels that read columns where they are."""
        if not self._direct:
            places = np.arange(len(self)) if places is None else places
            panel = read_only(self.panel.T)
            return panel, places, np.zeros(len(places)), np.ones(len(places))
        XT = read_only(self.design.X.T)
        fresh = self.columns[self._centred :]
        if len(fresh) and self.center:
            origin, spread = np.empty(len(fresh)), np.empty(len(fresh))
            _logistic_kernels.column_means(XT, fresh, origin, spread)
            self._origin[fresh] = origin
            self._keep[fresh] = spread > _CONSTANT * np.abs(origin)
        self._centred = len(self)
        columns = self.columns if places is None else self.columns[places]
        return XT, columns, self._origin[columns], self._keep[columns]

    @property
    def panel(self):
        """Centred ``X[:, columns]`` in Fortran order, of a dense design."""
        have, want = self._filled, len(self)
        if have < want:
            room = self._panel.shape[1]
            if room < want:
                least = _PANEL_BYTES // (8 * max(1, len(self._panel)))
                room = max(want, 2 * room, least)
                room = min(room, self.design.shape[1])
                grown = np.empty((self.design.shape[0], room), order="F")
                grown[:, :have] = self._panel[:, :have]
                self._panel = grown
            fresh = self._panel[:, have:want]
            self.design.raw_panel(self.columns[have:], fresh)
            if self.center:
                origin = fresh.mean(axis=0)
                fresh -= origin
                spread = np.sqrt(np.einsum("ij,ij->j", fresh, fresh) / len(fresh))
                fresh[:, spread <= _CONSTANT * np.abs(origin)] = 0.0
                self._origin[self.columns[have:]] = origin
            self._filled = want
        return self._panel[:, :want]

    def origin(self, columns):
        """Return what was taken from the columns of the panel."""
        return self._origin[columns]

    def product(self, w, places=None):
        """Return the product of the columns, as they are held, with local ``w``.

        With ``places``, w is that of these places only.
        """
        if self.design.sparse:
            columns = self.columns if places is None else self.columns[places]
            support = np.flatnonzero(w)
            return self.design.raw_product(columns[support], w[support])
        if self._direct:
            out = np.empty(self.design.shape[0])
            _logistic_kernels.columns_product(*self._rows(places), w, out)
            return out
        if places is not None:
            full = np.zeros(len(self))
            full[places] = w
            w = full
        last = np.flatnonzero(w)[-1] + 1 if w.any() else 0
        return self.panel[:, :last] @ w[:last]

    def correlate(self, theta, places=None):
        """Return the products of the columns, as they are held, with theta."""
        if self.design.sparse:
            columns = self.columns if places is None else self.columns[places]
            out = np.empty(len(columns))
            _logistic_kernels.csc_correlate(*self.design.arrays(), columns, theta, out)
            return out
        if not self._direct:
            if places is None:
                return self.panel.T @ theta
            if 2 * len(places) > len(self):
                return (self.panel.T @ theta)[places]
        rows = self._rows(places)
        out = np.empty(len(rows[1]))
        _logistic_kernels.columns_correlate(*rows, theta, out)
        return out

    def prefers_gram(self, places=None):
        """Whether a Gram of the columns costs less than sweeps over them."""
        columns = self.columns if places is None else self.columns[places]
        size = len(columns)
        if not self.design.sparse or size <= _SMALL:
            return True
        indptr = self.design.X.indptr
        return size * size <= 4 * np.sum(indptr[columns + 1] - indptr[columns])

    def gram(self, curvature, rows, columns, single=False):
        """Return the Gram of some columns with others under row weights.

        With an intercept the columns are taken less their weighted means, so that
        the intercept is eliminated. ``rows`` and ``columns`` are places in the set;
        where they are the same object half the work is saved. With ``single`` the
        products are taken in single precision.
        """
        total = curvature.sum() if self.center else np.inf
        if self.design.sparse:
            return self._sparse_gram(rows, columns, curvature, total)
        root = np.sqrt(curvature)
        dtype = np.float32 if single else np.float64
        right = self._scaled(columns, root, dtype)
        left = right if rows is columns else self._scaled(rows, root, dtype)
        product = left @ right.T
        if not self.center:
            return product.astype(np.float64, copy=False)
        root = root.astype(dtype, copy=False)
        G = np.empty(product.shape)
        _logistic_kernels.less_outer(product, (left @ root) / total, right @ root, G)
        return G

    def _scaled(self, places, root, dtype):
        """Return the transpose of some columns, their rows scaled."""
        out = np.empty((len(places), len(root)), dtype=dtype)
        _logistic_kernels.scale_columns(*self._rows(places), root, out)
        return out

    def weighted_rows(self, curvature, places):
        """Return the transpose of some columns of a dense design, and their lengths.

        They are centred, under the root of the weights, of length 1 and in single
        precision: times the lengths, their products are the Gram matrix.
        """
        total = curvature.sum() if self.center else np.inf
        out = np.empty((len(places), len(curvature)), dtype=np.float32)
        rows = self._rows(places)
        norms = np.empty(len(places))
        _logistic_panel_kernels.weigh_columns(*rows, curvature, total, norms, out)
        return out, norms

    def _sparse_gram(self, rows, columns, curvature, total):
        arrays = self.design.arrays()
        same = rows is columns
        rows, columns = self.columns[rows], self.columns[columns]
        if self._has_short_rows(rows, columns):
            return self._gram_by_rows(arrays, rows, columns, same, curvature, total)
        if same and self._is_filled(columns):
            # So many entries that a dense product costs less.
            dense = self.design.X[:, columns].toarray().astype(np.float64, copy=False)
            root = np.sqrt(curvature)
            dense *= root[:, None]
            G = dense.T @ dense
            if self.center:
                sums = root @ dense
                G -= np.multiply.outer(sums / total, sums)
            return G
        mean = np.zeros(self.design.shape[1])
        for chosen in (rows, columns):
            mean[chosen] = self.moments(curvature, chosen, total)[0]
        share = curvature / (total if self.center else 1.0)
        G = np.empty((len(rows), len(columns)))
        scatter = np.zeros(self.design.shape[0])
        _design_kernels.csc_gram(*arrays, rows, columns, mean, share, scatter, G)
        if self.center:
            G *= total
        return G

    def _gram_by_rows(self, arrays, rows, columns, same, curvature, total):
        G = np.empty((len(columns), len(rows)))
        sums = np.empty(len(rows))
        _sparse_gram_kernels.rows_gram(*arrays, rows, columns, same, curvature, G, sums)
        # Symmetric where the columns are the same, and then as good as it is.
        G = G if same else np.ascontiguousarray(G.T)
        if self.center:
            others = sums if same else self.moments(curvature, columns, 1.0)[0]
            G -= np.multiply.outer(sums, others / total)
        return G

    def _has_short_rows(self, rows, columns):
        """Whether the rows of X have few entries among the columns, and none is full.

        Only a full column can lie so far from zero that centring it afterwards
        would cost digits.
        """
        indptr, n_samples = self.design.X.indptr, self.design.shape[0]
        for chosen in (rows, columns):
            entries = indptr[chosen + 1] - indptr[chosen]
            full = len(entries) and entries.max() == n_samples
            if full or entries.sum() > _SHORT * n_samples * len(chosen):
                return False
        return True

    def _is_filled(self, columns):
        indptr = self.design.X.indptr
        entries = np.sum(indptr[columns + 1] - indptr[columns])
        return entries > _FILLED * self.design.shape[0] * len(columns)

    def moments(self, curvature, columns, total):
        """Return weighted means and centred weighted squares of sparse columns."""
        mean, squares = np.empty(len(columns)), np.empty(len(columns))
        _logistic_kernels.csc_moments(
            *self.design.arrays(), columns, curvature, total, mean, squares
        )
        return mean, squares


class WeightedGram:
    """The Gram matrix of chosen columns, kept while the row weights change little.

    Parameters
    ----------
    working : LogisticColumns
        The columns.

    Attributes
    ----------
    single : bool
        Whether products may be taken in single precision.
    """

    def __init__(self, working, single=True):
        self.working = working
        self.single = single
        self._curvature = None
        self._served = False
        self._gap, self._goal = np.inf, np.inf
        self._places = np.empty(0, dtype=np.int64)
        self._gram = np.empty((0, 0))
        self._before = None
        self._scale = 1.0

    def restart(self, goal):
        """Begin a new problem, whose gap is to come down to a goal."""
        self._gap, self._goal = np.inf, max(goal, np.finfo(np.float64).tiny)
        self._before = None

    def learn(self, w, slope):
        """Take note of coefficients and slopes before a step.

        What the last step did to the slopes corrects the matrix (the update of
        Broyden, Fletcher, Goldfarb and Shanno), so that the steps that a kept matrix
        serves converge faster than linearly.
        """
        before, self._before = self._before, (w.copy(), slope.copy())
        if before is None or self._curvature is None:
            return
        places = self._places
        if np.any(places >= len(before[0])):
            return
        change = w[places] - before[0][places]
        answer = (before[1][places] - slope[places]) / self._scale
        product = self._gram @ change
        length, along = change @ product, change @ answer
        if along > _CURVED * length > 0.0:
            _logistic_kernels.correct(self._gram, product, length, answer, along)

    def heed(self, gap):
        """Take note of the gap before a step; give up a matrix that slows them.

        Where few rows carry all the curvature, weights that moved little in sum may
        still have moved enough to turn quadratic convergence into a slow linear one.
        A matrix goes when the steps to the goal would cost more than a fresh one.
        """
        before, self._gap = self._gap, gap
        if self._served and self._goal < gap and np.isfinite(before):
            spared = 1.0 + len(self._places) / _STEP_COLUMNS
            left = np.log(gap / self._goal)
            if not np.isfinite(gap) or left > spared * np.log(before / gap):
                self._curvature = None

    def at(self, curvature, wanted):
        """Return ``(places, G)``: at least the columns wanted, about these weights.

        Weights that are a multiple of the ones before, more or less, are served by
        that multiple of the matrix before, which is grown as needed.
        """
        ratio = self._ratio(curvature, len(wanted))
        self._served = ratio > 0.0
        self._scale = ratio or 1.0
        single = self.single and len(wanted) >= _SINGLE_COLUMNS
        if not ratio:
            self._curvature = curvature.copy()
            self._places = wanted
            self._gram = self.working.gram(curvature, wanted, wanted, single)
            return wanted, self._gram
        missing = np.setdiff1d(wanted, self._places, assume_unique=True)
        if len(missing):
            have = len(self._places)
            every = np.concatenate([self._places, missing])
            block = self.working.gram(self._curvature, every, missing, single)
            grown = np.empty((len(every), len(every)))
            grown[:have, :have] = self._gram
            grown[:, have:] = block
            grown[have:, :have] = block[:have].T
            self._places, self._gram = every, grown
        return self._places, ratio * self._gram

    def _ratio(self, curvature, n_columns):
        """Return the multiple that the weights are of those before, or zero."""
        if self._curvature is None:
            return 0.0
        ratio = curvature.sum() / self._curvature.sum()
        drift = np.abs(curvature - ratio * self._curvature).sum()
        allowed = min(_DRIFT, _DRIFT_PER_ROW * len(curvature))
        allowed *= min(max(1.0, n_columns / _STEP_COLUMNS), 3.0)
        return float(ratio) if drift <= allowed * curvature.sum() else 0.0
