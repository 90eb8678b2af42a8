"""Test errors of folds, with penalties that differ from feature to feature."""

import numpy as np

from sklreg.solvers.fold_paths import FoldErrors, FoldPaths, training_weight
from sklreg.solvers.path import solve_path
from sklreg.solvers.penalised import completed, penalised_problem
from sklreg.solvers.penalty_terms import column_scales
from sklreg.solvers.relaxed import Refits


class PenalisedFoldPaths(FoldPaths):
    """Paths on the training rows of folds, with terms and blends of refits.

    Parameters
    ----------
    X, y, sample_weight : ndarray or CSC, ndarray, ndarray
        As for :class:`~sklreg.solvers.fold_paths.FoldPaths`.
    terms : PenaltyTerms or None
        What each feature pays. Standard deviations are those of the training rows.
    gammas : ndarray of shape (n_gamma,)
        Share of the penalised coefficients in their blend with the refit; 1 is none
        of the refit.
    **options
        `fit_intercept`, `gram` and `tests`, as for FoldPaths.
    """

    def __init__(self, X, y, sample_weight, *, terms, gammas, **options):
        super().__init__(X, y, sample_weight, **options)
        self.terms, self.gammas = terms, gammas

    def errors(self, train, test, grids, l1_ratios, options):
        """Fit a path for each l1_ratio; as :meth:`FoldPaths.errors`.

        The errors have the shape (n_gamma, n_alphas).
        """
        found_moments = self._from_moments(train, test)
        parts = found_moments or self._from_rows(train)
        terms = self._fold_terms(train, parts, found_moments is not None)
        found = []
        for l1_ratio, alphas, option in zip(l1_ratios, grids, options, strict=True):
            option = dict(option)
            tol, max_iter = option.pop("tol"), option.pop("max_iter")
            problem = penalised_problem(
                parts.design, parts.target, terms, gram=parts.gram, **option
            )
            solutions = solve_path(
                problem, alphas, l1_ratio, tol=tol, max_iter=max_iter
            )
            refits = Refits(problem, terms)
            blends = [refits.blends(s.w, self.gammas) for s in solutions]
            errors = []
            for k in range(len(self.gammas)):
                coefs = [completed(problem, blend[k]) for blend in blends]
                coefs = np.stack(coefs).T
                errors.append(self._test_errors(test, coefs, parts))
            gaps = np.array([solution.gap for solution in solutions])
            found.append(FoldErrors(np.array(errors), gaps, problem.goal(tol)))
        return found

    def _fold_terms(self, train, parts, from_moments):
        if self.terms is None or not self.terms.standardize:
            return self.terms
        if from_moments and self.fit_intercept:
            scales = np.sqrt(np.diagonal(parts.gram))
            scales = np.where(scales == 0.0, 1.0, scales)
        else:
            weight = training_weight(train, self.X.shape[0], self.sample_weight)
            scales = column_scales(self.X, weight)
        return self.terms.scaled(scales)
