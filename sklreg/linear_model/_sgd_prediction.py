"""From linear scores to classes and probabilities."""

import numpy as np
from scipy.special import expit
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklreg._base import classes_of
from sklreg._validation import validate_data


def _gives_probabilities(estimator):
    if estimator.loss not in ("log_loss", "modified_huber"):
        raise AttributeError(
            f"probability estimates are not available for loss={estimator.loss!r}"
        )
    return True


class SGDPrediction:
    """Prediction of classes from ``coef_``, ``intercept_`` and the loss."""

    def decision_function(self, X):
        """Return the signed score of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            ``X @ coef_.T + intercept_``: for two classes the score of ``classes_[1]``.
        """
        check_is_fitted(self)
        X = validate_data(
            self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False
        )
        scores = X @ self.coef_.T
        scores = scores.toarray() if hasattr(scores, "toarray") else scores
        scores = scores + self.intercept_
        return scores.ravel() if scores.shape[1] == 1 else scores

    def predict(self, X):
        """Return the class of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        return classes_of(self.decision_function(X), self.classes_)

    @available_if(_gives_probabilities)
    def predict_proba(self, X):
        """Return the probability of each class.

        Only for the losses 'log_loss', by the logistic function of the scores, and
        'modified_huber', by ``(clip(score, -1, 1) + 1) / 2`` (Zhang, 2004). Over
        several classes they are divided by their sum (Zadrozny & Elkan, 2002).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, columns in the order of `classes_`.
        """
        scores = self.decision_function(X)
        if self.loss == "log_loss":
            positive = expit(scores)
        else:
            positive = (np.clip(scores, -1, 1) + 1) / 2
        if positive.ndim == 1:
            return np.column_stack([1 - positive, positive])
        total = positive.sum(axis=1, keepdims=True)
        # no class wants the sample: all alike
        positive = np.where(total == 0, 1.0, positive).astype(scores.dtype, copy=False)
        return positive / positive.sum(axis=1, keepdims=True)

    @available_if(_gives_probabilities)
    def predict_log_proba(self, X):
        """Return the logarithms of the probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log-probabilities; 'modified_huber' gives -inf for a probability of 0.
        """
        return np.log(self.predict_proba(X))
