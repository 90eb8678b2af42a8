"""Mixing and cutting rows: mixup, CutMix and cutout on plain arrays.

Each function takes an array whose first axis is the rows and returns a new array of
the same dtype; what is random about it is drawn by :func:`draw_weights` and
:func:`draw_boxes`, so that data and draws can be tested, stored and repeated apart.

Images are rows of ``height * width * n_channels`` values, the channel changing
fastest (NumPy's C order of an ``(H, W, C)`` array), or arrays of shape
``(n, H, W)`` or ``(n, H, W, C)``; `image_shape` is ``(H, W)`` or ``(H, W, C)``.
A box is four integers, ``top, bottom, left, right``, the ends not included.
"""

from math import prod

import numpy as np

from sklreg._threads import in_parts
from sklreg._views import read_only

__all__ = ["box_share", "cutmix", "cutout", "draw_boxes", "draw_weights", "mixup"]

# Rows below which a part is not worth a thread.
_ROWS_A_THREAD = 2048


def draw_weights(n, alpha, rng):
    """Draw the share each row keeps of itself, from Beta(alpha, alpha).

    Parameters
    ----------
    n : int
        Number of weights.
    alpha : float
        Shape of the Beta distribution, positive. Small values keep most rows nearly
        whole; 1 is uniform.
    rng : Generator or RandomState
        Source of randomness.

    Returns
    -------
    ndarray of shape (n,)
        Weights in [0, 1].

    Raises
    ------
    ValueError
        If `alpha` is not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.mixing import draw_weights
    >>> draw_weights(3, 1.0, np.random.default_rng(0)).shape
    (3,)
    """
    if not 0 < alpha < np.inf:
        raise ValueError(f"alpha must be positive and finite, got {alpha}.")
    if alpha == 1:  # the same distribution, drawn in a tenth of the time
        return _random(rng, n)
    return rng.beta(alpha, alpha, size=n)


def draw_boxes(n, image_shape, height, width, rng):
    """Draw boxes whose centres fall evenly over the image, clipped at its border.

    Parameters
    ----------
    n : int
        Number of boxes.
    image_shape : tuple of int
        (H, W) or (H, W, C).
    height, width : int or ndarray of int of shape (n,)
        Sides of the boxes before clipping.
    rng : Generator or RandomState
        Source of randomness.

    Returns
    -------
    ndarray of int64 of shape (n, 4)
        ``top, bottom, left, right`` of each box.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.mixing import draw_boxes
    >>> draw_boxes(2, (1, 1), 3, 3, np.random.default_rng(0))
    array([[0, 1, 0, 1],
           [0, 1, 0, 1]])
    """
    boxes = np.empty((n, 4), dtype=np.int64)
    for axis, side in enumerate((height, width)):
        length = image_shape[axis]
        centre = np.minimum((_random(rng, n) * length).astype(np.int64), length - 1)
        start = centre - side // 2
        boxes[:, 2 * axis] = np.maximum(start, 0)
        boxes[:, 2 * axis + 1] = np.minimum(start + side, length)
    return boxes


def box_share(boxes, image_shape):
    """Return the share of the image that each box covers.

    Parameters
    ----------
    boxes : ndarray of int of shape (n, 4)
        ``top, bottom, left, right``.
    image_shape : tuple of int
        (H, W) or (H, W, C).

    Returns
    -------
    ndarray of shape (n,)
        Area of the box divided by H * W.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.mixing import box_share
    >>> box_share(np.array([[0, 2, 1, 3]]), (4, 4))
    array([0.25])
    """
    boxes = np.asarray(boxes)
    area = (boxes[:, 1] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 2])
    return area / (image_shape[0] * image_shape[1])


