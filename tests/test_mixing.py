"""Mixing and cutting rows: against loops, and what they refuse."""

import numpy as np
import pytest

from sklreg.mixing import box_share, cutmix, cutout, draw_boxes, draw_weights, mixup

SHAPES = [(6, 5), (6, 5, 3), (1, 30)]


def images(shape, n=7, dtype=np.float64):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, int(np.prod(shape)))).astype(dtype)


def boxes_for(shape, n, seed=1):
    return draw_boxes(n, shape, 3, 2, np.random.default_rng(seed))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [7, 5000])
def test_mixup_is_the_weighted_sum_and_leaves_its_input(dtype, n):
    X = images((2, 3), n=n, dtype=dtype)
    X.flags.writeable = False
    rng = np.random.default_rng(0)
    partners, weights = rng.permutation(n), rng.uniform(size=n)
    mixed = mixup(X, partners, weights)
    assert mixed.dtype == dtype
    expected = weights[:, None] * X + (1 - weights)[:, None] * X[partners]
    np.testing.assert_allclose(mixed, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mix", [mixup, cutmix])
def test_rows_are_written_to_the_array_that_is_handed_in(mix):
    X, partners = images((2, 3)), np.arange(7)[::-1]
    boxes = boxes_for((2, 3), 7)
    how = (np.linspace(0, 1, 7),) if mix is mixup else (boxes, (2, 3))
    expected = mix(X, partners, *how)
    out = np.empty_like(X)
    assert mix(X, partners, *how, out=out) is out
    np.testing.assert_array_equal(out, expected)
    for wrong in (out[:-1], out.astype(np.float32), np.asfortranarray(out), X):
        with pytest.raises(ValueError, match="out must"):
            mix(X, partners, *how, out=wrong)


def test_mixup_takes_targets_and_fewer_partners_than_rows():
    y = np.array([0.0, 1.0, 4.0])
    np.testing.assert_allclose(mixup(y, [2, 0], [0.5, 0.25]), [2.0, 0.25])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [7, 5000])
def test_cutmix_pastes_the_box_of_the_partner(shape, n):
    X = images(shape, n)
    boxes = boxes_for(shape, n)
    partners = np.random.default_rng(2).permutation(n)
    mixed = cutmix(X, partners, boxes, shape).reshape(n, *shape)
    expected = X.reshape(n, *shape).copy()
    for i, (top, bottom, left, right) in enumerate(boxes):
        patch = X[partners[i]].reshape(shape)[top:bottom, left:right]
        expected[i, top:bottom, left:right] = patch
    np.testing.assert_array_equal(mixed, expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_cutout_fills_every_hole(shape):
    n = 7
    X = images(shape, n)
    fill = [1.0, 2.0, 3.0] if len(shape) == 3 else -9.0
    boxes = np.stack([boxes_for(shape, n, seed) for seed in (1, 2)], axis=1)
    holed = cutout(X, boxes, shape, fill).reshape(n, *shape)
    expected = X.reshape(n, *shape).copy()
    for i in range(n):
        for top, bottom, left, right in boxes[i]:
            expected[i, top:bottom, left:right] = fill
    np.testing.assert_array_equal(holed, expected)


def test_images_keep_their_shape():
    X = images((4, 4), n=3).reshape(3, 4, 4)
    boxes = boxes_for((4, 4), 3)
    assert cutout(X, boxes, (4, 4)).shape == (3, 4, 4)
    assert cutmix(X, [1, 2, 0], boxes, (4, 4)).shape == (3, 4, 4)


def test_boxes_lie_within_and_their_centres_cover_the_image():
    boxes = draw_boxes(20_000, (8, 6), 3, 3, np.random.RandomState(0))
    assert boxes.min() == 0
    assert boxes[:, 1].max() == 8 and boxes[:, 3].max() == 6
    covered = np.zeros((8, 6))
    whole = boxes[(boxes[:, 1] - boxes[:, 0] == 3) & (boxes[:, 3] - boxes[:, 2] == 3)]
    np.add.at(covered, (whole[:, 0] + 1, whole[:, 2] + 1), 1)
    inner = covered[1:-1, 1:-1]
    assert inner.min() > 0.8 * inner.mean()
    assert box_share([[0, 4, 0, 3]], (8, 6)) == pytest.approx(0.25)


def test_weights_follow_the_beta_distribution():
    weights = draw_weights(50_000, 0.5, np.random.default_rng(0))
    assert weights.mean() == pytest.approx(0.5, abs=0.01)
    assert weights.var() == pytest.approx(1 / 8, abs=0.005)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda X: draw_weights(3, 0.0, np.random.default_rng(0)), "alpha"),
        (lambda X: mixup(X, [0, 9], [0.5, 0.5]), "partners"),
        (lambda X: mixup(X, [0, 1], [0.5]), "weights and partners"),
        (lambda X: mixup(X, [0, 1], [0.5, 1.5]), r"\[0, 1\]"),
        (lambda X: cutout(X, [[0, 1, 0, 1]] * 4, (3, 3)), "image_shape"),
        (lambda X: cutout(X, [[0, 9, 0, 1]] * 4, (2, 3)), "within the image"),
        (lambda X: cutout(X, [[0, 1, 0, 1]], (2, 3)), "boxes must have shape"),
        (lambda X: cutout(X, [[0, 1, 0, 1]] * 4, (2, 3), [1.0, 2.0]), "fill"),
        (lambda X: cutmix(X, [0, 1], [[1, 0, 0, 1]] * 2, (2, 3)), "within the image"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(images((2, 3), n=4))


def test_only_floats_are_mixed():
    with pytest.raises(TypeError, match="floats"):
        mixup(np.zeros((2, 2), dtype=np.uint8), [0], [0.5])
