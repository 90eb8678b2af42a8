"""Gradient boosting: the stages, where they stop, and what is kept of them."""

import time
from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import check_random_state

from sklreg._base import DocLinkMixin
from sklreg._held_out import (
    ValidationSet,
    check_only_given,
    check_validation_classes,
    is_given,
    split_off,
)
from sklreg._validation import (
    CallbackSupportMixin,
    HasMethods,
    Interval,
    StrOptions,
    _check_sample_weight,
    draw_mask,
    restored_on_error,
    takes_sample_weight,
    validate_data,
    with_callbacks,
)
from sklreg.ensemble._boosted_model import BoostedModel
from sklreg.ensemble._boosting_judge import Judge
from sklreg.ensemble._boosting_stage import Stages, tree_rows
from sklreg.solvers.early_stopping import EarlyStopping

# Parameters of the default tree, and what they are where nobody has set them.
TREE_DEFAULTS = {
    "criterion": "deprecated",
    "min_samples_split": 2,
    "min_samples_leaf": 1,
    "min_weight_fraction_leaf": 0.0,
    "max_depth": 3,
    "min_impurity_decrease": 0.0,
    "max_leaf_nodes": None,
    "ccp_alpha": 0.0,
}
_TREE_CONSTRAINTS = DecisionTreeRegressor._parameter_constraints


