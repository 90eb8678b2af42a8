"""Noise on rows: a transformer for pipelines and a sampler that appends copies."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.sparsefuncs import mean_variance_axis
from sklearn.utils.validation import check_is_fitted

from sklreg._base import DocLinkMixin
from sklreg._validation import (
    Integral,
    Interval,
    Real,
    StrOptions,
    _fit_context,
    column_positions,
    effective_n_threads,
    validate_data,
)
from sklreg.augmentation._target import RowSampler
from sklreg.noise import NOISES

# Noises whose scale is a probability, and those that can turn a zero into something.
_PROBABILITIES = ("salt_and_pepper", "masking")
_DENSIFYING = ("salt_and_pepper",)
# Each chunk of about so many values has a random stream of its own, so that the noise
# does not depend on the number of threads.
_CHUNK = 2**18

_NOISE_CONSTRAINTS = {
    "distribution": [StrOptions(set(NOISES)), callable],
    "scale": [Interval(Real, 0, None, closed="left")],
    "relative": ["boolean"],
    "p": [Interval(Real, 0, 1, closed="both")],
    "columns": ["array-like", None],
    "random_state": ["random_state"],
}


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

    Memory is one copy of X and, for the named noises, a few chunks; a callable gets the
    rows in one piece.

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

    _parameter_constraints: dict = _NOISE_CONSTRAINTS

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
        self._fit(X)
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
        X = self._fit(X)
        return add_noise(
            X, self, self.scale_, self.columns_, check_random_state(self.random_state)
        )

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
        return validate_data(
            self, X, accept_sparse=["csr", "csc"], dtype=_FLOATS, reset=False
        )

    def _fit(self, X):
        names = X
        X = validate_data(self, X, accept_sparse=["csr", "csc"], dtype=_FLOATS)
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


_FLOATS = (np.float64, np.float32)


class NoiseSampler(RowSampler):
    """Append noisy copies of the rows, with their targets.

    For imbalanced-learn's pipeline, whose samplers work on the training rows only.

    Parameters
    ----------
    distribution : str or callable, default="gaussian"
        As for :class:`NoiseInjector`.
    scale : float, default=0.1
        As for :class:`NoiseInjector`.
    relative : bool, default=False
        As for :class:`NoiseInjector`.
    p : float, default=1.0
        Probability that a copy gets noise, in [0, 1].
    columns : array-like or None, default=None
        Columns that get noise: positions, names or a mask; None is all.
    n_copies : int, default=1
        Noisy copies of each row.
    target : {"class", "continuous"}, default="class"
        What `y` holds. Class labels are repeated.
    target_scale : float, default=0.0
        Standard deviation of Gaussian noise on the continuous targets of the copies.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Attributes
    ----------
    sampling_strategy_ : str
        Always "auto": all classes are repeated alike.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        As for :class:`NoiseInjector`; and if `y` is continuous without
        ``target="continuous"``, or `target_scale` is given for classes.

    See Also
    --------
    NoiseInjector : Replace the training rows by noisy ones.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.augmentation import NoiseSampler
    >>> X, y = np.arange(4.0).reshape(2, 2), np.array([0, 1])
    >>> X_res, y_res = NoiseSampler(n_copies=2, random_state=0).fit_resample(X, y)
    >>> X_res.shape, y_res
    ((6, 2), array([0, 1, 0, 1, 0, 1]))
    """

    _parameter_constraints: dict = {
        **_NOISE_CONSTRAINTS,
        **RowSampler._parameter_constraints,
        "n_copies": [Interval(Integral, 0, None, closed="left")],
        "target_scale": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        distribution="gaussian",
        *,
        scale=0.1,
        relative=False,
        p=1.0,
        columns=None,
        n_copies=1,
        target="class",
        target_scale=0.0,
        random_state=None,
    ):
        self.distribution = distribution
        self.scale = scale
        self.relative = relative
        self.p = p
        self.columns = columns
        self.n_copies = n_copies
        self.target = target
        self.target_scale = target_scale
        self.random_state = random_state

    def _fit_resample(self, X, y):
        if self.target_scale and self.target != "continuous":
            raise ValueError("target_scale needs target='continuous'.")
        check_noise(self, X)
        columns = noisy_columns(self, self._named(X), X)
        scale = noise_scale(self, X, columns)
        rng = check_random_state(self.random_state)
        X_all, y_all = [X], [y]
        for _ in range(self.n_copies):
            X_all.append(add_noise(X, self, scale, columns, rng))
            if self.target_scale:
                y_all.append(y + rng.normal(0.0, self.target_scale, y.shape))
            else:
                y_all.append(y)
        if sparse.issparse(X):
            X_res = sparse.vstack(X_all, format=X.format)
        else:
            X_res = np.concatenate(X_all)
        return X_res, np.concatenate(y_all).astype(y.dtype, copy=False)

    def _named(self, X):
        names = getattr(self, "feature_names_in_", None)
        return X if names is None else Named(names, X.shape)


class Named:
    """Column names in the form that column selection asks for."""

    def __init__(self, names, shape):
        self.columns = names
        self.shape = shape


def check_noise(settings, X):
    """Refuse settings that do not fit the rows, before any work."""
    name = settings.distribution
    if name in _PROBABILITIES:
        if settings.scale > 1:
            raise ValueError(
                f"scale is a probability for {name} noise, got {settings.scale}."
            )
        if settings.relative:
            raise ValueError(f"relative has no meaning for {name} noise.")
    if name in _DENSIFYING and sparse.issparse(X):
        raise ValueError(f"{name} noise would make sparse rows dense.")


def noisy_columns(settings, named, X):
    """Return the positions of the columns that get noise."""
    if settings.columns is None:
        columns = np.arange(X.shape[1])
    elif isinstance(named, Named):
        columns = _by_name(settings.columns, named)
    else:
        columns = np.asarray(column_positions(named, list(settings.columns)), np.intp)
    if settings.distribution == "poisson":
        values = X[:, columns] if settings.columns is not None else X
        values = values.data if sparse.issparse(values) else values
        if values.size and values.min() < 0:
            raise ValueError(
                "Negative values in data: poisson noise needs values that are not "
                f"negative, the smallest is {values.min()}."
            )
    return columns


def _by_name(columns, named):
    chosen = list(columns)
    if not any(isinstance(c, str) for c in chosen):
        return np.arange(named.shape[1])[chosen]
    positions = {name: i for i, name in enumerate(named.columns)}
    missing = [c for c in chosen if c not in positions]
    if missing:
        raise ValueError(f"columns names no column of X: {missing}.")
    return np.array([positions[c] for c in chosen], dtype=np.intp)


def noise_scale(settings, X, columns):
    """Return the strength, one a column where it is relative."""
    if not settings.relative:
        return float(settings.scale)
    if sparse.issparse(X):
        deviations = np.sqrt(mean_variance_axis(X, axis=0)[1])[columns]
    else:
        deviations = np.std(X, axis=0, dtype=np.float64)[columns]
    return settings.scale * deviations


def add_noise(X, settings, scale, columns, rng):
    """Return a noisy copy of the rows; `rng` is a RandomState."""
    noise = settings.distribution
    if isinstance(noise, str):
        noise = NOISES[noise]
    if not np.any(scale):
        return X.copy()
    rows = np.ones(X.shape[0], dtype=bool)
    if settings.p < 1:
        rows = rng.uniform(size=X.shape[0]) < settings.p
    if sparse.issparse(X):
        return _add_sparse(X, noise, settings, scale, columns, rows, rng)
    whole = len(columns) == X.shape[1] and np.all(np.diff(columns) == 1)
    if not whole:
        out = X.copy()
        part = np.ascontiguousarray(X[:, columns])
        noisy = _add_dense(part, noise, settings, scale, rng)
        out[:, columns] = np.where(rows[:, None], noisy, part)
        return out
    out = _add_dense(X, noise, settings, scale, rng)
    if not rows.all():
        out[~rows] = X[~rows]
    return out


def _add_dense(X, noise, settings, scale, rng):
    if not isinstance(settings.distribution, str):
        out = np.asarray(noise(X, scale, rng))
        if out.shape != X.shape:
            raise ValueError(
                f"distribution returned shape {out.shape} for rows of shape {X.shape}."
            )
        return out.astype(X.dtype, copy=False)
    # extremes are those of whole columns, all other noises know one value only
    axis = 1 if settings.distribution in _DENSIFYING else 0
    out = np.empty(X.shape, dtype=X.dtype)

    def fill(start, stop, stream):
        s = (slice(None),) * axis + (slice(start, stop),)
        out[s] = noise(X[s], scale, stream)

    _in_chunks(fill, X.shape, axis, rng)
    return out


def _in_chunks(fill, shape, axis, rng):
    """Call ``fill(start, stop, stream)`` for parts of an axis, each with a stream."""
    n_chunks = max(1, min(shape[axis], shape[0] * shape[1] // _CHUNK))
    bounds = np.linspace(0, shape[axis], n_chunks + 1).astype(int)
    seeds = np.random.SeedSequence(rng.randint(0, 2**32, size=4, dtype=np.uint32))
    streams = [np.random.default_rng(seed) for seed in seeds.spawn(n_chunks)]
    with ThreadPoolExecutor(min(effective_n_threads(), n_chunks)) as pool:
        for _ in pool.map(fill, bounds[:-1], bounds[1:], streams):
            pass


def _add_sparse(X, noise, settings, scale, columns, rows, rng):
    out = X.tocsr(copy=True)
    out.sort_indices()
    position = np.full(out.shape[1], -1)
    position[columns] = np.arange(len(columns))
    noisy_rows = np.repeat(rows, np.diff(out.indptr))

    def fill(start, stop, stream):
        part = slice(out.indptr[start], out.indptr[stop])
        where = position[out.indices[part]]
        chosen = where >= 0
        strength = scale[where[chosen]] if np.ndim(scale) else scale
        clean = out.data[part][chosen]
        noisy = np.asarray(noise(clean, strength, stream), dtype=X.dtype)
        out.data[part][chosen] = np.where(noisy_rows[part][chosen], noisy, clean)

    if isinstance(settings.distribution, str):
        _in_chunks(fill, (out.shape[0], len(columns)), 0, rng)
    else:
        fill(0, out.shape[0], rng)
    return out.asformat(X.format)
