"""What solvers of the squared loss hand back, and the order they sweep in."""

from dataclasses import dataclass

import numpy as np

# Sweeps that one draw of random coordinates serves.
_CHUNK = 8


@dataclass
class Solution:
    """Coefficients with their certificate.

    Attributes
    ----------
    w : ndarray of shape (n_features,)
        Coefficients.
    gap : float
        Duality gap at ``w``, from a residual computed afresh.
    n_iter : int
        Sweeps of coordinate descent; an exact solution on a working set is one.
    correlation : ndarray of shape (n_features,)
        ``A^T (b - A w)``, where the next problem of a path starts from.
    """

    w: np.ndarray
    gap: float
    n_iter: int
    correlation: np.ndarray


class Selection:
    """Order of the coordinates in a sweep: cyclic, or drawn from a generator."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def order(self, size):
        """Return random integers for a chunk of sweeps; none for cyclic order."""
        if self.random_state is None:
            return np.empty((0, 0), dtype=np.int64)
        return self.random_state.randint(
            0, np.iinfo(np.int32).max, size=(_CHUNK, size)
        ).astype(np.int64)

    def sweeps(self, limit):
        """Return how many sweeps one kernel call may take."""
        return limit if self.random_state is None else min(limit, _CHUNK)
