"""Linear classifiers fitted by stochastic gradient descent."""

from numbers import Integral

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from sklreg._validation import (
    StrOptions,
    _check_partial_fit_first_call,
    _fit_context,
    restored_on_error,
)
from sklreg.linear_model._sgd_base import MAX_INT, BaseSGD
from sklreg.linear_model._sgd_parameters import loss_table
from sklreg.linear_model._sgd_prediction import SGDPrediction


class SGDClassifier(SGDPrediction, ClassifierMixin, BaseSGD):
    r"""Linear classifier (SVM, logistic regression, ...) fitted by stochastic descent.

    Minimises

    .. math:: \frac1n \sum_{i=1}^n s_i\, L(y_i, x_i^\top w + b)
              + \alpha \left(\frac{1-\rho}{2} \|w\|_2^2 + \rho \|w\|_1\right)

    over weights w and an intercept b, one step along the slope of one sample (or batch)
    at a time. s are sample weights, :math:`\rho` is 0 for the penalty 'l2', 1 for 'l1'
    and `l1_ratio` for 'elasticnet'. Scale the features first: steps are the same for
    all of them.
    Several classes are fitted one versus all.

    Parameters
    ----------
    loss : str, default='hinge'
        'hinge' (linear SVM), 'log_loss' (logistic regression), 'modified_huber',
        'squared_hinge', 'perceptron', or a regression loss: 'squared_error', 'huber',
        'epsilon_insensitive', 'squared_epsilon_insensitive'.
    penalty : {'l2', 'l1', 'elasticnet'} or None, default='l2'
        Penalty of the weights; the intercept has none. 'l1' and 'elasticnet' set
        weights to exactly zero, by the truncated gradient of [2]_.
    alpha : float, default=0.0001
        Strength of the penalty, 0 or more; the 'optimal' learning rate needs it too.
    l1_ratio : float or None, default=0.15
        Share of the L1 penalty in 'elasticnet', in [0, 1]. May be None otherwise.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    max_iter : int, default=1000
        Largest number of epochs (passes over the training data) of `fit`.
    tol : float or None, default=1e-3
        Stop when for `n_iter_no_change` epochs in a row the training objective has not
        come `tol` below its best or, with `early_stopping`, the validation score
        `tol` above its. None to do all `max_iter` epochs.
    shuffle : bool, default=True
        Whether to visit the rows in a new order every epoch.
    verbose : int, default=0
        Print a line after every epoch if not 0.
    epsilon : float, default=0.1
        Where the 'huber' loss turns linear, and the error that the
        epsilon-insensitive losses do not count.
    n_jobs : int or None, default=None
        Threads that fit the classes of a multiclass problem.
    random_state : int, RandomState instance or None, default=None
        Draws the order of the rows, the validation set and all noise.
    learning_rate : str, default='optimal'
        Step size `eta` of update `t`:

        - 'constant': ``eta0``.
        - 'optimal': ``1 / (alpha * (t + t0))``, with t0 from a heuristic of Bottou.
        - 'invscaling': ``eta0 / t**power_t``.
        - 'adaptive': `eta0`, divided by 5 whenever training or validation stalls as
          told by `tol`, until it falls below 1e-6.
        - 'pa1', 'pa2': passive-aggressive [3]_, only with ``loss='hinge'``; `eta0`
          is its aggressiveness C. 'pa1' steps by ``min(eta0, loss / ||x||**2)``, 'pa2'
          by ``loss / (||x||**2 + 1 / (2 * eta0))``.
    eta0 : float, default=0.01
        Initial learning rate, positive.
    power_t : float, default=0.5
        Exponent of 'invscaling'.
    early_stopping : bool, default=False
        Whether to keep part of the data, or `X_val` of `fit`, for validation and stop
        when the validation score no longer improves. Several classes stop together,
        by the score of the whole classifier; scikit-learn stops each by itself.
    validation_fraction : float, default=0.1
        Share of the data that is kept for validation, stratified by class.
    n_iter_no_change : int, default=5
        Epochs without improvement to wait for before stopping.
    class_weight : dict, 'balanced' or None, default=None
        Weights of the classes, ``{label: weight}``; 'balanced' for weights inversely
        proportional to the classes' frequencies.
    warm_start : bool, default=False
        Start `fit` from the weights of the last fit.
    average : bool or int, default=False
        Return the average of the weights over all updates [1]_. With an int, averaging
        begins once so many updates have been made.
    restore_best : bool, default=True
        With `early_stopping`, return the weights of the epoch with the best validation
        score. scikit-learn returns those of the last epoch: pass False for that.
    early_stopping_scoring : str, callable or None, default=None
        What the validation set is scored with, the higher the better: the name of a
        scorer or a ``scorer(estimator, X, y)``; None for `score`; 'loss' for minus the
        mean loss.
    validation_split : splitter or iterable, default=None
        How to keep rows for validation instead of `validation_fraction`: a splitter
        such as `TimeSeriesSplit`, or (train, validation) index arrays such as
        ``list(GroupShuffleSplit(1).split(X, y, groups))``. Its first pair is used; rows
        in neither are left out.
    max_norm : float or None, default=None
        Largest Euclidean norm of the weights of each class: after every update they are
        scaled back to it (Srebro et al., 2005). The intercept is not counted.
    weight_noise : float or (str, float), default=0.0
        Noise added to the weights for the computation of each step's slope, and taken
        away before the step. A standard deviation, or a kind ('gaussian', 'uniform',
        'laplace') and the scale that :mod:`sklreg.noise` gives it.
    gradient_noise : float or (str, float), default=0.0
        Noise added to the slope of each step, likewise.
    input_noise : float or (str, float), default=0.0
        Noise added to each row whenever it is visited, of any kind in
        :mod:`sklreg.noise`. Sparse rows are made dense for it, block by block.
        'salt_and_pepper' takes its extremes from the rows of a block.
    input_dropout : float, default=0.0
        Fraction of the features **dropped** (set to zero) at each visit of a row, in
        [0, 1); those kept are divided by ``1 - input_dropout``.
    momentum : float, default=0.0
        Share of the last step that is repeated, in [0, 1).
    nesterov : bool, default=False
        Whether the momentum is Nesterov's.
    batch_size : int, default=1
        Rows a step: the slope is their mean.
    optimizer : {'sgd', 'adam'}, default='sgd'
        How the slope becomes a step. 'adam' scales it by its running moments; the
        penalty stays outside (decoupled weight decay). It wants a small rate, such as
        ``learning_rate='constant', eta0=0.001``.

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Weights; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts.
    classes_ : ndarray of shape (n_classes,)
        Labels.
    n_iter_ : int
        Epochs done, the most over the classes.
    t_ : float
        Updates done, plus one.
    history_ : dict of str to ndarray
        Curves of `fit` with one entry an epoch: 'epoch', 'train_loss' (mean over the
        epoch, of the loss before each step, without penalty), 'learning_rate',
        'coef_norm', 'seconds'; with validation data 'validation_loss' and
        'validation_score'; with `max_norm` 'largest_norm', the largest after any
        update. Over several classes losses are means, norms are taken together and
        seconds are summed.
    best_epoch_ : int
        Epoch, counted from 1, with the best validation score. With `early_stopping`.
    best_score_ : float
        That score. With `early_stopping`.
    stop_reason_ : {'max_iter', 'training_loss', 'early_stopping', 'callback'}
        Why `fit` stopped: after all epochs, since the training objective or the
        validation score no longer improved, or since a callback said so.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if `X` had string column names.

    See Also
    --------
    SGDRegressor : The same for regression.

    Notes
    -----
    With the same parameters and seed the weights are those of scikit-learn's class of
    this name, but for three differences. With `early_stopping` scikit-learn returns the
    last epoch, not the best; over several classes it stops each binary problem by its
    own score, while here all run to the same epoch and the score is that of the whole
    classifier. At each `partial_fit` it starts the accounts of the L1 penalty anew;
    here they go on, so that chunks give what one pass in their order gives; with
    `batch_size` above 1 that needs chunks of whole batches.

    For float32 data the weights are float32, but they are computed in float64.

    References
    ----------
    .. [1] Bottou, L. (2012). Stochastic Gradient Descent Tricks. In Neural Networks:
       Tricks of the Trade.
    .. [2] Tsuruoka, Y., Tsujii, J. & Ananiadou, S. (2009). Stochastic gradient descent
       training for L1-regularized log-linear models with cumulative penalty. ACL.
    .. [3] Crammer, K. et al. (2006). Online Passive-Aggressive Algorithms. JMLR 7.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklreg.linear_model import SGDClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> sgd = SGDClassifier(early_stopping=True, max_norm=5.0, random_state=0)
    >>> model = make_pipeline(StandardScaler(), sgd).fit(X, y)
    >>> sgd.stop_reason_
    'early_stopping'
    >>> bool(sgd.best_score_ == max(sgd.history_["validation_score"]))
    True
    """

    _passive_aggressive_loss = "hinge"
    loss_functions = loss_table(
        "hinge",
        "squared_hinge",
        "perceptron",
        "log_loss",
        "modified_huber",
        "squared_error",
        "huber",
        "epsilon_insensitive",
        "squared_epsilon_insensitive",
    )
    _parameter_constraints: dict = {
        **BaseSGD._parameter_constraints,
        "loss": [StrOptions(set(loss_functions))],
        "n_jobs": [Integral, None],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    def __init__(
        self,
        loss="hinge",
        *,
        penalty="l2",
        alpha=0.0001,
        l1_ratio=0.15,
        fit_intercept=True,
        max_iter=1000,
        tol=1e-3,
        shuffle=True,
        verbose=0,
        epsilon=0.1,
        n_jobs=None,
        random_state=None,
        learning_rate="optimal",
        eta0=0.01,
        power_t=0.5,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        class_weight=None,
        warm_start=False,
        average=False,
        restore_best=True,
        early_stopping_scoring=None,
        validation_split=None,
        max_norm=None,
        weight_noise=0.0,
        gradient_noise=0.0,
        input_noise=0.0,
        input_dropout=0.0,
        momentum=0.0,
        nesterov=False,
        batch_size=1,
        optimizer="sgd",
    ):
        self.loss = loss
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.shuffle = shuffle
        self.verbose = verbose
        self.epsilon = epsilon
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.learning_rate = learning_rate
        self.eta0 = eta0
        self.power_t = power_t
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.average = average
        self.restore_best = restore_best
        self.early_stopping_scoring = early_stopping_scoring
        self.validation_split = validation_split
        self.max_norm = max_norm
        self.weight_noise = weight_noise
        self.gradient_noise = gradient_noise
        self.input_noise = input_noise
        self.input_dropout = input_dropout
        self.momentum = momentum
        self.nesterov = nesterov
        self.batch_size = batch_size
        self.optimizer = optimizer

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        coef_init=None,
        intercept_init=None,
        sample_weight=None,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,)
            Targets.
        coef_init : ndarray of shape (n_classes, n_features), default=None
            Weights to start from; one row for two classes.
        intercept_init : ndarray of shape (n_classes,), default=None
            Intercepts to start from.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation data. With `early_stopping` it decides when to stop and which
            epoch is best, and all of `X` is trained on; without, it only adds its
            curves to `history_`.
        y_val : array-like of shape (n_val,), default=None
            Targets of `X_val`.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the validation samples.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If parameters contradict each other, if the validation set is empty or
            lacks classes, or if the weights overflow. The estimator is then left as it
            was.
        """
        return self._fit(
            X,
            y,
            coef_init,
            intercept_init,
            sample_weight,
            X_val,
            y_val,
            sample_weight_val,
        )

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Go on for one epoch over a chunk of the data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Chunk of the training data.
        y : array-like of shape (n_samples,)
            Its targets.
        classes : ndarray of shape (n_classes,), default=None
            All labels that any chunk will have; needed in the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If `y` has labels not in `classes`, if `X` is not finite or has another
            number of features than before, or if the weights overflow. The weights are
            then those before the call.
        """
        with restored_on_error(self):
            self._check_for_chunks()
            if self.class_weight == "balanced":
                raise ValueError(
                    "class_weight 'balanced' is not supported for partial_fit. In order"
                    " to use 'balanced' weights, use compute_class_weight('balanced', "
                    "classes=classes, y=y). In place of y you can use a large enough "
                    "sample of the full training set target to properly estimate the "
                    "class frequency distributions. Pass the resulting weights as the "
                    "class_weight parameter."
                )
            _check_partial_fit_first_call(self, classes)
            return self._partial_fit(X, y, sample_weight)

    def _validate_target(self, y, name):
        check_classification_targets(y)
        labels = np.unique(y)
        if not hasattr(self, "classes_"):
            self.classes_ = labels
        unseen = np.setdiff1d(labels, self.classes_)
        if unseen.size:
            raise ValueError(
                f"{name} has the labels {unseen.tolist()}, which are not among the "
                f"classes {self.classes_.tolist()}."
            )
        if len(self.classes_) < 2:
            raise ValueError(
                "The number of classes has to be greater than one; got 1 class"
            )
        return y

    def _forget_classes(self):
        vars(self).pop("classes_", None)

    def _n_targets(self):
        return 1 if len(self.classes_) == 2 else len(self.classes_)

    def _positives(self):
        """Return the index of each target's positive class."""
        return [1] if len(self.classes_) == 2 else range(len(self.classes_))

    def _targets(self, y):
        """Return one binary target a class, in the terms of the loss."""
        negative = 0.0 if self.loss == "log_loss" else -1.0
        return [
            np.where(y == self.classes_[k], 1.0, negative) for k in self._positives()
        ]

    def _target_weights(self, y, sample_weight):
        of_class = compute_class_weight(self.class_weight, classes=self.classes_, y=y)
        # as in scikit-learn, one versus all weighs only the positive class
        rest = of_class[0] if len(self.classes_) == 2 else 1.0
        return [
            sample_weight * np.where(y == self.classes_[k], of_class[k], rest)
            for k in self._positives()
        ]

    def _hold_out_and_seed(self, hold_out):
        """Draw the validation set and a seed a target, in scikit-learn's order."""
        random_state = check_random_state(self.random_state)
        if len(self.classes_) == 2:
            return _seed(random_state, hold_out)
        held = hold_out()
        seeds = random_state.randint(MAX_INT, size=len(self.classes_))
        return held, [_seed(np.random.RandomState(seed))[1][0] for seed in seeds]


def _seed(random_state, hold_out=lambda: None):
    random_state.randint(1, MAX_INT)  # scikit-learn's seed for sampling, never used
    held = hold_out()
    return held, [random_state.randint(MAX_INT)]
