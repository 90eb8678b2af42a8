"""Logistic problems in the terms of the estimators: labels, class weights, shapes.

What stands between `coef_` of shape (1, n_features) or (n_classes, n_features) and the
solvers: labels become codes, class weights become weights of rows, options for single
features become arrays, and classes without any weight are left out of the optimisation.
"""

from dataclasses import dataclass, replace
from numbers import Number

import numpy as np
from scipy import sparse
from scipy.special import logsumexp
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from sklreg._validation import _check_sample_weight
from sklreg._warnings import warn
from sklreg.linear_model._logistic_lockstep import follow
from sklreg.linear_model._penalty_options import options_of, resolve_penalty_options
from sklreg.solvers.design import make_design
from sklreg.solvers.logistic import LogisticProblem
from sklreg.solvers.multinomial import MultinomialProblem
from sklreg.solvers.penalty_terms import PenaltyTerms, column_scales

#: Log-odds of a probability that differs from one by rounding only.
CERTAIN = float(-np.log(np.finfo(np.float64).eps))
#: Gaps below this part of the null model's log loss are rounding.
_ROUNDING = 1e-12


# -- labels and weights --------------------------------------------------------------


def refuse_soft_labels(y):
    """Refuse a target of probabilities, as mixup makes it, by that name.

    Raises
    ------
    ValueError
        If y has several columns whose rows sum to one, or is a vector of fractions
        between 0 and 1.
    """
    y = y.to_numpy() if hasattr(y, "to_numpy") else y
    if sparse.issparse(y):
        return
    try:
        y = np.asarray(y)
    except ValueError:  # ragged: has an error of its own
        return
    if y.dtype.kind not in "fiu" or not y.size:
        return
    if y.min() < 0 or y.max() > 1:
        return
    several = y.ndim == 2 and y.shape[1] > 1
    if several and np.allclose(y.sum(axis=1), 1.0):
        found = f"rows of {y.shape[1]} probabilities"
    elif not several and np.any(y % 1):
        found = f"probabilities such as {y[np.nonzero(y % 1)][0]:g}"
    else:
        return
    raise ValueError(
        f"Unknown label type: y holds soft labels, {found}; classes are needed, one "
        "for each row. To fit probabilities, repeat a row for each of its classes, "
        "with the probability as its sample_weight."
    )


def encode(y):
    """Return the classes and the code of each row.

    Raises
    ------
    ValueError
        If y is no target of a classifier, or has one class only.
    """
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            "This solver needs samples of at least 2 classes in the data, but the data "
            f"contains only one class: {classes.tolist()[0]!r}"
        )
    return classes, codes.ravel()