def mixup(X, partners, weights, *, ensure_all_finite=False, out=None):
    """Mix each row with its partner: ``w_i x_i + (1 - w_i) x_partner(i)``.

    Zhang, Cissé, Dauphin & Lopez-Paz (2018), mixup: Beyond Empirical Risk Minimization.

    Parameters
    ----------
    X : ndarray of float of shape (n, ...)
        Rows to mix; a target of shape (n,) or (n, n_outputs) is mixed alike.
    partners : ndarray of int of shape (m,)
        Row each of the first m rows is mixed with.
    weights : ndarray of shape (m,)
        Share a row keeps of itself, in [0, 1].
    ensure_all_finite : bool, default=False
        Refuse NaN and infinity in `X`, looked for on the pass that is made anyway.
    out : ndarray of the shape returned or None, default=None
        Where to write the rows: of the dtype of `X`, in C order, apart from `X`.

    Returns
    -------
    ndarray of shape (m, ...)
        Mixed rows.

    Raises
    ------
    TypeError
        If `X` does not hold floats.
    ValueError
        If `partners`, `weights` or `out` do not fit `X`, or if `X` is to be finite and
        is not.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.mixing import mixup
    >>> X = np.array([[0.0, 0.0], [1.0, 2.0]])
    >>> mixup(X, np.array([1, 0]), np.array([0.75, 1.0]))
    array([[0.25, 0.5 ],
           [1.  , 2.  ]])
    """
    from sklreg._mixing_kernels import mix_rows

    rows, partners = _rows(X, partners)
    weights = np.ascontiguousarray(weights, dtype=np.float64)
    if weights.shape != partners.shape:
        raise ValueError(
            f"weights and partners differ in shape: {weights.shape} and "
            f"{partners.shape}."
        )
    if not np.all((weights >= 0) & (weights <= 1)):
        raise ValueError("weights must lie in [0, 1].")
    return _written(
        mix_rows, X, rows, (partners, weights), len(partners), ensure_all_finite, out
    )


def cutmix(X, partners, boxes, image_shape, *, ensure_all_finite=False, out=None):
    """Paste into each image the same box of its partner.

    Yun, Han, Oh, Chun, Choe & Yoo (2019), CutMix: Regularization Strategy to Train
    Strong Classifiers with Localizable Features.

    Parameters
    ----------
    X : ndarray of float of shape (n, ...)
        Images, flat or not.
    partners : ndarray of int of shape (m,)
        Image each of the first m images takes its patch from.
    boxes : ndarray of int of shape (m, 4)
        ``top, bottom, left, right`` of each patch.
    image_shape : tuple of int
        (H, W) or (H, W, C).
    ensure_all_finite : bool, default=False
        Refuse NaN and infinity in `X`, looked for on the pass that is made anyway.
    out : ndarray of the shape returned or None, default=None
        Where to write the rows: of the dtype of `X`, in C order, apart from `X`.

    Returns
    -------
    ndarray of shape (m, ...)
        Images with their patches; the share kept of the first image is
        ``1 - box_share(boxes, image_shape)``.

    Raises
    ------
    TypeError
        If `X` does not hold floats.
    ValueError
        If the rows are not images of `image_shape`, if boxes or partners lie outside,
        if `out` does not fit, or if `X` is to be finite and is not.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.mixing import cutmix
    >>> X = np.array([[0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
    >>> cutmix(X, np.array([1]), np.array([[0, 2, 0, 1]]), (2, 2))
    array([[1., 0., 1., 0.]])
    """
    from sklreg._mixing_kernels import paste_boxes

    rows, partners = _rows(X, partners)
    n_channels = _channels(rows, image_shape)
    boxes = _check_boxes(boxes, (len(partners), 4), image_shape)
    draws = (partners, *_lines(boxes, image_shape, n_channels))
    return _written(paste_boxes, X, rows, draws, len(partners), ensure_all_finite, out)


def cutout(X, boxes, image_shape, fill=0.0, *, ensure_all_finite=False):
    """Blank boxes of each image.

    DeVries & Taylor (2017), Improved Regularization of Convolutional Neural Networks
    with Cutout.

    Parameters
    ----------
    X : ndarray of float of shape (n, ...)
        Images, flat or not.
    boxes : ndarray of int of shape (n, 4) or (n, n_holes, 4)
        ``top, bottom, left, right`` of each hole.
    image_shape : tuple of int
        (H, W) or (H, W, C).
    fill : float or array-like of shape (C,), default=0.0
        Value put into the holes, one for all channels or one a channel.
    ensure_all_finite : bool, default=False
        Refuse NaN and infinity in `X`, looked for on the pass that is made anyway.

    Returns
    -------
    ndarray
        Images with holes, of the shape of `X`.

    Raises
    ------
    TypeError
        If `X` does not hold floats.
    ValueError
        If the rows are not images of `image_shape`, if boxes lie outside it, if `fill`
        has another length than the channels, or if `X` is to be finite and is not.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.mixing import cutout
    >>> cutout(np.ones((1, 4)), np.array([[0, 1, 0, 2]]), (2, 2))
    array([[0., 0., 1., 1.]])
    """
    from sklreg._mixing_kernels import fill_boxes

    rows, _ = _rows(X, np.arange(len(X)))
    n_channels = _channels(rows, image_shape)
    boxes = np.asarray(boxes)
    if boxes.ndim == 2:
        boxes = boxes[:, None, :]
    boxes = _check_boxes(boxes, (len(rows), *boxes.shape[1:2], 4), image_shape)
    fill = np.asarray(fill, dtype=rows.dtype)
    if fill.shape not in ((), (n_channels,)):
        raise ValueError(
            f"fill must be one value or one for each of {n_channels} channels, got "
            f"shape {fill.shape}."
        )
    blank = np.tile(np.broadcast_to(fill, n_channels), prod(image_shape[:2]))
    holes = (*_lines(boxes, image_shape, n_channels), blank)
    return _written(fill_boxes, X, rows, holes, len(rows), ensure_all_finite, None)


