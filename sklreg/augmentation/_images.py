"""What rows that are images have in common."""

from math import prod

from sklreg._validation import Integral

SHAPE = ["array-like", None]


def check_image_shape(image_shape, n_features):
    """Return (H, W) or (H, W, C); without one a row is an image one pixel high."""
    if image_shape is None:
        return 1, n_features
    shape = tuple(image_shape)
    if len(shape) not in (2, 3) or not all(
        isinstance(side, Integral) and side > 0 for side in shape
    ):
        raise ValueError(
            "image_shape must be two or three positive integers, (H, W) or (H, W, C); "
            f"got {image_shape!r}."
        )
    if prod(shape) != n_features:
        raise ValueError(
            f"image_shape {shape} has {prod(shape)} values, but X has {n_features} "
            "features."
        )
    return tuple(int(side) for side in shape)
