"""What fitted logistic models share: predictions, and looking up a path by C."""

from numbers import Real

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted

from sklreg._base import classes_of
from sklreg._validation import LinearClassifierMixin, SparseCoefMixin
from sklreg._warnings import warn
from sklreg.linear_model._base import check_offset, rows_to_predict
from sklreg.linear_model._fitted_path import FittedPath

_NOT_CONVERGED = (
    "Logistic regression did not converge within max_iter={max_iter} Newton steps. "
    "Increase the number of iterations, scale the data or strengthen the penalty. "
    "Duality gap: {gap:.3e}, tolerance: {goal:.3e}"
)
_SEPARATED = (
    "The classes are perfectly separated by what is not penalised (C=inf, or features "
    "with penalty_factor 0): the log loss has no minimum and the coefficients would "
    "grow without end. They are returned where the loss became negligible. Penalise "
    "them, or bound them with coef_bounds. Duality gap: {gap:.3e}"
)


def warn_of(fit, max_iter):
    """Warn when a fit has no finite optimum, or has not come close to it."""
    if fit.diverged:
        text = _SEPARATED.format(gap=fit.gap)
    elif fit.gap > fit.goal:
        text = _NOT_CONVERGED.format(max_iter=max_iter, gap=fit.gap, goal=fit.goal)
    else:
        return
    warn(text, ConvergenceWarning)


class FittedLogistic(SparseCoefMixin, LinearClassifierMixin, FittedPath):
    """Predictions from `coef_` and `intercept_`, and the path of a fit."""

    _has_offset = False
    # That of the rows a fold is scored on, which a scorer knows nothing of.
    _own_offset = None

    # -- predictions -------------------------------------------------------------------

    def decision_function(self, X, *, C=None, offset=None):
        """Return the scores of the samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        C : float, default=None
            Inverse strength of the penalty on the fitted path, see :meth:`coef_at`;
            None for the model's own.
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), \
                default=None
            Added to the scores: one column for two classes. Required where the model
            was fitted with an offset; zeros for none.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            ``X @ coef_.T + intercept_``: for two classes the log-odds of
            ``classes_[1]``.

        Raises
        ------
        ValueError
            If the model was fitted with an offset and `offset` is missing, if it has
            the wrong shape, or if the path does not reach as far as `C`.
        AttributeError
            If `C` is given and the path was not kept: fit with ``store_path=True``.
        """
        check_is_fitted(self)
        coef, intercept = self.coef_, self.intercept_
        if C is not None:
            coef, intercept = self.coef_at(C)
        offset = self._own_offset if offset is None else offset
        X = rows_to_predict(self, X, offset)
        scores = safe_sparse_dot(X, coef.T, dense_output=True) + intercept
        scores = scores.ravel() if scores.shape[1] == 1 else scores
        if offset is None:
            return scores
        return scores + check_offset(offset, scores.shape)

    def predict(self, X, *, C=None, offset=None):
        """Return the most probable class of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        C : float, default=None
            As in :meth:`decision_function`.
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), \
                default=None
            As in :meth:`decision_function`.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        return classes_of(self._scores(X, C, offset), self.classes_)

    def predict_proba(self, X, *, C=None, offset=None):
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        C : float, default=None
            As in :meth:`decision_function`.
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), \
                default=None
            As in :meth:`decision_function`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, columns in the order of `classes_`: the logistic function
            of the scores for two classes, their softmax for more.
        """
        scores = self._scores(X, C, offset)
        if scores.ndim == 1:
            return np.column_stack([expit(-scores), expit(scores)])
        return softmax(scores, axis=1)

    def predict_log_proba(self, X, *, C=None, offset=None):
        """Return the logarithms of the probabilities, finite however small these are.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        C : float, default=None
            As in :meth:`decision_function`.
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), \
                default=None
            As in :meth:`decision_function`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log-probabilities, columns in the order of `classes_`.
        """
        scores = self._scores(X, C, offset)
        if scores.ndim == 1:
            return np.column_stack([log_expit(-scores), log_expit(scores)])
        return log_softmax(scores, axis=1)

    def _scores(self, X, C, offset):
        # A subclass may have a decision function of its own, without these.
        given = {"C": C, "offset": offset}
        given = {name: value for name, value in given.items() if value is not None}
        return self.decision_function(X, **given)

    def score(self, X, y, sample_weight=None, *, offset=None):
        """Return the accuracy of the predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            True labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), \
                default=None
            As in :meth:`decision_function`.

        Returns
        -------
        float
            Share of the samples, by weight, whose label is predicted.
        """
        from sklearn.metrics import accuracy_score

        kwargs = {} if offset is None else {"offset": offset}
        return accuracy_score(y, self.predict(X, **kwargs), sample_weight=sample_weight)

    # -- the path ----------------------------------------------------------------------

    def _keep_fits(self, problem, Cs, fits, dtype):
        """Keep the solutions for increasing C as the path."""
        coefs = np.stack([fit.coef for fit in fits], axis=-1).astype(dtype)
        intercepts = np.stack([fit.intercept for fit in fits], axis=-1).astype(dtype)
        if problem.rows == 1:
            coefs, intercepts = coefs[0], intercepts[0]
        self._keep_path(
            1.0 / np.asarray(Cs, dtype=np.float64),
            coefs,
            intercepts,
            problem.explained(fits),
            np.array([fit.gap for fit in fits]),
        )
        self.path_Cs_ = np.array(Cs, dtype=np.float64)

    def _forget_path(self):
        super()._forget_path()
        vars(self).pop("path_Cs_", None)

    def coef_at(self, C):
        """Return the coefficients for any C on the fitted path.

        Between two values of the path the coefficients are interpolated linearly in
        1 / C, as R's glmnet does in its lambda.

        Parameters
        ----------
        C : float
            Inverse strength of the penalty, between the smallest and the largest of
            `path_Cs_`; smaller ones give the null model where the path starts with
            it.

        Returns
        -------
        coef : ndarray of shape (1, n_features) or (n_classes, n_features)
            Coefficients.
        intercept : ndarray of shape (1,) or (n_classes,)
            Intercepts.

        Raises
        ------
        ValueError
            If the path does not reach as far as `C`.
        AttributeError
            If the path was not kept: fit with ``store_path=True``.
        """
        self._need_path("coef_at")
        if not isinstance(C, Real) or not C > 0:
            raise ValueError(f"C must be a positive number; got {C!r}.")
        try:
            coef, intercept = super().coef_at(1.0 / C)
        except ValueError:
            raise ValueError(
                f"C={C:g} is not on the fitted path, which reaches from "
                f"{self.path_Cs_[0]:g} to {self.path_Cs_[-1]:g}."
            ) from None
        return np.atleast_2d(coef), np.atleast_1d(intercept)

    @property
    def path_table_(self):
        """The path as a data frame, a row for each C."""
        table = super().path_table_
        table.insert(0, "C", self.path_Cs_)
        return table
