"""Test errors along paths of penalties, for the folds of a cross-validation."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import issparse

from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import make_design
from sklreg.solvers.fold_grams import FoldGrams, TestMoments, as_slice
from sklreg.solvers.moment_problem import MomentDesign, MomentProblem
from sklreg.solvers.path import solve_path
from sklreg.solvers.path_gaps import stacked
from sklreg.solvers.working_set import WorkingSet

#: Up to this many features the Gram matrices of the folds are kept: 32 MiB each.
_MOMENTS_COLUMNS = 2048


@dataclass
class FoldErrors:
    """What one fold has to say.

    Attributes
    ----------
    errors : ndarray of shape (n_alphas,)
        Weighted mean squared error on the test rows.
    gaps : ndarray of shape (n_alphas,)
        Duality gaps of the fits on the training rows.
    goal : float
        What the gaps were to be brought down to.
    """

    errors: np.ndarray
    gaps: np.ndarray
    goal: float


def training_weight(train, n_samples, sample_weight):
    """Return the weight of every row in a training set: 0 outside it.

    Rows are not copied: a row outside has no weight, one drawn twice has it twice.
    """
    weight = np.bincount(train, minlength=n_samples).astype(np.float64)
    return weight if sample_weight is None else weight * sample_weight


class FoldPaths:
    """Paths on the training rows of folds, and their errors on the test rows.

    With many more rows than features a fold is solved from its moments, the Gram
    matrix of the training rows being found by subtraction.

    Parameters
    ----------
    X : ndarray or CSC of shape (n_samples, n_features)
        All the rows.
    y : ndarray of shape (n_samples,)
        Target.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights, of training and test rows.
    fit_intercept : bool
        Whether to fit an intercept.
    gram : bool
        Whether to make the Gram matrix of all the features in any case.
    tests : sequence of ndarray of int
        Test sets of the folds to come, as far as they are known.
    """

    def __init__(self, X, y, sample_weight, *, fit_intercept, gram, tests=()):
        self.X, self.y = X, np.asarray(y, dtype=np.float64)
        self.sample_weight = sample_weight
        self.fit_intercept = fit_intercept
        self.gram = gram and not issparse(X)
        n_samples, n_features = X.shape
        self.moments = None
        if (
            not issparse(X)
            and n_samples >= 2 * n_features
            and n_features <= _MOMENTS_COLUMNS
        ):
            weights = np.ones(n_samples) if sample_weight is None else sample_weight
            self.moments = FoldGrams(X, self.y[:, None], weights, fit_intercept)
            self.moments.prepare([np.asarray(test) for test in tests])

    def whole_gram(self):
        """Return the Gram matrix of all rows, as a design has it, if it was made."""
        if self.moments is None or self.moments.gram is None:
            return None
        return self.moments.gram / self.moments.whole.total

    def errors(self, train, test, grids, l1_ratios, options):
        """Fit a path for each l1_ratio and return its errors on the test rows.

        Parameters
        ----------
        train, test : ndarray of int
            Indices of the rows.
        grids : ndarray of shape (n_l1_ratio, n_alphas)
            Penalties, in decreasing order.
        l1_ratios : ndarray of shape (n_l1_ratio,)
            Shares of the L1 penalty.
        options : list of dict
            For each path, ``positive`` and ``random_state`` of the problem, ``tol``
            and ``max_iter`` of its solutions.

        Returns
        -------
        list of FoldErrors
        """
        parts = self._from_moments(train, test) or self._from_rows(train)
        found = [None] * len(l1_ratios)
        # From the smallest supports to the largest, all on one set of columns.
        for i in np.argsort(-np.asarray(l1_ratios), kind="stable"):
            option = dict(options[i])
            tol, max_iter = option.pop("tol"), option.pop("max_iter")
            problem = parts.problem(**option)
            solutions = solve_path(
                problem, grids[i], l1_ratios[i], tol=tol, max_iter=max_iter
            )
            coefs = stacked([solution.w for solution in solutions]).T
            found[i] = FoldErrors(
                self._test_errors(test, coefs, parts),
                np.array([solution.gap for solution in solutions]),
                problem.goal(tol),
            )
        return found

    def _from_rows(self, train):
        weight = training_weight(train, self.X.shape[0], self.sample_weight)
        design = make_design(self.X, weight, self.fit_intercept, self.y)
        target, offset = design.targets(self.y)
        gram = design.gram() if self.gram else None
        return _Fold(design, gram, design.mean + design.taken_out, offset, target)

    def _from_moments(self, train, test):
        found = self.moments and self.moments.training(train, test)
        if not found:
            return None
        weight = training_weight(train, self.X.shape[0], self.sample_weight)
        total = weight.sum()
        offset = found.offset[0]
        square = weight @ (self.y - offset) ** 2 / total
        gram = np.divide(found.gram, total, out=found.gram)
        design = MomentDesign(gram, found.products[:, 0] / total, square)
        return _MomentFold(design, gram, found.mean, offset, found.test)

    def _test_errors(self, test, coefs, parts):
        if parts.test is not None:
            errors = parts.test.errors(coefs, parts.mean, parts.offset)
            if errors is not None:
                return errors
        used = np.flatnonzero(coefs.any(axis=1))
        X = self.X
        if issparse(X):
            rows = X[test][:, used]
        elif isinstance(as_slice(test), slice):
            rows = X[as_slice(test)][:, used]
        else:
            rows = X[np.ix_(test, used)]
        predictions = rows @ coefs[used] + (parts.offset - parts.mean @ coefs)
        squares = (predictions - self.y[test, None]) ** 2
        weights = None if self.sample_weight is None else self.sample_weight[test]
        return np.average(squares, axis=0, weights=weights)


@dataclass
class _Fold:
    """The training rows of a fold: their design, Gram matrix, means, and target."""

    design: object
    gram: np.ndarray | None
    mean: np.ndarray
    offset: float
    target: np.ndarray
    test = None

    @cached_property
    def _correlation(self):
        if self.design.correlation is not None:
            return self.design.correlation
        return self.design.correlate(self.design.weigh(self.target))

    @cached_property
    def _working(self):
        return WorkingSet(self.design, self.gram)

    def problem(self, **options):
        """Return the problem without terms."""
        return LeastSquaresProblem(
            self.design,
            self.target,
            correlation=self._correlation,
            working=self._working,
            **options,
        )


@dataclass
class _MomentFold:
    """The same, of which only moments are known, with those of the test rows."""

    design: MomentDesign
    gram: np.ndarray
    mean: np.ndarray
    offset: float
    test: TestMoments

    @property
    def target(self):
        """The target, on rows that are made now."""
        return self.design.target

    def problem(self, **options):
        """Return the problem without terms."""
        return MomentProblem(self.design, **options)