def row_weights(sample_weight, X):
    """Return float64 weights, or None where none are given.

    Unlike in least squares, a number counts: it weighs the loss against the penalty.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, or if none is positive.
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Number):
        sample_weight = np.full(X.shape[0], float(sample_weight))
    weights = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True
    )
    if not weights.any():
        raise ValueError(
            "sample_weight must contain at least one positive number; all weights "
            "are zero."
        )
    return weights


def weights_of_classes(class_weight, classes, codes, weights):
    """Return the weight of each class; "balanced" counts rows by their weights."""
    if isinstance(class_weight, dict):
        of_class = compute_class_weight(class_weight, classes=classes, y=classes[codes])
        bad = ~(np.isfinite(of_class) & (of_class >= 0.0))
        if bad.any():
            k = int(np.flatnonzero(bad)[0])
            raise ValueError(
                f"class_weight of class {classes.tolist()[k]!r} is {of_class[k]:g}; it "
                "must be finite and 0 or larger."
            )
        return of_class
    if class_weight is None:
        return np.ones(len(classes))
    totals = np.bincount(codes, weights, len(classes)).astype(np.float64)
    shares = len(classes) * totals
    return np.divide(totals.sum(), shares, out=np.zeros_like(shares), where=shares > 0)


def weigh(codes, weights, of_class):
    """Return the weight of every row: its own times that of its class."""
    rows = np.asarray(of_class, dtype=np.float64)[codes]
    return rows if weights is None else rows * weights


def check_present(problem, classes):
    """Warn of classes whose rows have no weight; refuse if less than two are left.

    Raises
    ------
    ValueError
        If less than two classes have weight.
    """
    present = problem.present
    if present.sum() < 2:
        raise ValueError(
            "sample_weight and class_weight leave weight to only one class, "
            f"{classes[present].tolist()[0]!r}; at least two classes are needed."
            if present.any()
            else "class_weight leaves no weight to any class."
        )
    if not present.all():
        absent = ", ".join(repr(label) for label in classes[~present].tolist())
        warn(
            f"No row of class {absent} has any weight: it gets coefficients of zero "
            "and is never predicted.",
        )


# -- penalties of single features ----------------------------------------------------


def feature_terms(estimator, n_features):
    """Return what each coefficient pays and where it may lie.

    Raises
    ------
    ValueError
        If an option does not fit X.
    """
    return terms_of(
        n_features, getattr(estimator, "feature_names_in_", None), options_of(estimator)
    )


def terms_of(n_features, names, options):
    """Return the :class:`PenaltyTerms` of options given as a dictionary."""
    terms = resolve_penalty_options(n_features, names, **options)
    if terms is None:
        ones = np.ones(n_features)
        terms = PenaltyTerms(
            ones,
            ones,
            lower=np.full(n_features, 0.0 if options.get("positive") else -np.inf),
            upper=np.full(n_features, np.inf),
            excluded=np.zeros(n_features, dtype=bool),
        )
    kept = ~terms.excluded
    return replace(
        terms,
        lower=np.where(kept, terms.lower, 0.0),
        upper=np.where(kept, terms.upper, 0.0),
    )


# -- problems ------------------------------------------------------------------------


@dataclass(frozen=True)
class Fit:
    """A solution in the shapes of `coef_` and `intercept_`, with its certificate."""

    coef: np.ndarray
    intercept: np.ndarray
    gap: float
    goal: float
    n_iter: int
    diverged: bool = False


class ClassProblem:
    """A binary or multinomial problem over all classes of the target.

    Parameters
    ----------
    X : ndarray or CSC of shape (n_samples, n_features)
        Data.
    codes : ndarray of int of shape (n_samples,)
        Class of each row.
    n_classes : int
        Number of classes, two or more.
    weight : ndarray of shape (n_samples,)
        Weights; a class may have none at all.
    terms : PenaltyTerms
        What each coefficient pays.
    fit_intercept : bool
        Whether there are intercepts.
    offset : ndarray of shape (n_samples,) or (n_samples, n_classes), or None
        Known part of the decision function.
    """

    def __init__(
        self, X, codes, n_classes, weight, *, terms, fit_intercept=True, offset=None
    ):
        self.X = X
        self.codes = codes
        self.n_classes = n_classes
        self.terms = terms
        self.fit_intercept = fit_intercept
        self.offset = offset
        self.rows = 1 if n_classes == 2 else n_classes
        self._solvers = {}
        self._design = make_design(X, None, center=False)
        self._reweigh(weight)

    def _reweigh(self, weight):
        self.weight = weight
        totals = np.bincount(self.codes, weight, self.n_classes)
        self.present = totals > 0.0
        kept = np.flatnonzero(self.present)
        if not self.fit_intercept:
            # Coefficients of a class without rows are penalised: nothing runs away.
            kept = np.arange(self.n_classes)
        self.kept = kept
        self._scaled = self.terms
        if self.terms.standardize:
            self._scaled = self.terms.scaled(column_scales(self.X, weight))
        if len(kept) > 1:
            key = tuple(kept)
            if key in self._solvers:
                self._solver = self._solvers[key].reweighted(weight)
            else:
                self._solver = self._solvers[key] = self._make_solver(kept)
        else:
            self._solver = None

    def reweighted(self, weight, share=True):
        """Return the problem under other weights.

        With `share` they share the columns already at hand, and must not be solved
        at the same time.
        """
        other = object.__new__(ClassProblem)
        vars(other).update(vars(self))
        if not share:
            other._solvers = {}
        other._reweigh(weight)
        return other

    def _make_solver(self, kept):
        options = {
            "fit_intercept": self.fit_intercept,
            "lower": self.terms.lower,
            "upper": self.terms.upper,
        }
        if self.n_classes == 2:
            return LogisticProblem(
                self._design, self.codes, self.weight, offset=self.offset, **options
            )
        codes, offset = self.codes, self.offset
        if len(kept) < self.n_classes:
            position = np.zeros(self.n_classes, dtype=np.intp)
            position[kept] = np.arange(len(kept))
            codes = position[codes]
            offset = None if offset is None else offset[:, kept]
        return MultinomialProblem(
            self._design,
            codes,
            self.weight,
            n_classes=len(kept),
            offset=offset,
            **options,
        )

    def alpha_max(self):
        """Return the smallest level of the L1 penalty at which all its features go."""
        if self._solver is None:
            return 0.0
        usable = (self.terms.lower < 0.0) | (self.terms.upper > 0.0)
        return self._solver.alpha_max(np.where(usable, self._scaled.l1, 1.0))

    def penalties(self, C, l1_ratio):
        """Return (l1, l2) of each feature."""
        return (
            l1_ratio / C * self._scaled.l1,
            (1.0 - l1_ratio) / C * self._scaled.l2,
        )

    def solve(self, C, l1_ratio, start=None, *, tol, max_iter):
        """Solve for one penalty.

        Parameters
        ----------
        C, l1_ratio : float
            Penalty.
        start : Fit or None
            Where to start.
        tol : float
            Coefficients are accurate to about `tol`: the duality gap, of second order
            in them, is brought down to ``tol**2`` of the null model's log loss.
        max_iter : int
            Limit of the number of Newton steps.

        Returns
        -------
        Fit
        """
        if self._solver is None:
            return self._certain()
        l1, l2 = self.penalties(C, l1_ratio)
        found = self._solver.solve(
            l1, l2, *self.start_of(start), tol=self.gap_tol(tol), max_iter=max_iter
        )
        return self.fit_of(found, l1, tol)

    @staticmethod
    def gap_tol(tol):
        """Return the duality gap asked for, in parts of the null model's log loss."""
        return max(tol**2, _ROUNDING)

    def start_of(self, fit):
        """Return ``(w, intercept)`` for the solver, each None where it is not known."""
        if fit is None:
            return None, None
        kept = 0 if self.rows == 1 else self.kept
        return fit.coef[kept], None if fit.intercept is None else fit.intercept[kept]

    def fit_of(self, found, l1, tol):
        """Return the :class:`Fit` of a solver's solution."""
        coef = np.zeros((self.rows, self.X.shape[1]))
        intercept = np.zeros(self.rows)
        if self.rows == 1:
            coef[0], intercept[0] = found.w, found.intercept
        else:
            coef[self.kept] = self._centred(found.w, l1)
            if self.fit_intercept:
                intercept[self.kept] = found.intercept - np.mean(found.intercept)
                intercept[~self.present] = intercept[self.kept].min() - CERTAIN
        return Fit(
            coef,
            intercept,
            max(found.gap, 0.0),  # below it is rounding
            self.gap_tol(tol) * found.null_value,
            found.n_iter,
            found.diverged,
        )

    def unmoved(self, C, l1_ratio, start=None):
        """Return where a fit starts: zeros, or `start`."""
        zeros = np.zeros((self.rows, self.X.shape[1])), np.zeros(self.rows)
        at = Fit(*zeros, 0.0, 0.0, 0) if start is None else start
        best = self.solve(C, l1_ratio, at, tol=0.0, max_iter=0)
        at = replace(at, coef=best.coef, goal=best.goal)
        # The solver has moved the intercept, which pays nothing.
        above = self.log_loss(at) - self.log_loss(best)
        return replace(at, gap=max(best.gap + above, 0.0))

    def _centred(self, w, l1):
        """Take out of w what is common to all classes where that only lowers L2."""
        free = (l1 == 0.0) & np.isinf(self.terms.lower) & np.isinf(self.terms.upper)
        if not free.any():
            return w
        return w - np.where(free, w.mean(axis=0), 0.0)

    def _certain(self):
        """Return the model of a single class: nothing but an intercept."""
        intercept = np.where(self.present, 0.0, -CERTAIN)
        if self.rows == 1:
            intercept = np.array([CERTAIN if self.present[1] else -CERTAIN])
        coef = np.zeros((self.rows, self.X.shape[1]))
        return Fit(coef, intercept, 0.0, 0.0, 0)

    def path(self, Cs, l1_ratio, start=None, *, tol, max_iter, progress=None):
        """Solve for several C, increasing, each from the ones before.

        Returns
        -------
        list of Fit
        """
        (fits,) = follow(
            [self],
            np.asarray(Cs),
            l1_ratio,
            start,
            tol=tol,
            max_iter=max_iter,
            progress=progress,
        )
        return fits

    def log_loss(self, fit):
        """Return the weighted sum of the log loss."""
        raw = self.X @ fit.coef.T + fit.intercept
        if self.rows == 1:
            raw = raw[:, 0] if self.offset is None else raw[:, 0] + self.offset
            sign = np.where(self.codes == 1, -1.0, 1.0)
            return float(self.weight @ np.logaddexp(0.0, sign * raw))
        raw = raw if self.offset is None else raw + self.offset
        own = raw[np.arange(len(raw)), self.codes]
        return float(self.weight @ (logsumexp(raw, axis=1) - own))

    def explained(self, fits):
        """Return the fraction of the null model's log loss that each fit explains."""
        if self._solver is None:
            return np.zeros(len(fits))
        null = self._solver.null()[1]
        return np.array([1.0 - self.log_loss(fit) / null for fit in fits])
