"""Estimators fitted on mixed rows: mixup and CutMix for any estimator."""

import inspect

import numpy as np
from scipy import sparse
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    MetaEstimatorMixin,
    RegressorMixin,
    clone,
)
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from sklreg._base import DocLinkMixin
from sklreg._validation import (
    HasMethods,
    Integral,
    Interval,
    _fit_context,
    restored_on_error,
    validate_data,
)
from sklreg.augmentation._images import SHAPE, check_image_shape
from sklreg.augmentation._mixup import ALPHA, cut_pairs, mix_pairs
from sklreg.augmentation._target import check_one_label
from sklreg.mixing import mixup

_FLOATS = (np.float64, np.float32)


def _inner_has(method):
    def check(self):
        inner = getattr(self, "estimator_", self.estimator)
        getattr(inner, method)
        return True

    return check


class _MixedEstimator(DocLinkMixin, MetaEstimatorMixin, BaseEstimator):
    """Fit an estimator on mixed rows, predict with it on rows as they come."""

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict"])],
        "alpha": ALPHA,
        "n_copies": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Mix the rows and fit the estimator on them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Target.

        Returns
        -------
        self : estimator
            Fitted estimator.
        """
        with restored_on_error(self):
            self._fit(X, y)
        return self

    def predict(self, X):
        """Predict with the fitted estimator.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            Predictions.
        """
        X = self._check(X)
        return self.estimator_.predict(X)

    def _check(self, X):
        check_is_fitted(self)
        return validate_data(
            self, X, accept_sparse=self._sparse_formats(), dtype=_FLOATS, reset=False
        )

    def _sparse_formats(self):
        return ("csr", "csc") if self.__sklearn_tags__().input_tags.sparse else False

    def _fit_on(self, X, y, make_rows):
        """Split off what the estimator would, then fit it on the mixed rows."""
        rng = check_random_state(self.random_state)
        X, y, validation = _split_first(self.estimator, X, y, rng)
        X_new, y_new, weights = [], [], []
        for _ in range(self.n_copies):
            for part, target, weight in make_rows(X, y, rng):
                X_new.append(part)
                y_new.append(target)
                weights.append(weight)
        stack = sparse.vstack if sparse.issparse(X) else np.concatenate
        if weights[0] is not None:
            validation["sample_weight"] = np.concatenate(weights)
        self.estimator_ = clone(self.estimator)
        self.estimator_.fit(stack(X_new), np.concatenate(y_new), **validation)

    def _mix(self, X, rng):
        return mix_pairs(X, self.alpha, rng)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        return tags


def _split_first(estimator, X, y, rng):
    """Make the split for early stopping before rows are mixed.

    Twins on both sides of a split would tell the validation rows to the training.
    """
    stopping = getattr(estimator, "early_stopping", False)
    fraction = getattr(estimator, "validation_fraction", 0.1)
    if isinstance(stopping, str):  # HistGradientBoosting's "auto"
        stopping = X.shape[0] > 10_000
    if not stopping or fraction is None:
        return X, y, {}
    if "X_val" not in inspect.signature(estimator.fit).parameters:
        raise ValueError(
            f"{type(estimator).__name__} would split mixed rows for early stopping, so "
            "that parts of a row stand on both sides. Set early_stopping=False, or use "
            "an estimator whose fit takes X_val and y_val."
        )
    labels = y if isinstance(y[0], np.integer | str | np.bool_) else None
    X, X_val, y, y_val = train_test_split(
        X, y, test_size=fraction, random_state=rng, stratify=labels
    )
    return X, y, {"X_val": X_val, "y_val": y_val}


class _TwinClassifier(ClassifierMixin, _MixedEstimator):
    """Classifier fitted on each mixed row twice, once with either label."""

    def _fit(self, X, y):
        if not has_fit_parameter(self.estimator, "sample_weight"):
            raise ValueError(
                f"{type(self.estimator).__name__} takes no sample_weight, by which "
                "the two labels get their shares."
            )
        check_one_label(y)
        X, y = validate_data(
            self, X, y, accept_sparse=self._sparse_formats(), dtype=_FLOATS
        )
        check_classification_targets(y)
        self._prepare(X)
        self._fit_on(X, y, self._twins)
        self.classes_ = self.estimator_.classes_

    def _prepare(self, X):
        pass

    def _twins(self, X, y, rng):
        mixed, partners, weights = self._mix(X, rng)
        return [(mixed, y, weights), (mixed, y[partners], 1 - weights)]

    @available_if(_inner_has("predict_proba"))
    def predict_proba(self, X):
        """Predict class probabilities with the fitted estimator.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, columns as in `classes_`.
        """
        X = self._check(X)
        return self.estimator_.predict_proba(X)

    @available_if(_inner_has("decision_function"))
    def decision_function(self, X):
        """Return the decision values of the fitted estimator.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Decision values.
        """
        X = self._check(X)
        return self.estimator_.decision_function(X)


class MixupClassifier(_TwinClassifier):
    """Fit a classifier on mixed rows with both labels, weighted.

    Each mixed row ``w x_i + (1 - w) x_j`` stands in the training set twice, with label
    y_i and weight w and with label y_j and weight 1 - w. Any loss that is a weighted
    sum over rows then equals the loss on the soft label exactly.

    Parameters
    ----------
    estimator : estimator
        Classifier whose `fit` takes `sample_weight`.
    alpha : float, default=0.2
        Shape of the Beta(alpha, alpha) that w is drawn from, positive.
    n_copies : int, default=1
        Mixed rows for each row.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Attributes
    ----------
    estimator_ : estimator
        Fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        If the estimator takes no `sample_weight`, or if it splits its training rows for
        early stopping and its `fit` takes no `X_val`. Where it does, the split is made
        before the rows are mixed.

    See Also
    --------
    Mixup : Draw one label for each mixed row.

    References
    ----------
    Zhang, Cissé, Dauphin & Lopez-Paz (2018). mixup: Beyond Empirical Risk Minimization.
    International Conference on Learning Representations.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklreg.augmentation import MixupClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> inner = LogisticRegression(C=100, max_iter=1000)
    >>> model = MixupClassifier(inner, alpha=0.4, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.9)
    True
    """

    def __init__(self, estimator, *, alpha=0.2, n_copies=1, random_state=None):
        self.estimator = estimator
        self.alpha = alpha
        self.n_copies = n_copies
        self.random_state = random_state


class CutMixClassifier(_TwinClassifier):
    """Fit a classifier on patched images with both labels, weighted.

    As :class:`MixupClassifier`, with the images of :class:`CutMix`: the weights are the
    shares of the two images in the patched one.

    Parameters
    ----------
    estimator : estimator
        Classifier whose `fit` takes `sample_weight`.
    alpha : float, default=1.0
        Shape of the Beta(alpha, alpha) that the share is drawn from, positive.
    image_shape : tuple of int or None, default=None
        (H, W) or (H, W, C) of the image that a row holds in C order; None takes a row
        as one pixel high.
    n_copies : int, default=1
        Patched images for each image.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Attributes
    ----------
    estimator_ : estimator
        Fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    image_shape_ : tuple of int
        Shape used.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        As for :class:`MixupClassifier`, and if `image_shape` does not match the number
        of columns.

    See Also
    --------
    CutMix : Draw one label for each image.

    References
    ----------
    Yun, Han, Oh, Chun, Choe & Yoo (2019). CutMix: Regularization Strategy to Train
    Strong Classifiers with Localizable Features. International Conference on Computer
    Vision.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklreg.augmentation import CutMixClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = CutMixClassifier(
    ...     LogisticRegression(max_iter=1000), image_shape=(8, 8), random_state=0
    ... ).fit(X[:500] / 16, y[:500])
    >>> bool(model.score(X[500:] / 16, y[500:]) > 0.8)
    True
    """

    _parameter_constraints: dict = {
        **_MixedEstimator._parameter_constraints,
        "image_shape": SHAPE,
    }

    def __init__(
        self,
        estimator,
        *,
        alpha=1.0,
        image_shape=None,
        n_copies=1,
        random_state=None,
    ):
        self.estimator = estimator
        self.alpha = alpha
        self.image_shape = image_shape
        self.n_copies = n_copies
        self.random_state = random_state

    def _prepare(self, X):
        self.image_shape_ = check_image_shape(self.image_shape, X.shape[1])

    def _mix(self, X, rng):
        return cut_pairs(X, self.alpha, self.image_shape_, rng)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags


class MixupRegressor(RegressorMixin, _MixedEstimator):
    """Fit a regressor on mixed rows and mixed targets.

    A row becomes ``w x_i + (1 - w) x_j`` and its target ``w y_i + (1 - w) y_j``. For a
    squared loss that has the same minimum as two rows with weights w and 1 - w.

    Parameters
    ----------
    estimator : estimator
        Regressor.
    alpha : float, default=0.2
        Shape of the Beta(alpha, alpha) that w is drawn from, positive.
    n_copies : int, default=1
        Mixed rows for each row.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Attributes
    ----------
    estimator_ : estimator
        Fitted regressor.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        If the estimator splits its training rows for early stopping and its `fit` takes
        no `X_val`. Where it does, the split is made before the rows are mixed.

    See Also
    --------
    Mixup : The mixed rows themselves.

    References
    ----------
    Zhang, Cissé, Dauphin & Lopez-Paz (2018). mixup: Beyond Empirical Risk Minimization.
    International Conference on Learning Representations.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklreg.augmentation import MixupRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MixupRegressor(Ridge(0.1), random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.45)
    True
    """

    def __init__(self, estimator, *, alpha=0.2, n_copies=1, random_state=None):
        self.estimator = estimator
        self.alpha = alpha
        self.n_copies = n_copies
        self.random_state = random_state

    def _fit(self, X, y):
        check_one_label(y)
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=self._sparse_formats(),
            dtype=_FLOATS,
            y_numeric=True,
        )
        self._fit_on(X, y, self._rows)

    def _rows(self, X, y, rng):
        mixed, partners, weights = self._mix(X, rng)
        return [(mixed, mixup(np.asarray(y, np.float64), partners, weights), None)]
