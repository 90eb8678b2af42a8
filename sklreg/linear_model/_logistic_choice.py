"""What happens between the folds and the final model of a cross-validated one."""

from numbers import Integral

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import process_routing

from sklreg._validation import _routing_enabled
from sklreg._warnings import warn
from sklreg.linear_model._logistic import LogisticRegression
from sklreg.linear_model._logistic_fitted import warn_of
from sklreg.linear_model._logistic_path import given_values
from sklreg.linear_model._logistic_problem import Fit
from sklreg.linear_model._selection import choose


class LogisticFolds(LogisticRegression):
    """Folds, what they are warned of, the choice, and the attributes that hold them."""

    def _legacy(self):
        """Return whether attributes have their old shapes; warn of what will change."""
        if self.scoring == "warn":
            warn(
                "The default value of the parameter 'scoring' will change from None, "
                "i.e. accuracy, to 'neg_log_loss' in version 1.11. To silence this "
                "warning, explicitly set the scoring parameter: "
                "scoring='neg_log_loss' for the new, scoring='accuracy' or "
                "scoring=None for the old default.",
                FutureWarning,
            )
        if self.use_legacy_attributes != "warn":
            return self.use_legacy_attributes
        warn(
            "The default value of use_legacy_attributes will change from True to False "
            f"in scikit-learn 1.10. The fitted attributes of {type(self).__name__} "
            "will be simplified to remove redundancy. Set it to False to have the new "
            "ones now, or to True to keep the old ones without this warning.",
            FutureWarning,
        )
        return True

    def _check_together(self):
        if not self.refit:
            for name, default in (("selection_rule", "min"), ("store_path", False)):
                if getattr(self, name) != default:
                    raise ValueError(
                        f"{name}={getattr(self, name)!r} needs refit=True."
                    )

    def _check_class_weight(self, y):
        if isinstance(self.class_weight, dict):
            labels = np.unique(y)
            if not set(self.class_weight) <= set(labels):
                raise ValueError(
                    "The given class_weight dict must have the class labels as keys; "
                    f"classes={labels.tolist()} but key={list(self.class_weight)}"
                )

    def _grid(self):
        if isinstance(self.Cs, Integral):
            return np.logspace(-4, 4, self.Cs)
        return given_values(self.Cs, "Cs")

    def _routed(self, weights, params):
        """Return what goes to the splitter and to the scorer."""
        if _routing_enabled():
            return process_routing(self, "fit", sample_weight=weights, **params)
        score = {} if weights is None else {"sample_weight": weights}
        return Bunch(splitter=Bunch(split={}), scorer=Bunch(score={**params, **score}))

    def _folds(self, X, y, weights, split_params):
        """Return the splits as a list, each with weight among its training rows."""
        folds = list(check_cv(self.cv, y, classifier=True).split(X, y, **split_params))
        for k, (train, test) in enumerate(folds):
            for side, rows in (("training", train), ("test", test)):
                if not np.size(rows):
                    raise ValueError(f"cv leaves fold {k} without {side} rows.")
            if not weights[train].any():
                raise ValueError(
                    f"sample_weight is 0 on all training rows of fold {k}."
                )
        return folds

    def _warn_of_folds(self, paths, classes):
        """Warn of classes that folds lack, and of fits that stopped too early."""
        for k, path in enumerate(paths):
            if path.absent.any():
                labels = classes[path.absent].tolist()
                lacking = ", ".join(repr(label) for label in labels)
                warn(
                    f"The training rows of fold {k} have no weight in class {lacking}, "
                    "which is never predicted there. Stratified folds keep every class "
                    "in every fold.",
                )
        gaps = np.array([path.gaps for path in paths])
        goals = np.array([path.goals for path in paths])
        short = gaps > goals
        if short.any():
            worst = np.max(gaps[short] / np.maximum(goals[short], 1e-300))
            warn(
                f"Logistic regression did not converge in {short.sum()} of "
                f"{short.size} fits on folds; the largest duality gap is {worst:.1e} "
                "times its tolerance. You might want to increase the number of "
                "iterations, scale the features or strengthen the penalty.",
                ConvergenceWarning,
            )

    # -- the choice --------------------------------------------------------------------

    def _refit(self, problem, paths, Cs, l1_ratios, options, dtype):
        """Choose by the mean score and fit all the data."""
        scores = np.array([path.scores for path in paths])
        mean = np.where(np.isnan(scores), -np.inf, scores).mean(axis=0)
        # Of several as good, the first C, as in scikit-learn.
        place, best = np.unravel_index(np.argmax(mean.T), mean.T.shape)
        order = np.argsort(Cs, kind="stable")
        choice = choose(self.selection_rule, -scores[:, best, order].T, Cs[order])
        if self.selection_rule != "min":
            place = order[choice.chosen]
        C, l1_ratio = float(Cs[place]), float(l1_ratios[best])
        self.C_min_ = float(Cs[order[choice.least]])
        self.C_1se_ = float(Cs[order[choice.within]])
        # From the start, as LogisticRegression does: the same model, not a near one.
        start = None
        if self.store_path:
            grid = np.unique(Cs)
            fits = problem.path(grid, l1_ratio, **options)
            self._keep_fits(problem, grid, fits, dtype)
            start = fits[int(np.searchsorted(grid, C))]
        fit = problem.solve(C, l1_ratio, start, **options)
        warn_of(fit, self.max_iter)
        self._take(fit, dtype)
        self.C_, self.l1_ratio_ = C, l1_ratio

    def _average(self, paths, Cs, l1_ratios, dtype):
        """Average what is best in each fold."""
        fits, penalties = [], []
        for path in paths:
            scores = np.where(np.isnan(path.scores), -np.inf, path.scores).T
            place, best = np.unravel_index(np.argmax(scores), scores.shape)
            penalties.append((Cs[place], l1_ratios[best]))
            fits.append(
                Fit(
                    path.coefs[best, place],
                    path.intercepts[best, place],
                    path.gaps[best, place],
                    path.goals[best, place],
                    path.n_iter[best, place],
                )
            )
        mean = Fit(
            np.mean([fit.coef for fit in fits], axis=0),
            np.mean([fit.intercept for fit in fits], axis=0),
            gap=max(fit.gap for fit in fits),
            goal=0.0,
            n_iter=0,
        )
        self._take(mean, dtype)
        self.C_, self.l1_ratio_ = map(float, np.mean(penalties, axis=0))

    def _store_folds(self, paths, given, legacy, dtype):
        """Set the attributes over folds, in the shapes that were asked for."""
        # (n_folds, n_l1_ratios, n_Cs, n_classes, n_dof)
        coefs = np.array([path.coefs for path in paths])
        if self.fit_intercept:
            intercepts = np.array([path.intercepts for path in paths])
            coefs = np.concatenate([coefs, intercepts[..., None]], axis=-1)
        coefs = coefs.astype(dtype, copy=False)
        scores = np.array([path.scores for path in paths])
        n_iter = np.array([path.n_iter for path in paths])
        if not legacy:
            self.coefs_paths_, self.scores_, self.n_iter_ = coefs, scores, n_iter
            return
        coefs = np.swapaxes(coefs, 1, 2)
        scores, n_iter = np.swapaxes(scores, 1, 2), np.swapaxes(n_iter, 1, 2)
        if not given:
            coefs, scores, n_iter = coefs[:, :, 0], scores[:, :, 0], n_iter[:, :, 0]
        labels = self.classes_ if coefs.shape[-2] > 1 else self.classes_[1:]
        self.coefs_paths_ = {c: coefs[..., k, :] for k, c in enumerate(labels)}
        self.scores_ = {c: scores.copy() for c in labels}
        self.n_iter_ = n_iter[None]
        self.C_ = np.full(len(labels), self.C_)
        self.l1_ratio_ = np.full(len(labels), self.l1_ratio_)
