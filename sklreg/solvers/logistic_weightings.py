"""L1-penalised logistic regression under many weightings of the same rows.

All weightings of a block take their proximal quasi-Newton steps together, from the
solution on all rows. Their models of the loss start from one Gram matrix, that of the
mean weighting at the common start, and learn from the steps of each where it differs
(Lee, Sun and Saunders 2014). So nothing is left to do but products with X, of one
matrix with another: in single precision for what steps change, in double precision for
the certificates, which have the last word.
"""

import numpy as np

from sklreg.solvers import _log_loss_kernels as log_loss
from sklreg.solvers import _logistic_weightings_kernels as kernels
from sklreg.solvers.logistic_state import LogisticSolution
from sklreg.solvers.logistic_weighting_models import (
    LARGEST,
    OwnModel,
    SharedModel,
    SharedPanel,
)

# Weightings of a block: products of that many cost no more memory traffic than sums.
_BLOCK = 25
# Blocks at a time, one a thread, and the memory that one may take.
_BLOCKS, _BLOCK_BYTES = 2, 1 << 26
# Columns whose slope has come this close to its level are within the panel.
_LIKELY = 0.9
# Steps between two certificates aim at this part of the gap that is asked for,
_MARGIN = 0.7
# and end where single precision does: slopes are off by this part of what they were.
_SINGLE = 1e-5
# Rows that are summed in single precision before they go to a sum in double.
_ROWS = 512
# Steps after which a weighting is left to a solver of its own.
_STEPS = 60
_ROUNDS = 12
# and after so many models of its own.
_MODELS = 8
# or steps cut to less than half.
_CUTS = 4
# Close to the optimum only rounding is left of a decrease,
_SLACK = 4e-16
# and steps this small, next to the coefficients, teach a model nothing but rounding.
_STILL = 1e-14


