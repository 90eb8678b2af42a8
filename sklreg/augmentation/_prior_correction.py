"""Probabilities calibrated to the prior that over-sampling changed."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from sklreg._base import DocLinkMixin
from sklreg._validation import (
    HasMethods,
    _fit_context,
    restored_on_error,
    validate_data,
)
from sklreg.augmentation._random_over_sampler import RandomOverSampler
from sklreg.augmentation._target import check_one_label


class PriorCorrectedClassifier(
    DocLinkMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator
):
    """Fit a classifier on resampled rows, and give probabilities for the true prior.

    Resampling changes the share of each class from ``π_k`` to ``π'_k`` and with it what
    a classifier takes for probable. If rows of a class are still distributed alike,
    ``P(k | x) ∝ P'(k | x) π_k / π'_k`` undoes that exactly.

    Parameters
    ----------
    estimator : estimator
        Classifier with `predict_proba`, or a pipeline that ends in one.
    sampler : sampler or None, default=None
        Object with `fit_resample`; None is :class:`RandomOverSampler`.
    class_prior : array-like of shape (n_classes,) or None, default=None
        Prior to correct to, positive and of sum 1, in the order of the sorted labels;
        None is the share of each class in `y`.
    random_state : int, RandomState instance or None, default=None
        Source of randomness of the default sampler.

    Attributes
    ----------
    estimator_ : estimator
        Classifier fitted on the resampled rows.
    sampler_ : sampler
        Fitted sampler.
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    class_prior_ : ndarray of shape (n_classes,)
        Prior corrected to.
    resampled_prior_ : ndarray of shape (n_classes,)
        Share of each class after resampling.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        If `class_prior` does not fit the classes, or if `y` has one class.

    Notes
    -----
    Class shares of SMOTE's rows are known but their distribution is only near that of
    the class, so that the correction is approximate there, as any is.

    References
    ----------
    Elkan (2001). The Foundations of Cost-Sensitive Learning. International Joint
    Conference on Artificial Intelligence.

    Saerens, Latinne & Decaestecker (2002). Adjusting the Outputs of a Classifier to New
    a Priori Probabilities. Neural Computation 14(1), 21-41.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklreg.augmentation import PriorCorrectedClassifier, SMOTE
    >>> X, y = make_classification(1000, weights=[0.9], random_state=0)
    >>> model = PriorCorrectedClassifier(
    ...     LogisticRegression(), sampler=SMOTE(random_state=0)
    ... ).fit(X, y)
    >>> print(round(y.mean(), 2), round(model.predict_proba(X)[:, 1].mean(), 2))
    0.1 0.1
    >>> print(round(model.estimator_.predict_proba(X)[:, 1].mean(), 2))
    0.14
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "sampler": [HasMethods(["fit_resample"]), None],
        "class_prior": ["array-like", None],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator, *, sampler=None, class_prior=None, random_state=None):
        self.estimator = estimator
        self.sampler = sampler
        self.class_prior = class_prior
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Resample the rows and fit the classifier on them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Class labels.

        Returns
        -------
        self : PriorCorrectedClassifier
            Fitted classifier.
        """
        with restored_on_error(self):
            self._fit(X, y)
        return self

    def _fit(self, X, y):
        check_one_label(y)
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], dtype=(np.float64, np.float32)
        )
        check_classification_targets(y)
        self.classes_, counts = np.unique(y, return_counts=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "Classifier can't train when only one class is present: "
                f"{self.classes_[0]!r}."
            )
        self.class_prior_ = self._check_prior(counts / counts.sum())
        if self.sampler is None:
            self.sampler_ = RandomOverSampler(random_state=self.random_state)
        else:
            self.sampler_ = clone(self.sampler)
        X_resampled, y_resampled = self.sampler_.fit_resample(X, y)
        self.estimator_ = clone(self.estimator).fit(X_resampled, y_resampled)
        position = np.searchsorted(self.classes_, y_resampled)
        counts = np.bincount(position, minlength=len(self.classes_))
        self.resampled_prior_ = counts / counts.sum()

    def _check_prior(self, shares):
        if self.class_prior is None:
            return shares
        prior = np.asarray(self.class_prior, dtype=np.float64)
        if prior.shape != shares.shape or not np.all(prior > 0):
            raise ValueError(
                f"class_prior must hold {len(shares)} positive shares, one a class, "
                f"got {self.class_prior!r}."
            )
        if not np.isclose(prior.sum(), 1.0):
            raise ValueError(f"class_prior must sum to 1, got {prior.sum()}.")
        return prior

    def predict_proba(self, X):
        """Return probabilities for the true prior.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, columns as in `classes_`.
        """
        check_is_fitted(self)
        X = validate_data(
            self,
            X,
            accept_sparse=["csr", "csc"],
            dtype=(np.float64, np.float32),
            reset=False,
        )
        weights = self.class_prior_ / self.resampled_prior_
        corrected = self.estimator_.predict_proba(X) * weights
        return corrected / corrected.sum(axis=1, keepdims=True)

    def predict(self, X):
        """Return the most probable class under the true prior.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            Class labels.
        """
        probability = self.predict_proba(X)
        return self.classes_[np.argmax(probability, axis=1)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        return tags
