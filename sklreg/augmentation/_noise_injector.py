"""Noise on the rows a pipeline trains on."""

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklreg._base import DocLinkMixin
from sklreg._validation import (
    _fit_context,
    finite_first,
    restored_on_error,
    validate_rows,
)
from sklreg.augmentation._noise import (
    NOISE_CONSTRAINTS,
    add_noise,
    check_counts,
    check_noise,
    finds_nan,
    noise_scale,
    noisy_columns,
)

_FLOATS = (np.float64, np.float32)


class NoiseInjector(
    DocLinkMixin, OneToOneFeatureMixin, TransformerMixin, BaseEstimator
):
    """Noise in `fit_transform`, identity in `transform`.

    A pipeline therefore trains on noisy rows and predicts on clean ones. Training with
    a little Gaussian noise on the inputs is, to first order, a ridge penalty (Bishop,
    1995); for a linear model and relative noise it is one with
    ``alpha = n * scale**2`` on standardised columns, in expectation.

    Parameters
    ----------
    distribution : str or callable, default="gaussian"
        Name in :data:`sklreg.noise.NOISES` ("gaussian", "uniform", "laplace",
        "poisson", "salt_and_pepper", "masking"), or a function
        ``f(X, scale, rng) -> noisy X``.
    scale : float, default=0.1
        Strength, not negative; what it measures is told in :mod:`sklreg.noise`. For
        "salt_and_pepper" and "masking" a probability. 0 is no noise.
    relative : bool, default=False
        Multiply `scale` by the standard deviation of each column.
    p : float, default=1.0
        Probability that a row gets noise at all, in [0, 1].
    columns : array-like or None, default=None
        Columns that get noise: positions, names or a mask; None is all.
    random_state : int, RandomState instance or None, default=None
        Source of randomness. The same integer gives the same noise in each
        `fit_transform`.

    Attributes
    ----------
    scale_ : float or ndarray of shape (n_noisy_columns,)
        Strength used, one a column if `relative`.
    columns_ : ndarray of int
        Positions of the columns that get noise.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        If a parameter or a column is out of range, if `X` holds NaN or infinity, if
        "poisson" meets negative values, or if "salt_and_pepper" meets sparse rows,
        which it would make dense.

    See Also
    --------
    NoiseSampler : Append noisy copies instead.

    Notes
    -----
    In sparse rows noise falls on the stored values only. For "poisson" and "masking"
    that is the same as on all values; additive noise leaves the zeros clean.

    Memory is one copy of X and little more; a callable gets the rows in one piece. The
    time is that of one to two copies of X on two cores, except where "poisson" draws
    counts of means above 260.
    Large arrays are worked on in threads, whose number does not change the noise.

    References
    ----------
    Bishop (1995). Training with Noise is Equivalent to Tikhonov Regularization. Neural
    Computation 7(1), 108-116.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.augmentation import NoiseInjector
    >>> X = np.arange(6.0).reshape(3, 2)
    >>> injector = NoiseInjector(scale=0.5, random_state=0)
    >>> bool(np.all(injector.fit_transform(X) == X))
    False
    >>> bool(np.all(injector.transform(X) == X))
    True
    """

    _parameter_constraints: dict = NOISE_CONSTRAINTS

    def __init__(
        self,
        distribution="gaussian",
        *,
        scale=0.1,
        relative=False,
        p=1.0,
        columns=None,
        random_state=None,
    ):
        self.distribution = distribution
        self.scale = scale
        self.relative = relative
        self.p = p
        self.columns = columns
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the scale of the columns.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : None
            Ignored.

        Returns
        -------
        self : NoiseInjector
            Fitted transformer.
        """
        with restored_on_error(self):
            X = self._fit(X)
            check_counts(self, X, self.columns_)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Learn the scale of the columns and return noisy rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : None
            Ignored.

        Returns
        -------
        {ndarray, sparse matrix} of shape (n_samples, n_features)
            Noisy rows.
        """
        with restored_on_error(self):
            X = self._fit(X, ensure_all_finite=not finds_nan(self, X))
            rng = check_random_state(self.random_state)
            with finite_first(self, X):
                return add_noise(X, self, self.scale_, self.columns_, rng)

    def transform(self, X):
        """Return the rows as they are.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        {ndarray, sparse matrix} of shape (n_samples, n_features)
            The same rows, checked.
        """
        check_is_fitted(self)
        return validate_rows(
            self, X, accept_sparse=["csr", "csc"], dtype=_FLOATS, reset=False
        )

    def _fit(self, X, ensure_all_finite=True):
        names = X
        X = validate_rows(
            self,
            X,
            accept_sparse=["csr", "csc"],
            dtype=_FLOATS,
            ensure_all_finite=ensure_all_finite,
        )
        with finite_first(self, X):
            check_noise(self, X)
            self.columns_ = noisy_columns(self, names, X)
            self.scale_ = noise_scale(self, X, self.columns_)
        return X

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = self.distribution == "poisson"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.non_deterministic = True
        return tags