def _written(kernel, X, rows, draws, n, ensure_all_finite, out):
    """Call a kernel on the first `n` rows in parts; return what it writes."""
    shape = (n, *np.shape(X)[1:])
    if out is None:
        out = np.empty(shape, dtype=rows.dtype)
    elif out.shape != shape or out.dtype != rows.dtype or not out.flags.c_contiguous:
        raise ValueError(
            f"out must be a {rows.dtype} array of shape {shape} in C order, got "
            f"{out.dtype} and shape {out.shape}."
        )
    elif np.may_share_memory(out, rows):
        raise ValueError("out must not be X itself: rows are read more than once.")
    lines = out.reshape(n, rows.shape[1])
    read = [read_only(a) if isinstance(a, np.ndarray) else a for a in (rows, *draws)]
    sums = in_parts(kernel, n, _ROWS_A_THREAD, *read, lines)
    if ensure_all_finite and not (n == len(rows) and np.all(np.isfinite(sums))):
        if not np.all(np.isfinite(rows)):
            raise ValueError("X holds NaN or infinity.")
    return out


def _rows(X, partners):
    X = np.asarray(X)
    if not np.issubdtype(X.dtype, np.floating):
        raise TypeError(f"X must hold floats to be mixed, got dtype {X.dtype}.")
    if X.dtype.itemsize not in (4, 8):
        raise TypeError(f"X must be float32 or float64, got {X.dtype}.")
    partners = np.ascontiguousarray(partners, dtype=np.int64)
    n = len(X)
    if partners.ndim != 1 or len(partners) > n:
        raise ValueError(
            f"partners must be one row number for each row of X at most, got shape "
            f"{partners.shape} for {n} rows."
        )
    if partners.size and not (0 <= partners.min() and partners.max() < n):
        raise ValueError(f"partners must be row numbers below {n}.")
    return np.ascontiguousarray(X).reshape(n, prod(X.shape[1:])), partners


def _channels(rows, image_shape):
    if len(image_shape) not in (2, 3) or min(image_shape) < 1:
        raise ValueError(f"image_shape must be (H, W) or (H, W, C), got {image_shape}.")
    if prod(image_shape) != rows.shape[1]:
        raise ValueError(
            f"image_shape {tuple(image_shape)} has {prod(image_shape)} values, but the "
            f"rows of X have {rows.shape[1]}."
        )
    return image_shape[2] if len(image_shape) == 3 else 1


def _lines(boxes, image_shape, n_channels):
    """Return the boxes counted in values, each value's place in its line, a line."""
    height, line = image_shape[0], image_shape[1] * n_channels
    if n_channels > 1:
        boxes = boxes * [1, 1, n_channels, n_channels]
    columns = np.tile(np.arange(line, dtype=np.uint32), height)
    return boxes, columns, line


def _check_boxes(boxes, shape, image_shape):
    boxes = np.ascontiguousarray(boxes, dtype=np.int64)
    if boxes.shape != shape:
        raise ValueError(f"boxes must have shape {shape}, got {boxes.shape}.")
    height, width = image_shape[:2]
    top, bottom, left, right = np.moveaxis(boxes, -1, 0)
    if not np.all(
        (top >= 0)
        & (bottom >= top)
        & (bottom <= height)
        & (left >= 0)
        & (right >= left)
        & (right <= width)
    ):
        raise ValueError(f"boxes must lie within the image of {height} by {width}.")
    return boxes


def _random(rng, n):
    return rng.uniform(0.0, 1.0, n)
