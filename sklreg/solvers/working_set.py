"""A growing set of columns with the panel and Gram matrix that go with it."""

import numpy as np

# Up to this many columns (128 MiB) exact steps on a Gram repay its making.
_GRAM_COLUMNS = 4096
# Up to this many, a Gram costs next to nothing whatever the data are.
_SMALL = 512
# Columns that panels and Gram matrices have room for at the least.
_ROOM = 64
# A panel asks for this much at once: memory never written to costs nothing, copies do.
_PANEL_BYTES = 1 << 28
# Columns whose correlation is expected to come this close to their level are likely.
_MARGIN = 0.02
# Squared norms whose products neither overflow nor vanish in float32.
_SINGLE_RANGE = 1e-24, 1e24


class WorkingSet:
    """Columns of a design that a solver works on, in the order they were added.

    Parameters
    ----------
    design : DenseDesign or SparseDesign
        Where the columns come from.
    gram : ndarray of shape (n_features, n_features) or None
        A Gram matrix of the whole design, if there is one already.

    Attributes
    ----------
    columns : ndarray of int64
        Indices of the columns, in order of arrival.
    member : ndarray of bool
        Which columns of the design these are.
    rough : bool
        Whether new rows of the Gram matrix are made in float32, in half the time.
    """

    def __init__(self, design, gram=None):
        self.design = design
        self.whole_gram = gram
        self.columns = np.empty(0, dtype=np.int64)
        self.member = np.zeros(design.shape[1], dtype=bool)
        self._panel = np.empty((design.shape[0], 0), order="F")
        self._panel_size = 0
        self._panel_squares = np.empty(0)
        self._sparse_panel = None
        self.rough = False
        self._single = np.empty((design.shape[0], 0), dtype=np.float32, order="F")
        self._single_size = 0
        self._gram = np.empty((0, 0))
        self._gram_size = 0
        self._squares = np.empty(0)
        self._norms = None

    def __len__(self):
        return len(self.columns)

    def add(self, columns):
        """Add the columns that are not in the set yet; return how many were new."""
        columns = np.asarray(columns, dtype=np.int64)
        columns = columns[~self.member[columns]]
        self.member[columns] = True
        self.columns = np.concatenate([self.columns, columns])
        return len(columns)

    def propose(self, ahead, expected, level, end, limit=None):
        """Add the columns that a move from one level of l1 to another may need.

        Parameters
        ----------
        ahead, expected : ndarray of shape (n_features,)
            Correlations, less the pull of l2: where the move starts, and what is
            expected of them where it ends; None where there is nothing to go by.
        level, end : float or ndarray of shape (n_features,)
            Levels of l1 at the start and at the end.
        limit : int or None
            Most columns to add: those expected to be furthest above their level.
        """
        ahead = np.abs(ahead)
        if expected is None:
            # The strong rule of Tibshirani et al. (2012).
            excess = ahead - np.maximum(2.0 * end - level, 0.5 * end)
        else:
            excess = np.abs(expected) - (1.0 - _MARGIN) * end
            np.maximum(excess, ahead - (1.0 - _MARGIN) * level, out=excess)
        excess[self.columns] = -np.inf
        likely = np.flatnonzero(excess >= 0.0)
        if limit is not None and len(likely) > limit:
            likely = np.sort(likely[np.argpartition(excess[likely], -limit)[-limit:]])
        self.add(likely)

    @property
    def panel(self):
        """``A[:, columns]`` in Fortran order; an empty panel over a sparse design."""
        have, want = self._panel_size, len(self)
        if not self.design.sparse and have < want:
            room = self._panel.shape[1]
            if room < want:
                n_samples = len(self._panel)
                room = max(self._room(room), _PANEL_BYTES // (8 * max(1, n_samples)))
                room = min(room, self.design.shape[1])
                grown = np.empty((n_samples, room), order="F")
                grown[:, :have] = self._panel[:, :have]
                self._panel = grown
            fresh = self._panel[:, have:want]
            squares = self.design.fill_panel(self.columns[have:], fresh)
            self._panel_squares = np.concatenate([self._panel_squares, squares])
            self._panel_size = want
        return self._panel[:, : self._panel_size]

    @property
    def sparse_panel(self):
        """The columns of a sparse design."""
        if self._sparse_panel is None:
            from sklreg.solvers.sparse_panel import SparsePanel

            self._sparse_panel = SparsePanel(self.design)
        have = len(self._sparse_panel)
        if have < len(self):
            self._sparse_panel.extend(self.columns[have:])
        return self._sparse_panel

    def _room(self, room):
        """Columns to make room for, where there is room for too few."""
        return min(self.design.shape[1], max(len(self), 2 * room, _ROOM))

    def product(self, w):
        """Return ``A w`` for coefficients that are zero outside the set."""
        if self.design.sparse or self._panel_size < len(self):
            return self.design.apply(w)
        local = w[self.columns]
        last = np.flatnonzero(local)[-1] + 1 if local.any() else 0
        return self._panel[:, :last] @ local[:last]

    @property
    def squares(self):
        """Squared norms of the columns."""
        have, want = len(self._squares), len(self)
        if have < want:
            if self.whole_gram is not None:
                new = self.whole_gram.diagonal()[self.columns[have:]]
            elif self.design.sparse:
                new = self.design.squares(self.columns[have:])
            else:
                size = self.panel.shape[1]
                new = self._panel_squares[have:size]
            self._squares = np.concatenate([self._squares, new])
        return self._squares

    @property
    def all_norms(self):
        """Norms of all the columns of the design, or bounds of them."""
        if self._norms is None:
            gram = self.whole_gram
            squares = self.design.all_squares() if gram is None else gram.diagonal()
            self._norms = np.sqrt(np.maximum(squares, 0.0))
        return self._norms

    @property
    def gram(self):
        """Gram matrix of the columns, in the upper left corner of an array.

        Rows that are missing are added; the rest of the array is room for more.
        """
        have, want = self._gram_size, len(self)
        if have == 0 and self._whole_as_it_is():
            self._gram, self._gram_size = self.whole_gram, want
        elif have < want:
            if len(self._gram) < want:
                room = self._room(len(self._gram))
                grown = np.empty((room, room))
                grown[:have, :have] = self._gram[:have, :have]
                self._gram = grown
            new = self.columns[have:]
            if self.whole_gram is not None:
                block = self.whole_gram[np.ix_(self.columns, new)]
            elif self.design.sparse:
                block = self.design.cross_gram(self.columns, new)
            else:
                panel = self._single_panel() if self.rough else self.panel
                fresh = panel[:, have:]
                block = np.empty((want, want - have), dtype=panel.dtype)
                block[:have] = panel[:, :have].T @ fresh
                # A product of an array with itself costs half as much.
                block[have:] = fresh.T @ fresh
            self._gram[:want, have:want] = block
            self._gram[have:want, :have] = block[:have].T
            self._gram_size = want
        return self._gram

    def _single_panel(self):
        """Return the panel in float32."""
        panel, have = self.panel, self._single_size
        if self._single.shape[1] < self._panel.shape[1]:
            grown = np.empty(self._panel.shape, dtype=np.float32, order="F")
            grown[:, :have] = self._single[:, :have]
            self._single = grown
        self._single_size = panel.shape[1]
        self._single[:, have : self._single_size] = panel[:, have:]
        return self._single[:, : self._single_size]

    def fits_single(self):
        """Whether products of the columns are within the range of float32."""
        least, most = _SINGLE_RANGE
        squares = self.squares[self.squares > 0.0]
        return bool(np.all((least < squares) & (squares < most)))

    def sharpen(self):
        """Forget what was made in float32, and make no more of it."""
        if self.rough:
            self.rough = False
            self._gram_size = self._single_size = 0
            self._single = self._single[:, :0]

    def _whole_as_it_is(self):
        """Whether the whole Gram matrix is that of the columns, in the same order."""
        whole = self.whole_gram
        return (
            whole is not None
            and len(self) == len(whole)
            and np.array_equal(self.columns, np.arange(len(whole)))
            and whole.flags.c_contiguous
            and whole.flags.writeable
        )

    def holds_most_of_gram(self):
        """Whether few rows of the Gram matrix are still to be made, if any."""
        return 8 * (len(self) - self._gram_size) < len(self)

    def prefers_gram(self):
        """Whether a sweep on the Gram costs less than one on the columns."""
        size = len(self)
        if self.whole_gram is not None:
            return True
        if self.design.sparse:
            entries = self.design.X.indptr[self.columns + 1]
            entries = np.sum(entries - self.design.X.indptr[self.columns])
            return size <= _SMALL or size * size <= 4 * entries
        return size <= max(2 * self.design.shape[0], _GRAM_COLUMNS)
