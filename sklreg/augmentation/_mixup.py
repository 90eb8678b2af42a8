"""Mixup and CutMix as samplers."""

from functools import partial

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state

from sklreg._validation import Interval, Real
from sklreg.augmentation._images import SHAPE, check_image_shape
from sklreg.augmentation._target import RowSampler
from sklreg.mixing import box_share, cutmix, draw_boxes, draw_weights, mixup

ALPHA = [Interval(Real, 0, None, closed="neither")]


def mix_pairs(X, alpha, rng, **arguments):
    """Mix the rows at random; return them, the partners and the shares kept.

    Further arguments are those of `mixup`, which sparse rows do not go through.
    """
    partners = rng.permutation(X.shape[0])
    weights = draw_weights(X.shape[0], alpha, rng)
    if sparse.issparse(X):
        rows = X.tocsr()
        mixed = rows.multiply(weights[:, None]).tocsr()
        mixed = mixed + rows[partners].multiply((1 - weights)[:, None]).tocsr()
        return mixed.astype(X.dtype).asformat(X.format), partners, weights
    return mixup(X, partners, weights, **arguments), partners, weights


def cut_pairs(X, alpha, image_shape, rng, **arguments):
    """Paste patches at random; return the images, the partners and shares kept.

    Further arguments are those of `cutmix`, for rows that are not sparse.
    """
    if sparse.issparse(X):
        mixed, partners, kept = cut_pairs(X.toarray(), alpha, image_shape, rng)
        return type(X)(mixed), partners, kept
    n = X.shape[0]
    partners = rng.permutation(n)
    side = np.sqrt(1 - draw_weights(n, alpha, rng))
    height, width = image_shape[:2]
    if height == 1:  # a strip: the whole cut is along it
        tall, wide = np.ones(n, dtype=np.int64), np.rint(side**2 * width)
        tall[wide == 0] = 0
    else:
        tall, wide = np.rint(side * height), np.rint(side * width)
    boxes = draw_boxes(n, image_shape, tall.astype(int), wide.astype(int), rng)
    mixed = cutmix(X, partners, boxes, image_shape, **arguments)
    return mixed, partners, 1 - box_share(boxes, image_shape)


class _PairSampler(RowSampler):
    """Sampler of rows made of two, each with the target of one or a mixed one."""

    _finds_nan = True

    def _resample(self, X, y, pairs):
        """Call ``pairs(X, rng=rng, **arguments)`` and give its rows their targets."""
        rng = check_random_state(self.random_state)
        n, keep = len(y), self.keep_original
        if sparse.issparse(X):
            mixed, partners, weights = pairs(X, rng=rng)
            X_new = sparse.vstack([X, mixed], format=X.format) if keep else mixed
        else:
            X_new = np.empty((n * (1 + keep), X.shape[1]), dtype=X.dtype)
            into = X_new[n * keep :]
            _, partners, weights = pairs(X, rng=rng, ensure_all_finite=True, out=into)
            X_new[: n * keep] = X[: n * keep]
        if self.target == "continuous":
            y_new = mixup(y.astype(np.float64), partners, weights).astype(y.dtype)
        else:
            own = rng.uniform(size=n) < weights
            y_new = np.where(own, y, y[partners])
        return X_new, np.concatenate([y, y_new]) if keep else y_new


class Mixup(_PairSampler):
    """Append convex combinations of pairs of rows.

    Row i is mixed with a partner j, drawn as a permutation:
    ``w x_i + (1 - w) x_j`` with w from Beta(alpha, alpha). A continuous target is mixed
    alike; a class label is drawn, y_i with probability w, so that it is right on
    average. :class:`MixupClassifier` weights both labels instead of drawing one.

    Parameters
    ----------
    alpha : float, default=0.2
        Shape of the Beta distribution, positive.
    keep_original : bool, default=True
        Append the mixed rows to the rows; False returns the mixed ones alone.
    target : {"class", "continuous"}, default="class"
        What `y` holds.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Attributes
    ----------
    sampling_strategy_ : str
        Always "auto": classes are not balanced.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        If `alpha` is not positive, if `y` is continuous without
        ``target="continuous"``, or if `X` holds NaN or infinity.

    See Also
    --------
    MixupClassifier : Fit on both labels.
    MixupRegressor : Fit on mixed targets.

    References
    ----------
    Zhang, Cissé, Dauphin & Lopez-Paz (2018). mixup: Beyond Empirical Risk Minimization.
    International Conference on Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.augmentation import Mixup
    >>> X, y = np.array([[0.0], [1.0]]), np.array([0.0, 10.0])
    >>> sampler = Mixup(target="continuous", keep_original=False, random_state=1)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> bool(np.allclose(10 * X_res.ravel(), y_res))
    True
    """

    _parameter_constraints: dict = {
        **RowSampler._parameter_constraints,
        "alpha": ALPHA,
        "keep_original": ["boolean"],
    }

    def __init__(
        self, alpha=0.2, *, keep_original=True, target="class", random_state=None
    ):
        self.alpha = alpha
        self.keep_original = keep_original
        self.target = target
        self.random_state = random_state

    def _fit_resample(self, X, y):
        return self._resample(X, y, partial(mix_pairs, alpha=self.alpha))


class CutMix(_PairSampler):
    """Append images with a patch of another image.

    The patch covers a share ``1 - w`` of the image before it is cut at the border, w
    from Beta(alpha, alpha); its centre falls anywhere. Labels are drawn, or targets
    mixed, by the share that is left of the first image.

    Parameters
    ----------
    alpha : float, default=1.0
        Shape of the Beta distribution, positive.
    image_shape : tuple of int or None, default=None
        (H, W) or (H, W, C) of the image that a row holds in C order; None takes a row
        as one pixel high.
    keep_original : bool, default=True
        Append the new images to the images; False returns the new ones alone.
    target : {"class", "continuous"}, default="class"
        What `y` holds.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Attributes
    ----------
    sampling_strategy_ : str
        Always "auto": classes are not balanced.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        If `image_shape` does not match the number of columns, if `alpha` is not
        positive, if `y` is continuous without ``target="continuous"``, or if `X` holds
        NaN or infinity.

    See Also
    --------
    CutMixClassifier : Fit on both labels.
    Cutout : Leave the hole empty.

    Notes
    -----
    Sparse rows are made dense on the way.

    References
    ----------
    Yun, Han, Oh, Chun, Choe & Yoo (2019). CutMix: Regularization Strategy to Train
    Strong Classifiers with Localizable Features. International Conference on Computer
    Vision.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.augmentation import CutMix
    >>> X, y = np.repeat([[0.0], [1.0]], 16, axis=1), np.array([0, 1])
    >>> X_res, y_res = CutMix(image_shape=(4, 4), random_state=0).fit_resample(X, y)
    >>> X_res.shape
    (4, 16)
    """

    _parameter_constraints: dict = {
        **RowSampler._parameter_constraints,
        "alpha": ALPHA,
        "image_shape": SHAPE,
        "keep_original": ["boolean"],
    }

    def __init__(
        self,
        alpha=1.0,
        *,
        image_shape=None,
        keep_original=True,
        target="class",
        random_state=None,
    ):
        self.alpha = alpha
        self.image_shape = image_shape
        self.keep_original = keep_original
        self.target = target
        self.random_state = random_state

    def _fit_resample(self, X, y):
        shape = check_image_shape(self.image_shape, X.shape[1])
        pairs = partial(cut_pairs, alpha=self.alpha, image_shape=shape)
        return self._resample(X, y, pairs)
