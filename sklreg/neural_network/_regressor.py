"""Multi-layer perceptron regressor."""

from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from sklreg._validation import StrOptions, _fit_context, restored_on_error
from sklreg.neural_network._base import BaseMLP, is_stochastic
from sklreg.neural_network._outputs import NumberOutputs


class MLPRegressor(NumberOutputs, RegressorMixin, BaseMLP):
    r"""Multi-layer perceptron for regression, with dropout and its kin.

    Minimises

    .. math:: \frac1n \sum_{i=1}^n s_i\, L(y_i, f(x_i)) + \frac{\alpha}{n}
              \left(\frac{1-\rho}{2} \|w\|_2^2 + \rho \|w\|_1\right)

    over the weights w and biases of a network f of fully connected layers, with L half
    the squared error or half the Poisson deviance, summed over the outputs, s the
    weights of the samples and :math:`\rho` the `l1_ratio`. Scale the features, and the
    targets of the squared error, first.

    Parameters
    ----------
    loss : {'squared_error', 'poisson'}, default='squared_error'
        The loss L. With 'poisson' the network gives the logarithm of the mean, and
        targets must not be negative.
    hidden_layer_sizes : int or array-like of int, default=(100,)
        Number of units in each hidden layer.
    activation : str, default='relu'
        Function of the hidden units: 'identity', 'logistic', 'tanh', 'relu', 'elu'
        (Clevert et al., 2016) or 'gelu' (Hendrycks & Gimpel, 2016).
    solver : {'adam', 'sgd', 'lbfgs'}, default='adam'
        'adam' and 'sgd' (with momentum) step after each batch. 'lbfgs' minimises over
        all rows at once, for small data; it knows no noise, dropout, mixing, L1
        penalty and no norm constraint, and refuses them.
    alpha : float, default=0.0001
        Strength of the penalty of the weights. As in scikit-learn it is divided by the
        number of rows (the sum of their weights) that the loss is a mean of.
    batch_size : int or 'auto', default='auto'
        Rows a step; 'auto' is ``min(200, n_samples)``.
    learning_rate : {'constant', 'invscaling', 'adaptive'}, default='constant'
        Schedule of solver 'sgd': `learning_rate_init` throughout; divided by
        ``(t_ + 1) ** power_t`` after each epoch; or divided by 5 whenever the training
        loss (with `early_stopping` the validation score) stalls.
    learning_rate_init : float, default=0.001
        First learning rate of 'sgd' and 'adam'.
    power_t : float, default=0.5
        Exponent of 'invscaling'.
    max_iter : int, default=200
        Largest number of epochs, of iterations with 'lbfgs'.
    shuffle : bool, default=True
        Whether to visit the rows in a new order every epoch.
    random_state : int, RandomState instance or None, default=None
        Draws the first weights, the validation set, the order of the rows and all
        noise. Noise does not disturb the others: with and without dropout a seed gives
        the same start and the same batches.
    tol : float, default=1e-4
        Stop when for more than `n_iter_no_change` epochs in a row the training loss has
        not come `tol` below its best or, with `early_stopping`, the validation score
        `tol` above its. For 'lbfgs' the bound on the slope.
    verbose : bool, default=False
        Print a line after every epoch.
    warm_start : bool, default=False
        Start `fit` from the network of the last fit.
    momentum : float, default=0.9
        Share of the last step that 'sgd' repeats, in [0, 1].
    nesterovs_momentum : bool, default=True
        Whether that momentum is Nesterov's.
    early_stopping : bool, default=False
        Whether to keep part of the data, or `X_val` of `fit`, for validation, stop when
        its score no longer improves, and return the best epoch. Not for 'lbfgs'.
    validation_fraction : float, default=0.1
        Share of the data that is kept for validation.
    beta_1 : float, default=0.9
        Decay of Adam's first moment, in [0, 1).
    beta_2 : float, default=0.999
        Decay of Adam's second moment, in [0, 1).
    epsilon : float, default=1e-8
        Keeps Adam's division safe.
    n_iter_no_change : int or inf, default=10
        Epochs without improvement to put up with.
    max_fun : int, default=15000
        Largest number of evaluations of the objective by 'lbfgs'.
    dropout : float or array-like of shape (n_hidden_layers,), default=0.0
        Fraction of the hidden units **dropped** for each row, in [0, 1), one rate or
        one a layer [1]_. (The paper's p is the fraction kept.) Those kept are
        divided by ``1 - dropout``, so that prediction needs no correction.
    input_dropout : float, default=0.0
        Fraction of the features dropped for each row, likewise.
    structured_dropout : float or array-like of shape (n_hidden_layers,), default=0.0
        Fraction of the hidden units dropped for all rows of a batch together.
    batch_norm : bool, default=False
        Whether to standardise each hidden unit over the batch before its activation,
        and scale it by what is learnt [2]_. The shift that is learnt with it is
        `intercepts_`. Prediction uses running averages.
    max_norm : float or None, default=None
        Largest Euclidean norm of the weights that come into a unit, hidden or output:
        after every step longer ones are scaled back to it [3]_.
    l1_ratio : float, default=0.0
        Share of the L1 penalty: the penalty is `alpha` times
        ``(1 - l1_ratio) / 2 * ||w||_2**2 + l1_ratio * ||w||_1``. The L1 part is a
        proximal step, which sets weights to exactly zero.
    decoupled_weight_decay : bool, default=False
        Whether the L2 part of the penalty shrinks the weights beside the step instead
        of entering the slope [4]_. A difference for 'adam' and with momentum.
    weight_noise : float or (str, float), default=0.0
        Noise added to the weights while a batch's slope is computed, and taken away
        before the step. A standard deviation, or a kind ('gaussian', 'uniform',
        'laplace') and the scale that :mod:`sklreg.noise` gives it.
    gradient_noise : float or (str, float), default=0.0
        Noise added to the slope in the weights, likewise.
    activation_noise : float or (str, float), default=0.0
        Noise added to the outputs of hidden layers in training, likewise.
    input_noise : float or (str, float), default=0.0
        Noise added to the rows of each batch, of any kind in :mod:`sklreg.noise`.
        Sparse rows are made dense for it, batch by batch.
    residual : bool, default=False
        Whether every hidden layer from the second on that is as wide as the one before
        it is a block with a way past it, ``x + F(x)``.
    stochastic_depth : float or array-like of shape (n_blocks,), default=0.0
        Probability that a batch passes a residual block by [5]_: that of the last
        block, growing linearly up to it from the first, or one a block.
    mixup_alpha : float, default=0.0
        If positive, rows of a batch and their targets are mixed in pairs, with a share
        from Beta(alpha, alpha) [6]_.
    cutmix_alpha : float, default=0.0
        If positive, a box of each image is replaced by that of another, and the targets
        are mixed by the areas [7]_. If `mixup_alpha` is positive too, each batch takes
        one of the two.
    image_shape : tuple of int or None, default=None
        (H, W) or (H, W, C) of the images in the rows of `X`, for `cutmix_alpha`.
    restore_best : bool, default=True
        With `early_stopping`, return the epoch with the best validation score, the
        running averages of batch norm included; else the last.
    early_stopping_scoring : str, callable or None, default=None
        What the validation set is scored with, the higher the better: the name of a
        scorer or a ``scorer(estimator, X, y)``; None for `score`; 'loss' for minus the
        mean loss.

    Attributes
    ----------
    coefs_ : list of ndarray of shape (n_inputs, n_units)
        Weights of each layer.
    intercepts_ : list of ndarray of shape (n_units,)
        Biases of each layer.
    batch_norm_scales_ : list of ndarray of shape (n_units,)
        Learnt scales of each hidden layer. With `batch_norm`.
    batch_norm_means_ : list of ndarray of shape (n_units,)
        Running means of each hidden layer before its activation. With `batch_norm`.
    batch_norm_variances_ : list of ndarray of shape (n_units,)
        Running variances, likewise.
    loss_ : float
        Training loss of the last epoch, penalty included.
    best_loss_ : float or None
        Smallest training loss; None with `early_stopping`.
    loss_curve_ : list of float
        Training loss of each epoch, over all calls that went on from each other. Not
        with 'lbfgs'.
    validation_scores_ : list of float or None
        Validation score of each epoch, likewise; None without `early_stopping`.
    best_validation_score_ : float or None
        Largest validation score; None without `early_stopping`.
    t_ : int
        Number of samples seen in training.
    n_iter_ : int
        Epochs, or iterations of 'lbfgs', of the last call.
    n_layers_ : int
        Number of layers, the input one included.
    n_outputs_ : int
        Number of outputs.
    out_activation_ : str
        Function of the output layer.
    history_ : dict of str to ndarray
        Curves of `fit` with one entry an epoch: 'epoch', 'train_loss', 'learning_rate',
        'coef_norm', 'seconds'; with validation data 'validation_loss' (without penalty)
        and 'validation_score'; with `max_norm` 'largest_norm', the largest after any
        step.
    best_epoch_ : int
        Epoch, counted from 1, with the best validation score; 0 if a warm start was
        better than all. With `early_stopping`.
    best_score_ : float
        That score. With `early_stopping`.
    stop_reason_ : str
        Why `fit` stopped: 'max_iter'; 'training_loss' or 'early_stopping', which no
        longer improved; 'callback'; 'interrupted' from the keyboard; 'non_finite',
        since the loss overflowed.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if `X` had string column names.

    See Also
    --------
    MLPClassifier : The same for classification.

    Notes
    -----
    With everything beyond scikit-learn's parameters left off, the loss curve for a seed
    is that of scikit-learn's class of this name: the same first weights, batches and
    steps. The squared error of several outputs is
    reported as a mean over them but, as scikit-learn's steps do, minimised as a sum, by
    'lbfgs' too. float32 data are worked on in float32 throughout.

    A step does, in this order: augment the batch, perturb the weights, forward and
    backward, weights back, gradient noise, optimiser step, L1, norm constraint. Biases
    and the scales of batch norm are neither penalised nor noisy.

    References
    ----------
    .. [1] Srivastava, N. et al. (2014). Dropout: A Simple Way to Prevent Neural
       Networks from Overfitting. JMLR 15.
    .. [2] Ioffe, S. & Szegedy, C. (2015). Batch Normalization. ICML.
    .. [3] Srebro, N., Rennie, J. & Jaakkola, T. (2004). Maximum-Margin Matrix
       Factorization. NIPS.
    .. [4] Loshchilov, I. & Hutter, F. (2019). Decoupled Weight Decay Regularization.
       ICLR.
    .. [5] Huang, G. et al. (2016). Deep Networks with Stochastic Depth. ECCV.
    .. [6] Zhang, H. et al. (2018). mixup: Beyond Empirical Risk Minimization. ICLR.
    .. [7] Yun, S. et al. (2019). CutMix: Regularization Strategy to Train Strong
       Classifiers with Localizable Features. ICCV.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.preprocessing import scale
    >>> from sklreg.neural_network import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor(
    ...     hidden_layer_sizes=(20,), dropout=0.1, max_iter=300, random_state=0
    ... )
    >>> net = net.fit(scale(X), scale(y))
    >>> mean, std = net.predict_uncertainty(scale(X), n_passes=20)
    >>> mean.shape, std.shape
    ((442,), (442,))
    """

    _parameter_constraints: dict = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson"})],
    }

    def __init__(
        self,
        loss="squared_error",
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        dropout=0.0,
        input_dropout=0.0,
        structured_dropout=0.0,
        batch_norm=False,
        max_norm=None,
        l1_ratio=0.0,
        decoupled_weight_decay=False,
        weight_noise=0.0,
        gradient_noise=0.0,
        activation_noise=0.0,
        input_noise=0.0,
        residual=False,
        stochastic_depth=0.0,
        mixup_alpha=0.0,
        cutmix_alpha=0.0,
        image_shape=None,
        restore_best=True,
        early_stopping_scoring=None,
    ):
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.structured_dropout = structured_dropout
        self.batch_norm = batch_norm
        self.max_norm = max_norm
        self.l1_ratio = l1_ratio
        self.decoupled_weight_decay = decoupled_weight_decay
        self.weight_noise = weight_noise
        self.gradient_noise = gradient_noise
        self.activation_noise = activation_noise
        self.input_noise = input_noise
        self.residual = residual
        self.stochastic_depth = stochastic_depth
        self.mixup_alpha = mixup_alpha
        self.cutmix_alpha = cutmix_alpha
        self.image_shape = image_shape
        self.restore_best = restore_best
        self.early_stopping_scoring = early_stopping_scoring

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X, y, sample_weight=None, X_val=None, y_val=None, sample_weight_val=None
    ):
        """Fit the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation data. With `early_stopping` it decides when to stop and which
            epoch is best, and all of `X` is trained on; without, it only adds its
            curves to `history_`.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
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
            If an input or a combination of parameters is wrong; the estimator is then
            left as it was. If the loss overflows; the weights are then those of the
            last epoch that was finite, if there was one.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(is_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Go on for one epoch over a chunk of the data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Chunk of the training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Its targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If an input is wrong or the loss overflows. The weights are then those
            before the call.
        """
        with restored_on_error(self):
            self._partial_fit(X, y, sample_weight)
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