def logistic_weightings(problems, penalties, start, *, tol, max_iter, each):
    """Solve logistic problems that differ in the weights of their rows only.

    Parameters
    ----------
    problems : list of LogisticProblem
        Problems over one dense design, by ``LogisticProblem.reweighted``, without
        offsets.
    penalties : list of (l1, l2), both ndarray of shape (n_features,)
        Penalties of each problem; the first must be positive.
    start : tuple
        ``(w, intercept, raw)``: coefficients, and the raw predictions they give.
    tol : float
        The duality gap is brought down to ``tol`` times the null value of a problem.
    max_iter : int
        Limit of the number of Newton steps.
    each : callable
        ``each(function, items)`` returns a list of the function's values; it may run
        them on several threads.

    Returns
    -------
    list of LogisticSolution or None
        None for a problem that did not come to its end here.
    """
    if not problems:
        return []
    n_samples = problems[0].design.shape[0]
    most = int(np.clip(_BLOCK_BYTES // (56 * n_samples), 4, _BLOCK))
    n_groups = -(-len(problems) // (_BLOCKS * most))
    panel = SharedPanel(problems[0])
    fits = []
    for group in np.array_split(np.arange(len(problems)), n_groups):
        members = [
            _Member(problems[b], *penalties[b], start, tol, min(_STEPS, max_iter))
            for b in group
        ]
        parts = np.array_split(np.arange(len(members)), _BLOCKS)
        blocks = [_Block([members[i] for i in part]) for part in parts if len(part)]
        _solve(blocks, panel, each)
        fits += [member.solution() for member in members]
    return fits


def _solve(blocks, panel, each):
    """Turn by turn, certify and take steps on the columns that may matter."""
    for _ in range(_ROUNDS):
        each(_Block.certify, blocks)
        blocks = [block for block in blocks if block.open()]
        if not blocks:
            return
        if not panel.cover([m for block in blocks for m in block.open()], each):
            return
        each(lambda block: block.descend(panel), blocks)


class _Member:
    """One weighting: where it is, and the model that it steps with."""

    def __init__(self, problem, l1, l2, start, tol, max_steps):
        w, self.intercept, raw = start
        self.problem = problem
        self.l1, self.l2 = l1, l2
        self.w, self.raw = w.copy(), raw.copy()
        self.known = w, self.intercept, raw
        self.theta, self.curvature = np.empty_like(raw), np.empty_like(raw)
        self.seen = np.empty_like(raw)
        self.null_value = _null_value(problem)
        self.goal = tol * self.null_value
        self.gap = np.inf
        self.n_iter, self.max_steps = 0, max_steps
        self.lost = False
        self.model, self.n_models, self.n_cuts = None, 0, 0
        self.evaluate()

    def refresh(self, moved):
        """Take the raw predictions afresh, moved from where they last were known."""
        _, intercept, raw = self.known
        np.add(raw, moved, out=self.raw)
        self.raw += self.intercept - intercept
        self.known = self.w.copy(), self.intercept, self.raw.copy()
        self.evaluate()

    def evaluate(self):
        """Evaluate the loss and its derivatives at the raw predictions."""
        problem, none = self.problem, np.zeros(len(self.raw), dtype=np.float32)
        self.sums = np.array(
            log_loss.evaluate_along(
                self.raw,
                none,
                0.0,
                0.0,
                problem.sign,
                problem.weight,
                self.theta,
                self.curvature,
            )
        )

    def project(self, out):
        """Write the dual point, free of what is not penalised, to a row."""
        _, drift, mass = self.sums
        center = self.problem.fit_intercept and mass > 0.0
        np.multiply(self.curvature, -drift / mass if center else 0.0, out=out)
        out += self.theta
        self.seen[:] = out

    def certify(self, slope):
        """Take the slopes of all features; keep which columns may matter."""
        problem, w, l1, l2 = self.problem, self.w, self.l1, self.l2
        before, bounds = self.gap, (problem.lower, problem.upper)
        self.gap, _ = kernels.duality_gap(
            self.sums[0],
            self.seen,
            slope,
            w,
            l1,
            l2,
            *bounds,
            problem.sign,
            problem.weight,
        )
        # Steps that did not even close half of the gap will not close it.
        self.lost |= not self.gap <= 0.5 * before and before < np.inf
        self.slope = slope
        self.wanted = (w != 0.0) | (np.abs(slope) > _LIKELY * l1)

    @property
    def open(self):
        """Whether steps are to be taken."""
        wanting = not self.gap <= self.goal
        return wanting and not self.lost and self.n_iter < self.max_steps

    def solution(self):
        """Return the solution, or None where the gap is still open."""
        if not self.gap <= self.goal:
            return None
        return LogisticSolution(
            self.w, self.intercept, self.gap, self.null_value, self.n_iter
        )

    # ------------------------------------------------- between two certificates

    def enter(self, panel):
        """Begin steps on the columns of the panel."""
        columns, problem = panel.columns, self.problem
        self.local = self.w[columns]
        self.slope = self.slope[columns]
        self.penalties = self.l1[columns], self.l2[columns]
        self.box = problem.lower[columns], problem.upper[columns]
        if self.model is None or self.model.size != len(columns):
            self.model = SharedModel(panel, self.sums[2])
        self.model.offs.clear()
        self.target = _MARGIN * self.goal
        self.first = None
        self.length = 0.0

    def propose(self, turn, panel):
        """Take how the slopes have changed; write the next change of coefficients.

        Returns the change, or None where the steps have come to their end.
        """
        before, self.slope = self.slope, self.slope + turn
        problem, given = self.problem, (self.local, *self.penalties, *self.box)
        gap, off = kernels.duality_gap(
            self.sums[0], self.seen, self.slope, *given, problem.sign, problem.weight
        )
        self.first = off if self.first is None else self.first
        closed = gap <= self.target or off <= _SINGLE * self.first
        if closed or self.n_iter >= self.max_steps or self.lost:
            return None
        if self.length:
            self.model.learn(self.length, before - self.slope)
        likely = (self.local != 0.0) | (np.abs(self.slope) > _LIKELY * given[1])
        likely = np.flatnonzero(likely)
        if self.model.slows(off, self.target / gap, len(likely)):
            if self.n_models == _MODELS or len(likely) > LARGEST:
                self.lost = True
                return None
            self.n_models += 1
            self.model = OwnModel(panel, self.curvature, likely, off)
        self.aim = self.model.minimise(self.slope, *given)
        change = self.aim - self.local
        if np.abs(change).max(initial=0.0) <= _STILL * np.abs(self.aim).max(
            initial=0.0
        ):
            self.lost = True
            return None
        return change

    def move(self, product, panel):
        """Step along the change, whose product with the panel is given.

        In its place it leaves the change of the dual point.
        """
        problem, start = self.problem, self.local.copy()
        self.length, shift = kernels.advance(
            product,
            problem.fit_intercept,
            self.raw,
            problem.sign,
            problem.weight,
            self.theta,
            self.curvature,
            self.sums,
            self.seen,
            self.local,
            self.aim,
            *self.penalties,
            _SLACK,
        )
        self.n_iter += 1
        self.intercept += shift - float(panel.origin @ (self.local - start))
        self.n_cuts += self.length < 0.5
        self.lost |= self.length == 0.0 or self.n_cuts > _CUTS


class _Block:
    """Weightings that take their steps together."""

    def __init__(self, members):
        self.members = members
        self.begun = False

    def open(self):
        """Return the members whose gap is open."""
        return [m for m in self.members if m.open]

    def certify(self):
        """Find duality gaps over all features, in double precision."""
        members = [m for m in self.members if not m.gap <= m.goal]
        design = members[0].problem.design
        if self.begun:
            moved = design.raw_products(np.stack([m.w - m.known[0] for m in members]))
            for m, row in zip(members, moved, strict=True):
                m.refresh(row)
        self.begun = True
        thetas = np.empty((len(members), design.shape[0]))
        for m, row in zip(members, thetas, strict=True):
            m.project(row)
        slopes = np.ascontiguousarray(design.raw_correlate(thetas.T).T)
        for m, slope in zip(members, slopes, strict=True):
            m.certify(slope)

    def descend(self, panel):
        """Take steps on the columns of the panel until their gaps are closed."""
        left = self.open()
        X, taken = panel.X, left
        for m in left:
            m.enter(panel)
        turns = np.zeros((len(left), X.shape[1]))
        parts = [slice(i, i + _ROWS) for i in range(0, len(X), _ROWS)]
        while True:
            rows = [m.propose(t, panel) for m, t in zip(left, turns, strict=True)]
            left = [m for m, row in zip(left, rows, strict=True) if row is not None]
            if not left:
                break
            changes = np.array([row for row in rows if row is not None], np.float32)
            products = changes @ X.T
            for m, product in zip(left, products, strict=True):
                m.move(product, panel)
            turns = np.zeros((len(left), X.shape[1]))
            for part in parts:
                turns += products[:, part] @ X[part]
        for m in taken:
            m.w[panel.columns] = m.local


def _null_value(problem):
    """Return the best value without features."""
    weight = problem.weight
    total, ones = weight.sum(), weight[problem.sign > 0].sum()
    if not problem.fit_intercept:
        return float(total * np.log(2.0))
    parts = np.array([ones, total - ones])
    return float(-np.sum(parts * np.log(np.maximum(parts, 1e-300) / total)))
