"""Test errors along paths of penalties, for the folds of a cross-validation."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.sparse import issparse

from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import make_design
from sklreg.solvers.fold_grams import FoldGrams, TestMoments, as_slice
from sklreg.solvers.path import solve_path
from sklreg.solvers.path_gaps import stacked
from sklreg.solvers.working_set import WorkingSet

#: Up to this many features the Gram matrices of the folds are kept: 32 MiB each.
_MOMENTS_COLUMNS = 2048
#: Eigenvalues of a correlation matrix below this part of the largest are rounding.
_RANK = 1e-14


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

    With many more rows than features a fold is solved from its moments: the Gram
    matrix of the training rows, found by subtraction, is factored into as many rows
    as there are features and one more for what of y no feature explains. On these
    rows the problem, its residual norms and its duality gaps are those of the fold.

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
        correlation = parts.design.correlate(parts.design.weigh(parts.target))
        # From the smallest supports to the largest, all on one set of columns.
        working = WorkingSet(parts.design, parts.gram)
        for i in np.argsort(-np.asarray(l1_ratios), kind="stable"):
            option = dict(options[i])
            tol, max_iter = option.pop("tol"), option.pop("max_iter")
            problem = LeastSquaresProblem(
                parts.design,
                parts.target,
                correlation=correlation,
                working=working,
                **option,
            )
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
        design = make_design(self.X, weight, self.fit_intercept)
        target, offset = design.targets(self.y)
        gram = design.gram() if self.gram else None
        return _Fold(design, target, gram, design.mean + design.taken_out, offset)

    def _from_moments(self, train, test):
        found = self.moments and self.moments.training(train, test)
        if not found:
            return None
        weight = training_weight(train, self.X.shape[0], self.sample_weight)
        total = weight.sum()
        offset = found.offset[0]
        square = weight @ (self.y - offset) ** 2 / total
        gram = found.gram / total
        A, b = _factored(gram, found.products[:, 0] / total)
        rest = np.sqrt(max(0.0, square - b @ b))
        # make_design gives each row the weight 1 / n_rows.
        scale = np.sqrt(len(b) + 1)
        rows = scale * np.vstack([A, np.zeros(A.shape[1])])
        design = make_design(rows, None, center=False)
        target = scale * np.append(b, rest)
        return _Fold(design, target, gram, found.mean, offset, found.test)

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
    design: object
    target: np.ndarray
    gram: np.ndarray | None
    mean: np.ndarray
    offset: float
    test: TestMoments | None = None


def _factored(gram, products):
    """Return A and b with ``A^T A`` and ``A^T b`` as given, A square at the most."""
    scale = np.sqrt(np.diagonal(gram))
    scale[scale == 0.0] = 1.0
    correlation = gram / scale[:, None]
    correlation /= scale
    try:
        R = linalg.cholesky(correlation, check_finite=False)
        b = linalg.solve_triangular(R, products / scale, trans=1, check_finite=False)
    except linalg.LinAlgError:
        values, vectors = linalg.eigh(correlation)
        kept = values > _RANK * values[-1]
        root = np.sqrt(values[kept])
        R = root[:, None] * vectors[:, kept].T
        b = (vectors[:, kept].T @ (products / scale)) / root
    return R * scale, b
