"""Lasso and elastic net by working sets, with a duality gap as the last word.

Every problem here is, over a :mod:`sklreg.solvers.design`,

    1/2 ||b - A w||^2 + sum_j l1_j |w_j| + l2_j / 2 w_j^2

A working set holds the columns that may matter. Coordinate descent solves the
problem on it; then one product with the whole of X gives the exact duality gap and
the columns that violate the optimality conditions most, which join the set.
"""

from functools import cached_property, partial

import numpy as np

from sklreg.solvers import _coordinate_descent_kernels as kernels
from sklreg.solvers.active_set import LARGEST_SUPPORT, ActiveSet
from sklreg.solvers.approach import approach
from sklreg.solvers.single_sweeps import SingleSweeps, may_sweep
from sklreg.solvers.solution import Selection, Solution
from sklreg.solvers.working_set import WorkingSet

# Up to this many features the first working set is the whole problem, where sweeps
# are cheap: they end as scikit-learn's do, when the coefficients have settled too.
_WHOLE = 256
# The most columns that the first working set begins with, and by how many times the
# support it grows where columns are short.
_FIRST_VIOLATORS, _SPARSE_GROWTH = 64, 4
# The inner problem is solved to this part of the gap found outside.
_INNER = 0.02
# A tolerance below this asks for the exact solution on the support.
_TIGHT = 1e-5
# Up to this many features (32 MiB) a path on a tall X begins with their Gram matrix.
_PATH_GRAM = 2048
# Products with X of fewer multiplications cost next to nothing.
_LITTLE = 1 << 21
# A dense X of more entries is not copied into a panel where its Gram would be small;
# single fits make that Gram in float32.
_LARGE = 2_000_000
# A single fit on few features makes their Gram matrix from so many values in float64.
_WORTH_GRAM = 400_000
# A Gram matrix in float32 serves tolerances as rough as this.
_ROUGH_TOL = 1e-7
# Sweeps before the first exact step; a small problem that may settle by itself gets
# as many as this number of multiplications pays for.
_FIRST_EXACT = 3
_SETTLING_WORK = 2_000_000
# Sweeps over a dense panel before the first look at the gap, as dear as a sweep.
_FIRST_LOOK = 5
# Sweeps between two looks at the whole problem, and how many rounds may pass without
# a lower gap before rounding is all that is left.
_ROUND_SWEEPS = 200
_ROUNDS = 4
# Correlations of columns of norm 1 with a target of norm 1 are known this well.
_ROUNDING = 4 * np.finfo(np.float64).eps


