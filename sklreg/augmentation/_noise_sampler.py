"""Noisy copies of the rows, appended."""

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state

from sklreg._validation import Integral, Interval, Real
from sklreg.augmentation._noise import (
    NOISE_CONSTRAINTS,
    Named,
    add_noise,
    check_noise,
    noise_scale,
    noisy_columns,
)
from sklreg.augmentation._target import RowSampler


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
        **NOISE_CONSTRAINTS,
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
