"""The folds of a cross-validated logistic regression: paths, and their scores."""

import inspect
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.metrics import make_scorer

from sklreg._validation import _check_method_params
from sklreg.linear_model._logistic import LogisticRegression


@dataclass(frozen=True)
class FoldPath:
    """Solutions on the training rows of a fold, and their scores on its test rows.

    Attributes
    ----------
    coefs : ndarray of shape (n_l1_ratios, n_Cs, rows, n_features)
        Coefficients.
    intercepts : ndarray of shape (n_l1_ratios, n_Cs, rows)
        Intercepts.
    scores : ndarray of shape (n_l1_ratios, n_Cs)
        Scores.
    n_iter : ndarray of int of shape (n_l1_ratios, n_Cs)
        Newton steps.
    gaps, goals : ndarray of shape (n_l1_ratios, n_Cs)
        Duality gaps, and where they were to be.
    absent : ndarray of bool of shape (n_classes,)
        Classes without weight in the training rows.
    """

    coefs: np.ndarray
    intercepts: np.ndarray
    scores: np.ndarray
    n_iter: np.ndarray
    gaps: np.ndarray
    goals: np.ndarray
    absent: np.ndarray


def fold_path(problem, scores, train, test, Cs, l1_ratios, *, share, tol, max_iter):
    """Follow the paths of a fold: its training rows are weights, no row is copied.

    Parameters
    ----------
    problem : ClassProblem
        The problem on all rows.
    scores : FoldScores
        What scores the solutions.
    train, test : ndarray of int or bool
        Rows; training rows may repeat.
    Cs : ndarray of shape (n_Cs,)
        Penalties, in any order.
    l1_ratios : ndarray of shape (n_l1_ratios,)
        Shares of the L1 penalty.
    share : bool
        Whether the columns at hand may be shared with other folds, which must not
        run at the same time.
    tol, max_iter : float, int
        As in the solvers.

    Returns
    -------
    FoldPath
    """
    counts = np.bincount(_positions(train), minlength=len(problem.codes))
    fold = problem.reweighted(problem.weight * counts, share=share)
    order = np.argsort(Cs)
    back = np.argsort(order)
    fits = [
        fold.path(Cs[order], l1_ratio, tol=tol, max_iter=max_iter)
        for l1_ratio in l1_ratios
    ]
    fits = [[path[i] for i in back] for path in fits]

    def gathered(name):
        return np.array([[getattr(fit, name) for fit in path] for path in fits])

    coefs, intercepts = gathered("coef"), gathered("intercept")
    return FoldPath(
        coefs,
        intercepts,
        scores(coefs, intercepts, _positions(test), Cs),
        gathered("n_iter").astype(np.int32),
        gathered("gap"),
        gathered("goal"),
        ~fold.present,
    )


def _positions(rows):
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows


class _Given(LogisticRegression):
    """A fitted model that has the scores of its samples at hand."""

    def decision_function(self, X):
        return self._given


class FoldScores:
    """Scores models on test rows.

    Parameters
    ----------
    scorer : callable
        ``scorer(model, X, y, **params)``.
    X : ndarray or CSC of shape (n_samples, n_features)
        All rows.
    y : ndarray of shape (n_samples,)
        Labels.
    classes : ndarray of shape (n_classes,)
        All labels.
    offset : ndarray of shape (n_samples,) or (n_samples, n_classes), or None
        Known part of the decision function.
    params : dict
        What else the scorer gets, by rows where it has as many.
    settings : dict
        Parameters of the models.
    """

    def __init__(self, scorer, X, y, classes, offset, params, settings):
        self.by_name = hasattr(scorer, "_score_func")
        self.scorer = _with_all_labels(scorer, classes)
        self.X = X.tocsr() if sparse.issparse(X) else X
        self.y = y
        self.classes = classes
        self.offset = offset
        self.params = params
        self.settings = settings

    def __call__(self, coefs, intercepts, test, Cs):
        """Return scores of shape (n_l1_ratios, n_Cs)."""
        X, y = self.X[test], self.y[test]
        offset = None if self.offset is None else self.offset[test]
        params = _check_method_params(self.X, params=self.params, indices=test)
        # Scorers of scikit-learn ask for predictions only: one product gives them all.
        raw = None
        if self.by_name:
            flat = coefs.reshape(-1, coefs.shape[-1]).astype(X.dtype, copy=False)
            raw = np.asarray(X @ flat.T).reshape(len(test), *intercepts.shape)
            raw = raw + intercepts.astype(X.dtype)
        scores = np.empty(coefs.shape[:2])
        for i, k in np.ndindex(scores.shape):
            model = self._model(coefs[i, k], intercepts[i, k], Cs[k])
            given = X
            if raw is not None:
                given = raw[:, i, k, 0] if len(intercepts[i, k]) == 1 else raw[:, i, k]
                given = given if offset is None else given + offset
                model._given = given
            elif offset is not None:
                model._own_offset = offset
            scores[i, k] = self.scorer(model, given, y, **params)
        return scores

    def _model(self, coef, intercept, C):
        model = (_Given if self.by_name else LogisticRegression)(C=C, **self.settings)
        model.classes_ = self.classes
        model.coef_ = coef.astype(self.X.dtype)
        model.intercept_ = intercept.astype(self.X.dtype)
        model.n_features_in_ = self.X.shape[1]
        return model


def _with_all_labels(scorer, classes):
    """Tell a metric that takes `labels` all of them: test rows may lack some."""
    metric = getattr(scorer, "_score_func", None)
    accepted = {} if metric is None else inspect.signature(metric).parameters
    if "labels" not in accepted:
        return scorer
    known = {"labels": classes}
    if len(classes) == 2 and "pos_label" in accepted:
        known["pos_label"] = classes[-1]
    return make_scorer(
        metric,
        greater_is_better=scorer._sign == 1,
        response_method=scorer._response_method,
        **{**known, **getattr(scorer, "_kwargs", {})},
    )
