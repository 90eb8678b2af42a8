"""Exact solutions on a working set, by a parametric active set.

Between two events, a coefficient reaching zero or a column reaching its level, the
solution is linear in the penalty (Osborne, Presnell and Turlach 2000; Efron et al.
2004). Moving the linear term along with the level makes any point a start (the
parametric active set of Ferreau et al. 2014).
"""

from functools import partial

import numpy as np

from sklreg.solvers import _active_set_kernels as kernels

# Events a move may take, for every column of the working set.
_EVENTS = 4
# Supports up to this size are worth a factor of their own.
LARGEST_SUPPORT = 2048
# Supports larger than this are factored by LAPACK.
LAPACK_SUPPORT = 256
# Columns this near to the level at the end may be wanted on the way.
_NEAR = 0.95
# Entries of a Gram matrix to be read before columns are told apart.
_MUCH_WORK = 1 << 24
# Entries read in order for one that is copied.
_COPYING = 32
# Above a level by more than rounding.
_ABOVE = 1.0 + 1e-10
# Pivots below this have too few digits in float32.
_ROUGH_PIVOT = 1e-4


class ActiveSet:
    """The factored support of one working set.

    Parameters
    ----------
    working : WorkingSet
        Columns, with their Gram matrix.
    """

    def __init__(self, working):
        self.working = working
        self.support = np.empty(0, dtype=np.int64)
        self.size = 0
        self.factor = np.empty((0, 0))
        self.l2 = None
        # Events of the last move, which the next one is likely to need too.
        self.events = 0

    def worthwhile(self, w, l1, l2):
        """Whether exact moves apply, and the support to be expected is small enough.

        A column without an L1 penalty has no level at which it could enter.
        """
        if not l1.all():
            return False
        columns = len(self.working)
        if not l2.any():
            columns = min(columns, self.working.design.shape[0])
        return columns <= LARGEST_SUPPORT or 4 * np.count_nonzero(w) < LARGEST_SUPPORT

    def move(self, w, gradient, l1, l2, positive):
        """Move w, on the working set, to the optimum for (l1, l2) in place.

        ``gradient``, ``A^T (b - A w)`` on the working set, moves along. Returns
        whether the end was reached, and the number of events on the way.
        """
        self._begin(w, gradient, l2)
        near = self._near(gradient, l1, positive)
        follow = self._follow if near is None else partial(self._follow_near, near)
        limit = _EVENTS * len(w) + 100
        done, self.events = follow(w, gradient, (l1, l2), positive, limit)
        return done, self.events

    def move_along(self, w, gradient, levels, factor, l2, positive):
        """Move as :meth:`move` for l1 of several levels, one after another.

        Yields ``(w, n_events, gradient)`` for each level, the last where it was not
        reached.
        """
        m, first = len(w), 0
        while first < len(levels):
            self._begin(w, gradient, l2)
            if self._near(gradient, levels[first] * factor, positive) is not None:
                done, events = self.move(
                    w, gradient, levels[first] * factor, l2, positive
                )
                yield w.copy(), events, gradient.copy()
                first += 1
            else:
                solutions = np.empty((len(levels) - first, m))
                gradients = np.empty_like(solutions)
                events, self.size, done = kernels.follow_levels(
                    self.working.gram,
                    m,
                    gradient,
                    w,
                    levels[first:],
                    factor,
                    l2,
                    positive,
                    self.support,
                    self.size,
                    self.factor,
                    _EVENTS * m + 100,
                    solutions,
                    gradients,
                )
                yield from zip(solutions, events.tolist(), gradients, strict=False)
                first += len(events)
                self.events = int(events[-1])
            if not done:
                return

    def _begin(self, w, gradient, l2):
        """See to a factor of the support of w, from which dependent columns go."""
        m = len(w)
        capacity = min(m, self.working.design.shape[0] + 1 if not l2.any() else m)
        self._reserve(max(capacity, np.count_nonzero(w)))
        if not self._holds(w, l2):
            self._factor(np.flatnonzero(w), l2)
            if self.size < np.count_nonzero(w):
                left_out = np.setdiff1d(np.flatnonzero(w), self.support[: self.size])
                gradient += self.working.gram[:m, left_out] @ w[left_out]
                w[left_out] = 0.0
        self.l2 = l2.copy()

    def move_surely(self, w, gradient, l1, l2, positive):
        """Move as :meth:`move`, anew where a Gram matrix in float32 does not do."""
        start = w.copy(), gradient.copy()
        done, events = self.move(w, gradient, l1, l2, positive)
        if self.working.rough and not (done and self._least_pivot() > _ROUGH_PIVOT):
            self.sharpen()
            w[:], gradient[:] = start
            done, events = self.move(w, gradient, l1, l2, positive)
        return done, events

    def sharpen(self):
        """Go on with a Gram matrix in float64, and a factor made from it."""
        if self.working.rough:
            self.working.sharpen()
            self.l2 = None

    def _least_pivot(self):
        """Return the least pivot of the factor, next to the diagonal it came from."""
        chosen = self.support[: self.size]
        diagonal = self.working.squares[chosen] + self.l2[chosen]
        pivots = self.factor.diagonal()[: self.size] ** 2
        return np.min(pivots / diagonal, initial=1.0)

    def _follow(self, w, gradient, penalties, positive, max_events, gram=None):
        """Follow to the end on all the columns, or on those of the given Gram."""
        m, head = len(w), len(w)
        if gram is None:
            gram = self.working.gram
        else:
            head = self.size
        events, self.size, done = kernels.follow(
            gram,
            m,
            head,
            gradient,
            w,
            *penalties,
            positive,
            self.support,
            self.size,
            self.factor,
            max_events,
        )
        return done, events

    def _near(self, gradient, l1, positive):
        """Return the columns outside the support that may enter, if that saves work.

        An event reads a part of the Gram matrix for the columns outside, of which
        most stay far from their level. None where all the columns may as well go.
        """
        size, m = self.size, len(l1)
        as_it_is = min(size, m - size) * m
        if as_it_is * self.events < _MUCH_WORK:
            return None
        slope = gradient if positive else np.abs(gradient)
        near = slope >= _NEAR * l1
        near[self.support[:size]] = False
        near = np.flatnonzero(near)
        saved = self.events * (as_it_is - len(near) * size)
        return near if saved > _COPYING * (size + len(near)) ** 2 else None

    def _follow_near(self, near, w, gradient, penalties, positive, max_events):
        """Follow on the support and the columns near their level alone.

        Those that turn out to be above it at the end are added, and brought back.
        """
        G, m = self.working.gram, len(w)
        l1, total = penalties[0], 0
        while True:
            size = self.size
            columns = np.concatenate([self.support[:size], near])
            self.support[:size] = np.arange(size)
            local, slopes = w[columns], gradient[columns]
            done, events = self._follow(
                local,
                slopes,
                [penalty[columns] for penalty in penalties],
                positive,
                max_events - total,
                G[columns[:, None], columns],
            )
            total += events
            self.support[: self.size] = columns[self.support[: self.size]]
            change = local - w[columns]
            kernels.subtract_rows(G, m, columns, len(columns), change, gradient)
            w[columns], gradient[columns] = local, slopes
            above = (gradient if positive else np.abs(gradient)) > l1 * _ABOVE
            above[columns] = False
            if not done or not above.any():
                return done, total
            inside = np.zeros(m, dtype=bool)
            inside[self.support[: self.size]] = True
            near = np.concatenate([columns[~inside[columns]], np.flatnonzero(above)])

    def path(self, q, w, l1s, l2s, factors, positive, max_events, out):
        """Move w, on all the columns, to the optimum for each penalty.

        Parameters
        ----------
        q : ndarray of shape (n_features,)
            ``A^T b``.
        w : ndarray of shape (n_features,)
            Where to start; changed in place.
        l1s, l2s : ndarray of shape (n_penalties,)
            Penalties.
        factors : (ndarray, ndarray)
            What multiplies them for each feature.
        positive : bool
            Whether coefficients are kept from falling below zero.
        max_events : int
            Bound on the events of each penalty.
        out : ndarray of shape (n_penalties, n_features)
            Where the solutions are written.

        Returns
        -------
        events : ndarray of shape (n_reached,)
            Numbers of events, up to the first penalty that was not finished.
        """
        rank = len(w) if l2s.all() else min(len(w), self.working.design.shape[0] + 1)
        self._reserve(rank)
        self.l2 = None
        events = np.zeros(len(l1s), dtype=np.int64)
        reached = kernels.follow_path(
            self.working.gram,
            q,
            w,
            l1s,
            l2s,
            *factors,
            positive,
            self.support,
            self.factor,
            min(_EVENTS * len(w) + 100, max_events),
            out,
            events,
        )
        return events[:reached]

    def _factor(self, support, l2):
        """Factor the support afresh; dependent columns are left out."""
        G, size = self.working.gram, len(support)
        self.support[:size] = support
        if size > LAPACK_SUPPORT:
            part = G[np.ix_(support, support)]
            diagonal = np.arange(size)
            part[diagonal, diagonal] += l2[support]
            least = kernels.SINGULAR * part[diagonal, diagonal]
            try:
                factor = np.linalg.cholesky(part)
            except np.linalg.LinAlgError:
                pass
            else:
                if np.all(factor[diagonal, diagonal] ** 2 > least):
                    self.factor[:size, :size] = factor
                    self.size = size
                    return
        self.size = kernels.factor_support(G, self.support, size, l2, self.factor)

    def _reserve(self, capacity):
        have = len(self.factor)
        if have < capacity:
            capacity = max(capacity, min(2 * have, self.working.design.shape[1]))
            factor = np.zeros((capacity, capacity))
            factor[:have, :have] = self.factor
            support = np.zeros(capacity, dtype=np.int64)
            support[:have] = self.support
            self.factor, self.support = factor, support

    def _holds(self, w, l2):
        """Whether the factor is that of the support of w, with this l2."""
        if self.l2 is None or np.count_nonzero(w) != self.size:
            return False
        chosen = self.support[: self.size]
        return w[chosen].all() and np.array_equal(self.l2[chosen], l2[chosen])
