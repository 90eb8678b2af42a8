"""One stage of boosting: a regressor for each column of raw predictions."""

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.tree import BaseDecisionTree
from sklearn.utils.random import sample_without_replacement

from sklreg.solvers.boosting import direction_step, leaf_steps

_MAX_SEED = np.iinfo(np.int32).max


class Stages:
    """The training rows, their raw predictions, and the fitting of one more stage.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
        Training rows.
    target : ndarray of shape (n_samples,) or (n_samples, n_columns)
        Targets as the objective's loss takes them.
    weight : ndarray of shape (n_samples,)
        Weights of the rows.
    objective : RegressionObjective or ClassificationObjective
        What is minimised.
    template : estimator
        The regressor whose clones are fitted.
    learning_rate : float
        Part of each step that is taken.
    raw : ndarray of shape (n_samples,) or (n_samples, n_columns)
        Raw predictions to start from; changed in place.
    columns : int
        Features that a regressor other than a tree is shown.
    weighted : bool
        Whether regressors are given the weights.
    random_state : RandomState
        Draws features and gives the seeds.
    """

    def __init__(
        self,
        X,
        target,
        weight,
        *,
        objective,
        template,
        learning_rate,
        raw,
        columns,
        weighted,
        random_state,
    ):
        self.is_tree = isinstance(template, BaseDecisionTree)
        self.X = tree_columns(X) if self.is_tree else X
        self.X_rows = tree_rows(X) if self.is_tree else X
        self.target, self.weight, self.raw = target, weight, raw
        self.objective, self.template = objective, template
        self.learning_rate, self.columns = learning_rate, columns
        self.weighted, self.random_state = weighted, random_state

    def loss(self, rows=None):
        """Return the mean loss, of all rows or of those in a mask."""
        if rows is None:
            return self.objective.value(self.target, self.raw, self.weight)
        weight = self.weight[rows]
        if not weight.any():
            return np.nan
        return self.objective.value(self.target[rows], self.raw[rows], weight)

    def fit_one(self, drawn=None):
        """Fit one more stage on the rows drawn; return regressors, steps, features."""
        objective = self.objective
        objective.before_stage(self.target, self.raw, self.weight)
        gradient = objective.loss.gradient(self.target, self.raw)
        weight = self.weight if drawn is None else self.weight * drawn
        used = self._features()
        before = self.raw.copy()
        members, steps = [], []
        for k in range(objective.n_columns):
            column = gradient if gradient.ndim == 1 else gradient[:, k]
            if self.is_tree:
                member, step, move = self._grow(-column, weight, before, k)
            else:
                member, step, move = self._fit(-column, weight, before, k, used)
            members.append(member)
            steps.append(step)
            own = self.raw if self.raw.ndim == 1 else self.raw[:, k]
            own += self.learning_rate * move
        return members, steps, used

    def _features(self):
        n_features = self.X.shape[1]
        if self.is_tree or self.columns == n_features:
            return np.arange(n_features)
        drawn = sample_without_replacement(
            n_features, self.columns, random_state=self.random_state
        )
        return np.sort(drawn)

    def _grow(self, target, weight, raw, k):
        """Fit a tree, and set its leaves to the steps that the loss wants."""
        tree = clone(self.template)
        tree.set_params(random_state=self.random_state)
        tree.fit(self.X, target, sample_weight=weight, check_input=False)
        leaves = tree.tree_.apply(self.X_rows)
        values = tree.tree_.value[:, 0, 0]
        if not self.objective.fitted:
            steps = leaf_steps(
                self.objective.loss,
                self.target,
                raw,
                weight,
                leaves,
                tree.tree_.node_count,
                k,
                newton=self.objective.newton,
            )
            ends = tree.tree_.children_left == -1
            values[ends] = steps[ends]
        return tree, 1.0, values[leaves]

    def _fit(self, target, weight, raw, k, used):
        """Fit any other regressor, and go along it as far as the loss wants."""
        member = with_seeds(clone(self.template), self.random_state)
        X = columns_of(self.X, used)
        rows = np.flatnonzero(weight)
        params = {"sample_weight": weight[rows]} if self.weighted else {}
        if len(rows) < len(weight):
            member.fit(X[rows], target[rows], **params)
        else:
            member.fit(X, target, **params)
        direction = np.asarray(member.predict(X), dtype=np.float64).reshape(-1)
        step = 1.0
        if not self.objective.fitted:
            step = direction_step(
                self.objective.loss, self.target, raw, weight, direction, k
            )
        return member, step, step * direction


def add_stage(raw, X, member, steps, used):
    """Add the predictions of a stage to raw predictions, in place."""
    for k, (regressor, step) in enumerate(zip(member, steps, strict=True)):
        own = raw if raw.ndim == 1 else raw[:, k]
        if isinstance(regressor, BaseDecisionTree):
            own += step * regressor.tree_.predict(X)[:, 0]
        else:
            found = regressor.predict(columns_of(X, used))
            own += step * np.asarray(found, dtype=np.float64).reshape(-1)


def columns_of(X, used):
    """Return some columns of X, X itself for all of them."""
    if len(used) == X.shape[1]:
        return X
    return (X.tocsc() if issparse(X) else X)[:, used]


def tree_rows(X):
    """Return X as trees read it to predict: float32, sparse in CSR."""
    if issparse(X):
        return _narrow(X.tocsr())
    return np.ascontiguousarray(X, dtype=np.float32)


def tree_columns(X):
    """Return X as trees read it to grow: float32, sparse in CSC."""
    if issparse(X):
        X = _narrow(X.tocsc())
        if not X.has_sorted_indices:
            X = X.sorted_indices()
        return X
    return np.ascontiguousarray(X, dtype=np.float32)


def _narrow(X):
    return type(X)(
        (
            X.data.astype(np.float32, copy=False),
            X.indices.astype(np.int32, copy=False),
            X.indptr.astype(np.int32, copy=False),
        ),
        shape=X.shape,
    )


def with_seeds(estimator, rng):
    """Set every random_state among an estimator's parameters; return the estimator."""
    seeds = {
        name: rng.randint(_MAX_SEED)
        for name in sorted(estimator.get_params(deep=True))
        if name == "random_state" or name.endswith("__random_state")
    }
    return estimator.set_params(**seeds) if seeds else estimator
