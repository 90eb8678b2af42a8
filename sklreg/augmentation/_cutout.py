"""Cutout: blank a part of each training image."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklreg._base import DocLinkMixin
from sklreg._validation import (
    Interval,
    _fit_context,
    finite_first,
    restored_on_error,
    validate_rows,
)
from sklreg.augmentation._images import SHAPE, check_image_shape
from sklreg.mixing import cutout, draw_boxes

_FLOATS = (np.float64, np.float32)


class Cutout(DocLinkMixin, OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Holes at `fit_transform`, identity in `transform`.

    A pipeline therefore trains on images with holes and predicts on whole ones. The
    centre of a hole falls anywhere in the image, so that holes at the border are cut.

    Parameters
    ----------
    image_shape : tuple of int or None, default=None
        (H, W) or (H, W, C) of the image that a row holds in C order; None takes a row
        as one pixel high.
    size : float, int or tuple of two, default=0.5
        Height and width of a hole: pixels where an integer, a share of the side where
        a float in (0, 1]. In an image one pixel high the height is 1.
    n_holes : int, default=1
        Holes an image.
    p : float, default=1.0
        Probability that an image gets holes, in [0, 1].
    fill : float or array-like of shape (C,), default=0.0
        Value in the holes, one for all channels or one a channel.
    random_state : int, RandomState instance or None, default=None
        Source of randomness. The same integer gives the same holes in each
        `fit_transform`.

    Attributes
    ----------
    image_shape_ : tuple of int
        Shape used.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        If `image_shape` does not match the number of columns, if a parameter is out of
        range, or if `X` holds NaN or infinity.

    See Also
    --------
    CutMix : Fill the hole from another image.

    References
    ----------
    DeVries & Taylor (2017). Improved Regularization of Convolutional Neural Networks
    with Cutout. arXiv:1708.04552.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.augmentation import Cutout
    >>> cutout = Cutout(image_shape=(4, 4), size=2, random_state=0)
    >>> cutout.fit_transform(np.ones((1, 16))).reshape(4, 4)
    array([[1., 1., 1., 1.],
           [1., 1., 0., 0.],
           [1., 1., 0., 0.],
           [1., 1., 1., 1.]])
    """

    _parameter_constraints: dict = {
        "image_shape": SHAPE,
        "size": [
            Interval(Real, 0, None, closed="neither"),
            "array-like",
        ],
        "n_holes": [Interval(Integral, 0, None, closed="left")],
        "p": [Interval(Real, 0, 1, closed="both")],
        "fill": [Interval(Real, None, None, closed="neither"), "array-like"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        image_shape=None,
        *,
        size=0.5,
        n_holes=1,
        p=1.0,
        fill=0.0,
        random_state=None,
    ):
        self.image_shape = image_shape
        self.size = size
        self.n_holes = n_holes
        self.p = p
        self.fill = fill
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the parameters against the rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Images as rows.
        y : None
            Ignored.

        Returns
        -------
        self : Cutout
            Fitted transformer.
        """
        with restored_on_error(self):
            self._fit(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Return the images with holes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Images as rows.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Images with holes.
        """
        with restored_on_error(self):
            X, sides = self._fit(X, ensure_all_finite=False)
            with finite_first(self, X):
                boxes = self._draw_holes(X.shape[0], *sides)
                return cutout(
                    X, boxes, self.image_shape_, self.fill, ensure_all_finite=True
                )

    def transform(self, X):
        """Return the images as they are.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Images as rows.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            The same images, checked.
        """
        check_is_fitted(self)
        return validate_rows(self, X, dtype=_FLOATS, reset=False)

    def _draw_holes(self, n, height, width):
        rng = check_random_state(self.random_state)
        n_holes = n * self.n_holes
        boxes = draw_boxes(n_holes, self.image_shape_, height, width, rng)
        boxes = boxes.reshape(n, self.n_holes, 4)
        if self.p < 1:
            boxes[rng.uniform(size=n) >= self.p] = 0
        return boxes

    def _fit(self, X, ensure_all_finite=True):
        X = validate_rows(self, X, dtype=_FLOATS, ensure_all_finite=ensure_all_finite)
        shape = check_image_shape(self.image_shape, X.shape[1])
        sides = _hole(self.size, shape)
        n_channels = shape[2] if len(shape) == 3 else 1
        if np.shape(self.fill) not in ((), (n_channels,)):
            raise ValueError(
                f"fill must be one value or one for each of {n_channels} channels, got "
                f"{self.fill!r}."
            )
        self.image_shape_ = shape
        return X, sides

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.non_deterministic = True
        return tags


def _hole(size, image_shape):
    """Return the height and width of a hole in pixels."""
    sizes = (size, size) if np.ndim(size) == 0 else tuple(size)
    if len(sizes) != 2:
        raise ValueError(f"size must be one number or two, got {size!r}.")
    sides = []
    for side, length in zip(sizes, image_shape[:2], strict=True):
        if isinstance(side, Integral) and side > 0:
            sides.append(min(int(side), length))
        elif isinstance(side, Real) and 0 < side <= 1:
            sides.append(max(1, round(side * length)))
        else:
            raise ValueError(
                "size must be a positive number of pixels (an integer) or a share of "
                f"the side in (0, 1] (a float), got {side!r}."
            )
    return sides
