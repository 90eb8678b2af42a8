"""The folds of a cross-validated logistic regression: paths, and their scores."""

import inspect
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.metrics import accuracy_score, log_loss, make_scorer

from sklreg._validation import _check_method_params
from sklreg.linear_model._logistic import LogisticRegression
from sklreg.linear_model._logistic_lockstep import follow


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


def fold_paths(problem, scores, folds, Cs, l1_ratios, *, share, tol, max_iter):
    """Follow the paths of folds: training rows are weights, no row is copied.

    Parameters
    ----------
    problem : ClassProblem
        The problem on all rows.
    scores : FoldScores
        What scores the solutions.
    folds : list of (train, test), both ndarray of int or bool
        Rows; training rows may repeat.
    Cs : ndarray of shape (n_Cs,)
        Penalties, in any order.
    l1_ratios : ndarray of shape (n_l1_ratios,)
        Shares of the L1 penalty.
    share : bool
        Whether the columns at hand may be shared with the problem on all rows and
        other folds, which must not be solved at the same time.
    tol, max_iter : float, int
        As in the solvers.

    Returns
    -------
    list of FoldPath
    """
    owns = []
    for train, _ in folds:
        counts = np.bincount(_positions(train), minlength=len(problem.codes))
        first = owns[0] if owns else problem
        owns.append(
            first.reweighted(problem.weight * counts, share=share or bool(owns))
        )
    order = np.argsort(Cs)
    back = np.argsort(order)
    by_ratio = [
        follow(owns, Cs[order], l1_ratio, tol=tol, max_iter=max_iter)
        for l1_ratio in l1_ratios
    ]
    paths = []
    for k, (own, (_, test)) in enumerate(zip(owns, folds, strict=True)):
        fits = [[paths_of[k][i] for i in back] for paths_of in by_ratio]
        coefs, intercepts, n_iter, gaps, goals = (
            np.array([[getattr(fit, name) for fit in path] for path in fits])
            for name in ("coef", "intercept", "n_iter", "gap", "goal")
        )
        paths.append(
            FoldPath(
                coefs,
                intercepts,
                scores(coefs, intercepts, _positions(test), Cs),
                n_iter.astype(np.int32),
                gaps,
                goals,
                ~own.present,
            )
        )
    return paths


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
        self.at_once = None
        if not getattr(scorer, "_kwargs", {}) and not set(params) - {"sample_weight"}:
            self.at_once = _AT_ONCE.get(getattr(scorer, "_score_func", None))
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
        if self.at_once is not None:
            raw = raw if offset is None else raw + _over_penalties(offset)
            codes = np.searchsorted(self.classes, y)
            return self.at_once(raw, codes, **params)
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


def _over_penalties(offset):
    """Return an offset of rows, or of rows and classes, for every l1_ratio and C."""
    return offset.reshape(len(offset), 1, 1, -1)


def _log_loss_scores(raw, codes, sample_weight=None):
    """Return minus the log loss for every l1_ratio and C, as scikit-learn has it."""
    if raw.shape[-1] == 1:
        # Scorers hand on the probability of the second class alone.
        own = expit(raw[..., 0])
        np.subtract(1.0, own, out=own, where=(codes == 0)[:, None, None])
    else:
        own = np.take_along_axis(
            softmax(raw, axis=-1), codes[:, None, None, None], axis=-1
        )[..., 0]
    eps = np.finfo(own.dtype).eps
    own = np.clip(own, eps, 1 - eps)
    return np.average(np.log(own, dtype=np.float64), axis=0, weights=sample_weight)


def _accuracy_scores(raw, codes, sample_weight=None):
    """Return the accuracy for every l1_ratio and C."""
    two = raw.shape[-1] == 1
    predicted = raw[..., 0] > 0 if two else raw.argmax(axis=-1)
    return np.average(predicted == codes[:, None, None], axis=0, weights=sample_weight)


#: Metrics that are found for all penalties together: a call of each costs more.
_AT_ONCE = {log_loss: _log_loss_scores, accuracy_score: _accuracy_scores}


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
