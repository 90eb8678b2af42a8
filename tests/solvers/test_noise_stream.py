"""Noise in pieces: the same as in one piece, and as random."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklreg.noise import NOISES
from sklreg.solvers import noise_stream
from sklreg.solvers.noise_stream import NoiseStream


@pytest.mark.parametrize("kind", sorted(set(NOISES) - {"salt_and_pepper"}))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_pieces_meet_the_noise_of_the_whole(kind, dtype, monkeypatch):
    monkeypatch.setattr(noise_stream, "_NUMBERS", 40)  # runs of 8 rows
    rows = np.random.default_rng(0).uniform(1, 2, (61, 5)).astype(dtype)
    whole = NoiseStream([3, 1])(kind, rows, 0.5)
    stream = NoiseStream([3, 1])
    pieces = [stream(kind, piece, 0.5) for piece in np.split(rows, [1, 3, 11, 12, 40])]
    assert whole.dtype == dtype
    assert_array_equal(np.vstack(pieces), whole)
    # runs differ from one another, and streams too
    assert not np.array_equal(whole[:8] - rows[:8], whole[8:16] - rows[8:16])
    assert not np.array_equal(NoiseStream([3, 2])(kind, rows, 0.5), whole)


def test_salt_and_pepper_takes_extremes_of_the_rows_at_hand():
    rows = np.random.default_rng(0).uniform(5, 6, (200, 2))
    noisy = NoiseStream([0])("salt_and_pepper", rows, 0.5)
    changed = noisy != rows
    assert 0.3 < changed.mean() < 0.7
    extremes = np.stack([rows.min(axis=0), rows.max(axis=0)])
    assert np.isin(noisy[changed], extremes).all()