class BaseBoosting(BoostedModel, CallbackSupportMixin, DocLinkMixin, BaseEstimator):
    """Fitting of both boosting estimators."""

    _parameter_constraints: dict = {
        **{name: _TREE_CONSTRAINTS[name] for name in TREE_DEFAULTS},
        "max_features": _TREE_CONSTRAINTS["max_features"],
        "criterion": [StrOptions({"squared_error", "friedman_mse", "deprecated"})],
        "estimator": [HasMethods(["fit", "predict"]), None],
        "learning_rate": [Interval(Real, 0.0, None, closed="left")],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "subsample": [Interval(Real, 0.0, 1.0, closed="right")],
        "init": [StrOptions({"zero"}), None, HasMethods(["fit", "predict"])],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "validation_fraction": [Interval(Real, 0.0, 1.0, closed="neither")],
        "validation_split": ["cv_object", None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), None],
        "tol": [Interval(Real, 0.0, None, closed="left")],
        "early_stopping_scoring": [str, callable, None],
        "restore_best": ["boolean"],
    }

    # ------------------------------------------------------------------ fitting

    def _fit(self, X, y, sample_weight, monitor, validation):
        with restored_on_error(self):
            template = self._template()
            weighted = sample_weight is not None
            if weighted and not takes_sample_weight(template):
                raise ValueError(
                    f"sample_weight was given, but {type(template).__name__} takes no "
                    "sample_weight in fit."
                )
            return self._fit_inside(
                X, y, sample_weight, monitor, validation, template, weighted
            )

    @with_callbacks
    def _fit_inside(self, X, y, sample_weight, monitor, validation, template, weighted):
        resumed = self.warm_start and hasattr(self, "estimators_")
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc", "coo"],
            dtype=[np.float64, np.float32],
            reset=not resumed,
            y_numeric=not is_classifier(self),
        )
        sample_weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        if not sample_weight.any():
            raise ValueError(
                "sample_weight must contain at least one positive number; all weights "
                "are zero."
            )
        y = self._validate_target(y, sample_weight)
        if not sample_weight.all():  # a tree counts rows whatever their weight
            rows = np.flatnonzero(sample_weight)
            X, y, sample_weight = _rows(X, rows), y[rows], sample_weight[rows]
        held = self._held_out(X, y, sample_weight, weighted, *validation)
        if held is not None and held.skip.any():
            rows = np.flatnonzero(~held.skip)
            X, y, sample_weight = (
                _rows(X, rows),
                y[rows],
                sample_weight[rows],
            )
        if not resumed:
            self._start(X, y, sample_weight, weighted)
        elif self.n_estimators < len(self.estimators_):
            raise ValueError(
                f"n_estimators={self.n_estimators} must be larger or equal to "
                f"estimators_.shape[0]={len(self.estimators_)} when warm_start==True"
            )
        stages = Stages(
            X,
            self._objective.targets(self._codes(y)),
            sample_weight,
            objective=self._objective,
            template=template,
            learning_rate=self.learning_rate,
            raw=self._raw(X),
            columns=self.max_features_,
            weighted=weighted or self.estimator is None,
            random_state=self._rng,
        )
        context = None
        if getattr(self, "_skl_callbacks", None):
            context = self._init_callback_context(max_subtasks=self.n_estimators)
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        self._run(stages, held, monitor, context, {"X": X, "y": y})
        if context is not None:
            context.call_on_fit_task_end(
                estimator=self, X=X, y=y, reconstruction_attributes={}
            )
        return self

    def _template(self):
        """Return the regressor whose clones are fitted, after checks."""
        if self.estimator is None:
            criterion = self.criterion
            if criterion in ("deprecated", "friedman_mse"):
                criterion = "squared_error"  # as in scikit-learn 1.9
            others = {
                name: getattr(self, name)
                for name in TREE_DEFAULTS
                if name != "criterion"
            }
            return DecisionTreeRegressor(
                criterion=criterion, max_features=self.max_features, **others
            )
        changed = [
            name
            for name, default in TREE_DEFAULTS.items()
            if getattr(self, name) != default
        ]
        if changed:
            raise ValueError(
                f"{', '.join(changed)}: for the default tree only; with estimator="
                f"{type(self.estimator).__name__} set the estimator's own parameters."
            )
        if is_classifier(self.estimator):
            raise ValueError(
                "estimator must be a regressor, also to classify: every stage fits it "
                f"to gradients; got {type(self.estimator).__name__}."
            )
        return self.estimator

    def _start(self, X, y, sample_weight, weighted):
        """Set up the model without any stage."""
        self._objective = self._make_objective()
        self._rng = check_random_state(self.random_state)
        self.n_trees_per_iteration_ = self._objective.n_columns
        self.max_features_ = self._number_of_columns()
        self.estimators_ = np.empty((0, self._objective.n_columns), dtype=object)
        self._steps = np.empty((0, self._objective.n_columns))
        self._columns = []
        self.train_score_ = np.empty(0)
        self.history_ = {"train_loss": np.empty(0), "seconds": np.empty(0)}
        for name in ("best_stage_", "best_score_", "oob_score_"):
            vars(self).pop(name, None)
        for name in ("oob_improvement_", "oob_scores_"):
            vars(self).pop(name, None)
            if self.subsample < 1.0:
                setattr(self, name, np.empty(0))
        target = self._objective.targets(self._codes(y))
        if self.init == "zero":
            self.init_, self._baseline = "zero", np.zeros(self._objective.n_columns)
        elif self.init is None:
            self._baseline = self._objective.baseline(target, sample_weight)
            self.init_ = self._dummy(y, sample_weight)
        else:
            self._baseline = None
            self.init_ = clone(self.init)
            if weighted and not takes_sample_weight(self.init_):
                raise ValueError(
                    f"The initial estimator {type(self.init_).__name__} does not "
                    "support sample weights."
                )
            params = {"sample_weight": sample_weight} if weighted else {}
            self.init_.fit(X, y, **params)

    def _number_of_columns(self):
        n_features, wanted = self.n_features_in_, self.max_features
        if wanted is None:
            return n_features
        if wanted == "sqrt":
            return max(1, int(np.sqrt(n_features)))
        if wanted == "log2":
            return max(1, int(np.log2(n_features)))
        if isinstance(wanted, Integral):
            if wanted > n_features:
                raise ValueError(
                    f"max_features={wanted}, but X has {n_features} features."
                )
            return int(wanted)
        return max(1, int(wanted * n_features))

    def _held_out(self, X, y, weight, weighted, X_val, y_val, sample_weight_val):
        """Return the validation set given or cut off, or None."""
        if not is_given(X_val, y_val, sample_weight_val):
            if self.n_iter_no_change is None:
                return None
            sliceable = X.tocsr() if issparse(X) else X
            return split_off(self, sliceable, y, weight, weighted)
        check_only_given(self, y_val)
        X_val, y_val = validate_data(
            self,
            X_val,
            y_val,
            accept_sparse=["csr", "csc", "coo"],
            dtype=[np.float64, np.float32],
            reset=False,
            y_numeric=not is_classifier(self),
        )
        if is_classifier(self):
            unknown = np.setdiff1d(y_val, self.classes_)
            if len(unknown):
                raise ValueError(
                    f"y_val holds the classes {unknown.tolist()}, which y does not."
                )
            check_validation_classes(y_val)
        if sample_weight_val is not None:
            sample_weight_val = _check_sample_weight(sample_weight_val, X_val)
        return ValidationSet(X_val, y_val, sample_weight_val, np.zeros(0, dtype=bool))

    def _run(self, stages, held, monitor, context, data):
        """Fit stage after stage; keep those up to the best."""
        prepare = tree_rows if stages.is_tree else (lambda rows: rows)
        judge = None if held is None else Judge(self, held, prepare)
        stopper = None
        if self.n_iter_no_change is not None:
            stopper = EarlyStopping(self.n_iter_no_change, self.tol)
        first, n_rows = len(self.estimators_), len(stages.weight)
        n_drawn = max(1, int(self.subsample * n_rows))
        members, steps, columns = [], [], []
        records = {name: [] for name in ("train_loss", "seconds")}
        outside = []
        self.stop_reason_ = "n_estimators"
        started = time.perf_counter()
        for i in range(first, self.n_estimators):
            task = None
            if context is not None:
                task = context.subcontext(task_name="stage")
                task.call_on_fit_task_begin(estimator=self, **data)
            drawn = None
            if self.subsample < 1.0:
                drawn = draw_mask(n_rows, n_drawn, self._rng)
                before = stages.loss(~drawn) if not i else None
            member, step, used = stages.fit_one(drawn)
            members.append(member)
            steps.append(step)
            columns.append(used)
            records["train_loss"].append(stages.loss(drawn))
            if drawn is not None:
                outside.append((before, stages.loss(~drawn)))
            if judge is not None:
                judge.take(member, step, used)
            records["seconds"].append(time.perf_counter() - started)
            if self.verbose:
                self._print(i, records, judge)
            stop = stopper is not None and stopper.update(
                judge.scores[-1], lambda: None
            )
            if monitor is not None or task is not None:
                self._assemble(first, members, steps, columns, records, judge, outside)
                if monitor is not None and monitor(i, self, {"raw": stages.raw}):
                    self.stop_reason_ = "monitor"
                    break
            if task is not None and task.call_on_fit_task_end(
                estimator=self, reconstruction_attributes=dict, **data
            ):
                self.stop_reason_ = "callback"
                break
            if stop:
                self.stop_reason_ = "early_stopping"
                break
        self._assemble(first, members, steps, columns, records, judge, outside)
        if stopper is not None and stopper.best_epoch:
            self.best_stage_ = first + stopper.best_epoch
            self.best_score_ = stopper.best_score
            if self.restore_best:
                self._cut(self.best_stage_)
        self.n_estimators_ = len(self.estimators_)

    def _assemble(self, first, members, steps, columns, records, judge, outside):
        """Set the attributes that hold what the stages so far have left."""
        k = self._objective.n_columns
        new = np.empty((len(members), k), dtype=object)
        for i, member in enumerate(members):
            new[i] = member
        self.estimators_ = np.concatenate([self.estimators_[:first], new])
        new_steps = np.array(steps).reshape(-1, k)
        self._steps = np.concatenate([self._steps[:first], new_steps])
        self._columns = self._columns[:first] + columns
        if judge is not None:
            records = records | {
                "validation_loss": judge.losses,
                "validation_score": judge.scores,
            }
        for name, values in records.items():
            past = self.history_.get(name, np.full(first, np.nan))
            self.history_ = self.history_ | {
                name: np.concatenate([past[:first], values])
            }
        self.train_score_ = self._objective.factor * self.history_["train_loss"]
        if outside:
            factor = self._objective.factor
            losses = factor * np.array([after for _, after in outside])
            scores = np.concatenate([self.oob_scores_[:first], losses])
            initial = factor * outside[0][0] if not first else self._oob_initial
            self._oob_initial = initial
            self.oob_scores_, self.oob_score_ = scores, float(scores[-1])
            self.oob_improvement_ = -np.diff(scores, prepend=initial)

    def _cut(self, n_stages):
        """Forget the stages after the first few; their history stays."""
        self.estimators_ = self.estimators_[:n_stages]
        self._steps = self._steps[:n_stages]
        self._columns = self._columns[:n_stages]
        self.train_score_ = self.train_score_[:n_stages]
        if hasattr(self, "oob_scores_"):
            self.oob_scores_ = self.oob_scores_[:n_stages]
            self.oob_improvement_ = self.oob_improvement_[:n_stages]
            self.oob_score_ = float(self.oob_scores_[-1])

    def _print(self, i, records, judge):
        line = f"Stage {i + 1}: training loss {records['train_loss'][-1]:.6f}"
        if judge is not None:
            line += (
                f", validation loss {judge.losses[-1]:.6f}, score "
                f"{judge.scores[-1]:.6f}"
            )
        print(line)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _rows(X, rows):
    return (X.tocsr() if issparse(X) else X)[rows]
