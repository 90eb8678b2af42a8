"""Gradient boosting for classification."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets

from sklreg._base import classes_of
from sklreg._validation import StrOptions, _fit_context
from sklreg.ensemble._boosting import BaseBoosting
from sklreg.ensemble._objective import CLASSIFICATION, ClassificationObjective


def _estimates_probabilities(estimator):
    if estimator.loss in ("log_loss", "modified_huber"):
        return True
    raise AttributeError(f"loss={estimator.loss!r} gives no probabilities.")


class GradientBoostingClassifier(ClassifierMixin, BaseBoosting):
    """Regressors fitted one after the other, each to what the loss still wants.

    The model is ``F(x) = F_0 + learning_rate * sum_m rho_m f_m(x)``, log-odds or
    margins, with one column for two classes and one for each class of more. Stage m
    fits a regressor f_m for each column to the negative gradient of
    ``sum_i s_i * loss(y_i, F(x_i))`` at the model so far, with the sample weights `s`
    [1]_. Small steps lower the bias a little at a time, and early stopping ends them
    before the variance grows: the stages after the best one on the validation rows are
    cut off.

    Parameters
    ----------
    loss : {'log_loss', 'hinge', 'squared_hinge', 'modified_huber'}, \
            default='log_loss'
        The loss, of :data:`sklreg.losses.LOSSES`. With more than two classes
        'log_loss' is multinomial, the others set each class against the rest.
    learning_rate : float, default=0.1
        Part of each step that is taken. Smaller ones need more stages and overfit
        later.
    n_estimators : int, default=100
        Number of stages; with early stopping the largest number.
    subsample : float, default=1.0
        Share of the rows drawn, without replacement, for each stage.
    criterion : {'squared_error'}, default="deprecated"
        Of the default tree. There is one only; "friedman_mse" means the same.
    min_samples_split : int or float, default=2
        Of the default tree.
    min_samples_leaf : int or float, default=1
        Of the default tree.
    min_weight_fraction_leaf : float, default=0.0
        Of the default tree.
    max_depth : int or None, default=3
        Of the default tree.
    min_impurity_decrease : float, default=0.0
        Of the default tree.
    init : estimator or 'zero', default=None
        What predicts before the first stage. None is the best constant.
    random_state : int, RandomState instance or None, default=None
        Draws rows and features, seeds the regressors and cuts the validation set.
    max_features : {'sqrt', 'log2'}, int or float, default=None
        Features that the default tree looks at for each split; that any other
        `estimator` is shown, drawn for each stage. None is all of them.
    verbose : int, default=0
        Whether to print a line for each stage.
    max_leaf_nodes : int, default=None
        Of the default tree.
    warm_start : bool, default=False
        Whether to keep the stages of the previous fit and add more, up to
        `n_estimators`.
    validation_fraction : float, default=0.1
        Share of the rows held out for early stopping.
    n_iter_no_change : int, default=None
        Early stopping: the fit ends once the validation score has not risen by `tol`
        for this many stages in a row. None fits all stages.
    tol : float, default=1e-4
        What counts as a rise.
    ccp_alpha : float, default=0.0
        Of the default tree.
    estimator : object, default=None
        The regressor of a stage, fitted to the negative gradient. None is a
        :class:`~sklearn.tree.DecisionTreeRegressor` with the parameters above.
    early_stopping_scoring : str, callable or None, default='loss'
        What the validation rows are scored by, the higher the better: 'loss' is the
        negative loss, None the estimator's own ``score``.
    validation_split : splitter or iterable, default=None
        Cuts the validation rows instead of a random split; its first pair is used.
    restore_best : bool, default=True
        Whether early stopping cuts the model at its best stage. False keeps the
        stages fitted while it waited.

    Attributes
    ----------
    estimators_ : ndarray of shape (n_stages, n_columns)
        The regressors.
    n_estimators_ : int
        Number of stages kept.
    n_trees_per_iteration_ : int
        Regressors of a stage, one for each column of raw predictions.
    init_ : estimator or 'zero'
        What predicts before the first stage.
    train_score_ : ndarray of shape (n_stages,)
        Training loss after each stage, on the rows drawn for it; twice the loss where
        this has a half, as scikit-learn counts it.
    history_ : dict of ndarray
        For every stage fitted, those cut off as well: 'train_loss', 'seconds' and,
        with validation rows, 'validation_loss' and 'validation_score'.
    best_stage_ : int
        With early stopping: the stage with the best validation score, from 1.
    best_score_ : float
        Its score.
    stop_reason_ : str
        'n_estimators', 'early_stopping', 'monitor' or 'callback'.
    oob_improvement_, oob_scores_ : ndarray of shape (n_stages,)
        With ``subsample < 1``: loss on the rows not drawn, and how much each stage
        lowered it.
    oob_score_ : float
        The last of `oob_scores_`.
    feature_importances_ : ndarray of shape (n_features,)
        Importances with sum 1: of trees, by impurity; of linear members, by summed
        absolute coefficients.
    coef_path_ : ndarray of shape (n_features, n_stages)
        For linear members and one column: coefficients after each stage.
    max_features_ : int
        Number of features that `max_features` stands for.
    classes_ : ndarray of shape (n_classes,)
        Labels of the classes.
    n_classes_ : int
        Number of classes.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    GradientBoostingRegressor : The same for regression.
    BaggingClassifier : Members fitted side by side.

    Notes
    -----
    Leaves of a tree get the value that the loss wants there, for 'log_loss' by
    one step of Newton's method. Any
    other regressor is multiplied by the step that lowers the loss most.
    Either is then multiplied by `learning_rate`.

    References
    ----------
    .. [1] J. Friedman (2001). Greedy function approximation: a gradient boosting
       machine. Ann. Statist. 29(5).
    .. [2] J. Friedman (2002). Stochastic gradient boosting. Comput. Stat. Data Anal.
       38(4).

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import train_test_split
    >>> from sklreg.ensemble import GradientBoostingClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X, X_val, y, y_val = train_test_split(X, y, random_state=0)
    >>> model = GradientBoostingClassifier(
    ...     max_depth=1, n_iter_no_change=5, tol=0.0, random_state=0
    ... ).fit(X, y, X_val=X_val, y_val=y_val)
    >>> bool(model.best_score_ == max(model.history_["validation_score"]))
    True
    >>> bool(model.score(X_val, y_val) > 0.9)
    True
    """

    _parameter_constraints: dict = {
        **BaseBoosting._parameter_constraints,
        "loss": [StrOptions(set(CLASSIFICATION))],
    }
    # scikit-learn's class has this attribute too, without a use for it
    alpha = 0.9

    def __init__(
        self,
        *,
        loss="log_loss",
        learning_rate=0.1,
        n_estimators=100,
        subsample=1.0,
        criterion="deprecated",
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_depth=3,
        min_impurity_decrease=0.0,
        init=None,
        random_state=None,
        max_features=None,
        verbose=0,
        max_leaf_nodes=None,
        warm_start=False,
        validation_fraction=0.1,
        n_iter_no_change=None,
        tol=1e-4,
        ccp_alpha=0.0,
        estimator=None,
        early_stopping_scoring="loss",
        validation_split=None,
        restore_best=True,
    ):
        self.loss = loss
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.subsample = subsample
        self.criterion = criterion
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_depth = max_depth
        self.min_impurity_decrease = min_impurity_decrease
        self.init = init
        self.random_state = random_state
        self.max_features = max_features
        self.verbose = verbose
        self.max_leaf_nodes = max_leaf_nodes
        self.warm_start = warm_start
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.ccp_alpha = ccp_alpha
        self.estimator = estimator
        self.early_stopping_scoring = early_stopping_scoring
        self.validation_split = validation_split
        self.restore_best = restore_best

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        monitor=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Fit the stages, one after the other.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,)
            Labels of the classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the samples.
        monitor : callable, default=None
            Called after each stage as ``monitor(i, self, state)``; the fit ends if it
            returns True.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation rows of your own. Without `n_iter_no_change` they give the
            validation curves of `history_` and change nothing else.
        y_val : array-like of shape (n_val,), default=None
            Their targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If weights are given that the regressor does not take, if parameters of
            the default tree are set beside `estimator`, or if data are not finite or
            do not match.
        """
        return self._fit(
            X, y, sample_weight, monitor, (X_val, y_val, sample_weight_val)
        )

    def _validate_target(self, y, sample_weight):
        check_classification_targets(y)
        classes = np.unique(y)
        if len(classes) < 2:
            raise ValueError(
                f"y holds one class only, {classes.tolist()}: a classifier needs two."
            )
        weighted = np.unique(y[sample_weight > 0])
        if len(weighted) < 2:
            raise ValueError(
                f"y contains {len(weighted)} class after sample_weight trimmed classes "
                "with zero weights, while a minimum of 2 classes are required."
            )
        if self.warm_start and hasattr(self, "estimators_"):
            if not np.array_equal(classes, self.classes_):
                raise ValueError(
                    f"warm_start=True goes on with the classes "
                    f"{self.classes_.tolist()}; y holds {classes.tolist()}."
                )
        self.classes_, self.n_classes_ = classes, len(classes)
        return y

    def _codes(self, y):
        return np.searchsorted(self.classes_, y)

    def _make_objective(self):
        return ClassificationObjective(self.loss, self.n_classes_)

    def _dummy(self, y, sample_weight):
        prior = DummyClassifier(strategy="prior")
        return prior.fit(np.zeros((len(y), 1)), y, sample_weight)

    def _initial_raw(self, X):
        if not hasattr(self.init_, "predict_proba"):
            raise ValueError(
                f"init={type(self.init_).__name__} must have predict_proba to start a "
                "classifier."
            )
        return self._objective.link(self.init_.predict_proba(X))

    def _labels(self, raw):
        return classes_of(raw, self.classes_)

    def decision_function(self, X):
        """Return the raw predictions: log-odds or margins.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Raw predictions; positive for ``classes_[1]`` with two classes.
        """
        return self._scores_of(X).copy()

    def staged_decision_function(self, X):
        """Return the raw predictions after each stage.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Yields
        ------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Raw predictions.
        """
        for raw in self._staged_raw(self._rows_to_predict(X)):
            yield raw.copy()

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        return self._labels(self._scores_of(X))

    def staged_predict(self, X):
        """Predict classes after each stage.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Yields
        ------
        ndarray of shape (n_samples,)
            Labels.
        """
        for raw in self._staged_raw(self._rows_to_predict(X)):
            yield self._labels(raw)

    @available_if(_estimates_probabilities)
    def predict_proba(self, X):
        """Predict probabilities, for losses that estimate them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of ``classes_``.
        """
        raw = self._scores_of(X)
        return self._objective.probabilities(raw)

    @available_if(_estimates_probabilities)
    def predict_log_proba(self, X):
        """Predict logarithms of the probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Logarithms, in the order of ``classes_``.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @available_if(_estimates_probabilities)
    def staged_predict_proba(self, X):
        """Predict probabilities after each stage.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Yields
        ------
        ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of ``classes_``.
        """
        for raw in self._staged_raw(self._rows_to_predict(X)):
            yield self._objective.probabilities(raw)