def _settling_sweeps(n_features):
    """Return how many sweeps a small problem gets before exact steps are tried."""
    return int(np.clip(_SETTLING_WORK // n_features**2, 30, 500))


class LeastSquaresProblem:
    """One design and target, solved for one penalty after another.

    Parameters
    ----------
    design : DenseDesign or SparseDesign
        The data.
    target : ndarray of shape (n_samples,)
        Target, centred by ``design.targets``.
    gram, correlation : ndarray or None
        ``A^T A`` and ``A^T b`` if they are known.
    positive : bool
        Whether coefficients are kept from falling below zero.
    random_state : RandomState or None
        Draws the coordinates; None sweeps in cyclic order.
    factors : (ndarray, ndarray) or None
        What multiplies the L1 and the L2 penalty of each feature; None is 1.
    target_square : float or None
        ``b^T b`` if it is known.
    exact_gram : bool
        Whether ``gram`` is exact up to rounding, and may certify solutions.
    working : WorkingSet or None
        The columns that another problem on the same design has come to need.
    """

    def __init__(
        self,
        design,
        target,
        *,
        gram=None,
        correlation=None,
        positive=False,
        random_state=None,
        factors=None,
        target_square=None,
        exact_gram=False,
        working=None,
    ):
        self.design = design
        self.target = target
        self.q = design.correlate(self.b) if correlation is None else correlation
        if target_square is None:
            target_square = float(self.b @ self.b)
        self.target_square = self.null_square = target_square
        self.positive = positive
        ones = np.ones(design.shape[1])
        self.l1_factor, self.l2_factor = (ones, ones) if factors is None else factors
        self.selection = Selection(random_state)
        self.working = WorkingSet(design, gram) if working is None else working
        self.active = ActiveSet(self.working)
        self.exact_gram = exact_gram

    @cached_property
    def b(self):
        """The weighted target."""
        return self.design.weigh(self.target)

    def alpha_max(self, l1_ratio=1.0):
        """Return the smallest alpha at which every coefficient is zero."""
        top = (self.q if self.positive else np.abs(self.q)) / self.l1_factor
        return max(0.0, float(np.max(top))) / l1_ratio

    def in_blocks(self):
        """Whether a path is better followed in blocks than penalty by penalty."""
        n_samples, n_features = self.design.shape
        return (
            self.selection.random_state is None
            and (_WHOLE < n_features or self._tall() or self.is_small())
            and (self.design.sparse or min(n_samples, n_features) <= LARGEST_SUPPORT)
        )

    def is_small(self):
        """Whether a path is followed in one go, by the Gram matrix of few features."""
        given = self.working.whole_gram is not None and not self.exact_gram
        return self.design.shape[1] <= _WHOLE and not given

    def make_gram(self):
        """Make the Gram matrix of all the features, unless there is one."""
        if self.working.whole_gram is None:
            self.working.whole_gram = self.design.gram()
            self.exact_gram = not self.design.gram_cancels

    def certifies_by_gram(self, n_penalties):
        """Whether a path is certified by its Gram matrix: X is read where it is small.

        A certificate by the Gram matrix has to allow for its rounding.
        """
        n_samples, n_features = self.design.shape
        return self.exact_gram and n_samples * n_features * n_penalties > _LITTLE

    def repays_gram(self):
        """Whether a path is certified more cheaply by a Gram matrix than by X."""
        return self._tall() and self.design.shape[1] <= _PATH_GRAM

    def _tall(self, least=_LARGE):
        """Whether a Gram matrix is small beside a dense X that is large."""
        n_samples, n_features = self.design.shape
        large = n_samples * n_features > least
        return large and 4 * n_features <= n_samples and not self.design.sparse

    def goal(self, tol):
        """Return the duality gap that a tolerance stands for."""
        return tol * self.null_square

    def solve(self, l1, l2, w=None, *, tol=1e-4, max_iter=1000, correlation=None):
        """Solve for one penalty, from a warm start if there is one.

        Parameters
        ----------
        l1, l2 : float or ndarray of shape (n_features,)
            Penalty of each coefficient.
        w : ndarray of shape (n_features,) or None
            Where to start.
        tol : float
            The duality gap is brought down to ``tol * ||b||^2``.
        max_iter : int
            Limit of the number of sweeps.
        correlation : ndarray of shape (n_features,) or None
            ``A^T (b - A w)`` at the start, if it is known.

        Returns
        -------
        Solution
        """
        n_features = self.design.shape[1]
        l1, l2 = l1 * self.l1_factor, l2 * self.l2_factor
        w = np.zeros(n_features) if w is None else np.array(w, dtype=np.float64)
        if self.positive:
            np.maximum(w, 0.0, out=w)
        goal = self.goal(tol)
        n_iter = 0
        if may_sweep(self, l1, tol):
            sweeps = SingleSweeps(self, l1, l2)
            gap, correlation = sweeps.run(w, goal, max_iter // 2)
            n_iter = sweeps.sweeps
            if gap <= goal:
                return Solution(w, gap, n_iter, correlation)
        wide = n_features > max(_WHOLE, len(self.b)) and not self.design.sparse
        if wide and not w.any() and self.in_blocks():
            n_iter = approach(self, w, l1, l2, tol, max_iter)
            correlation = None if n_iter else correlation
        whole = n_features <= _WHOLE
        if whole and self.working.whole_gram is None:
            double = self.design.X.dtype == np.float64
            if self._tall(_WORTH_GRAM if double else _LARGE):
                self.make_gram()
        tight = tol < _TIGHT
        first_exact = _FIRST_EXACT
        if whole and not tight:
            first_exact = _settling_sweeps(n_features)
        ending = (tol if whole else np.inf), first_exact, tight
        best = np.inf
        rounds_lost = 0
        self.working.rough = self._repays_rough(tol)
        while True:
            residual, correlation, gap = self.certify_at(w, l1, l2, correlation)
            rounds_lost = 0 if gap < 0.9 * best else rounds_lost + 1
            if self.working.rough and rounds_lost:
                self.active.sharpen()
                rounds_lost = 0
            done = gap <= goal or n_iter >= max_iter or not np.isfinite(gap)
            if done or rounds_lost > _ROUNDS:
                self.active.sharpen()
                return Solution(w, gap, n_iter, correlation)
            added = self.working.add(self._candidates(w, correlation, l1))
            if not np.isfinite(self.working.squares).all():
                self.active.sharpen()
                return Solution(w, np.nan, n_iter, correlation)
            # In a small problem sweeps come first. Where an exact solution has not
            # lowered the gap, among dependent columns, they come next.
            exact = n_iter > 0 if whole else True
            exact = exact and (added > 0 or rounds_lost == 0)
            best = min(best, gap)
            if exact and not whole and self._settles(w, l1, l2):
                n_iter += self._settle(w, correlation, l1, l2, max_iter - n_iter)
                correlation = None
                continue
            n_iter += self._descend(
                w,
                residual,
                correlation,
                l1,
                l2,
                goal if whole else max(0.2 * goal, _INNER * gap),
                min(max_iter - n_iter, first_exact + _ROUND_SWEEPS),
                ending,
                exact and self.selection.random_state is None,
            )
            correlation = None

    def _repays_rough(self, tol):
        """Whether a Gram matrix in float32 may do, for its errors are seen by X.

        Each round begins with correlations computed afresh, so that the next exact
        move takes out what the errors of the last one have left. Where X is small,
        other work outweighs the product.
        """
        n_samples, n_features = self.design.shape
        return (
            tol >= _ROUGH_TOL
            and n_samples * n_features > _LARGE
            and not self.design.sparse
            and _WHOLE < n_features <= n_samples
            and not len(self.working)
            and self.working.whole_gram is None
            and self.selection.random_state is None
        )

    def _settles(self, w, l1, l2):
        """Whether exact moves apply, and violators are known without X."""
        columns = self.working.columns
        return (
            self.exact_gram
            and self.selection.random_state is None
            and self.active.worthwhile(w[columns], l1[columns], l2[columns])
        )

    def _settle(self, w, correlation, l1, l2, max_rounds):
        """Solve by the Gram matrix of all features, in place of w.

        Violators are found without X. Returns the number of rounds, each with a
        working set of its own.
        """
        n_rounds, done, added = 0, True, 1
        while done and added and n_rounds < max_rounds:
            columns = self.working.columns
            local, gradient = w[columns], correlation[columns]
            penalties = l1[columns], l2[columns]
            done, _ = self.active.move(local, gradient, *penalties, self.positive)
            change = local - w[columns]
            w[columns] = local
            correlation = correlation - change @ self.working.whole_gram[columns]
            added = self.working.add(self._candidates(w, correlation, l1))
            n_rounds += 1
        return n_rounds

    def certify_at(self, w, l1, l2, correlation):
        """Return the residual, its correlations and the duality gap at w."""
        residual = self.residual(w)
        if correlation is None:
            null = residual is self.b
            correlation = self.q if null else self.design.correlate(residual)
        gap, _ = kernels.duality_gap(
            w,
            correlation,
            self.certified_level(l1),
            l2,
            float(residual @ residual),
            float(residual @ self.b),
            self.positive,
        )
        return residual, correlation, gap

    def certified_level(self, l1):
        """Return the levels with room for the rounding of the correlations.

        A column of norm 1e6 has correlations that are rounded by as much as a whole
        unit is for one of norm 1: without this room the dual point would be scaled
        down, and the gap of an optimum would be far from zero.
        """
        columns = self.working.columns
        room = _ROUNDING * np.sqrt(self.working.squares * self.null_square)
        level = l1.copy()
        level[columns] += np.where(l1[columns] > 0.0, room, 0.0)
        return level

    def residual(self, w):
        """Return ``b - A w``, from the panel where it holds all the support."""
        nonzeros = np.count_nonzero(w)
        if nonzeros == 0:
            return self.b
        working = self.working
        if np.count_nonzero(w[working.columns]) == nonzeros:
            if self.design.sparse:
                return working.sparse_panel.residual(self.b, w[working.columns])
            return self.b - working.product(w)
        return self.b - self.design.apply(w)

    def _candidates(self, w, correlation, l1):
        """Return the support and the columns that violate optimality most."""
        n_features = len(w)
        support = np.flatnonzero(w)
        if n_features <= _WHOLE:
            return np.arange(n_features)
        columns, excess = np.empty(n_features, dtype=np.int64), np.empty(n_features)
        member = self.working.member
        found = kernels.violators(
            w, correlation, l1, member, self.positive, columns, excess
        )
        violators, excess = columns[:found], excess[:found]
        growth = _SPARSE_GROWTH if self.design.sparse else 1
        count = max(_FIRST_VIOLATORS, growth * len(support))
        if found > count:
            violators = violators[np.argpartition(excess, -count)[-count:]]
        return np.concatenate([support, np.sort(violators)])

    def _descend(
        self, w, residual, correlation, l1, l2, tol, max_sweeps, ending, exact
    ):
        """Solve on the working set, in place; return the number of sweeps."""
        columns = self.working.columns
        local = w[columns]
        penalties = l1[columns], l2[columns]
        by_gram = self.working.prefers_gram()
        exact = exact and (by_gram or self.working.holds_most_of_gram())
        applies = exact and self.active.worthwhile(local, *penalties)
        if self.working.rough and not (applies and self.working.fits_single()):
            self.active.sharpen()
        if applies:
            moved = local.copy(), correlation[columns]
            done, _ = self.active.move_surely(*moved, *penalties, self.positive)
            if done:
                w[columns] = moved[0]
                return 1
        if by_gram:
            sweeps, _ = self.descend_gram(
                local,
                correlation[columns],
                (float(residual @ residual), float(residual @ self.b)),
                penalties,
                tol,
                max_sweeps,
                ending,
            )
        else:
            sweeps, _ = self.descend_residual(
                local, residual, penalties, tol, max_sweeps
            )
        w[columns] = local
        return sweeps

    def descend_gram(
        self, local, gradient, products, penalties, tol, max_sweeps, ending
    ):
        """Sweep over the working set with its Gram matrix, in place.

        ``gradient`` is ``A^T r`` on the set and moves along; ``products`` are
        ``r^T r`` and ``r^T b``. Returns the number of sweeps and the gap on the set.
        """
        G = self.working.gram
        q = self.q[self.working.columns]
        square, with_target = products
        step_tol, next_exact, finish = ending
        sweeps, after_exact = 0, False
        while True:
            before = local.copy()
            before_gradient = gradient.copy()
            done, gap, wants_exact = kernels.gram_descent(
                G,
                len(local),
                q,
                gradient,
                local,
                *penalties,
                square,
                with_target,
                self.positive,
                self.selection.order(len(local)),
                self.selection.sweeps(max_sweeps - sweeps),
                tol,
                step_tol,
                max(0, next_exact - sweeps),
                finish,
                after_exact,
            )
            sweeps += done
            after_exact = wants_exact
            if wants_exact:
                kernels.exact_step(
                    G, len(local), gradient, local, *penalties, self.positive
                )
                next_exact = sweeps + max(3, sweeps // 4)
            elif gap <= tol or sweeps >= max_sweeps or not np.isfinite(gap):
                return sweeps, gap
            change = local - before
            square -= float((before_gradient + gradient) @ change)
            with_target -= float(q @ change)

    def descend_residual(self, local, residual, penalties, tol, max_sweeps):
        """Sweep over the working set with the residual, which stays as it is.

        Returns the number of sweeps and the gap on the set.
        """
        working, residual = self.working, residual.copy()
        sparse = self.design.sparse
        panel = working.sparse_panel if sparse else working.panel
        descend = panel.descend if sparse else partial(kernels.panel_descent, panel)
        look = () if sparse else (_FIRST_LOOK, np.empty(len(local)))
        sweeps, gap = 0, np.inf
        while sweeps < max_sweeps:
            done, gap = descend(
                working.squares,
                self.b,
                residual,
                local,
                *penalties,
                self.positive,
                self.selection.order(len(local)),
                self.selection.sweeps(max_sweeps - sweeps),
                tol,
                *look,
            )
            sweeps += done
            if gap <= tol or not np.isfinite(gap):
                break
        return sweeps, gap
