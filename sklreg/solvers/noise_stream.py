"""Noise for rows that come in pieces: the same rows' noise, however they are cut."""

import numpy as np

from sklreg.noise import NOISES

# Rows that are drawn together hold at most about this many numbers.
_NUMBERS = 1 << 18


class NoiseStream:
    """A source of noise that goes on where the last call ended.

    Rows are counted over all calls. Those of a run of fixed length are drawn together,
    from a source made of the seed and the run's number, so that an epoch in one piece
    and the same rows chunk by chunk meet the same noise.

    Parameters
    ----------
    seed : sequence of int
        Tells one stream from another.
    """

    def __init__(self, seed):
        self.seed = list(seed)
        self.n_seen = 0

    def __call__(self, kind, rows, scale):
        """Return a noisy copy of the next rows.

        Parameters
        ----------
        kind : str
            Name in :data:`sklreg.noise.NOISES`.
        rows : ndarray of shape (n_rows, n_columns)
            Clean values.
        scale : float
            Scale of the noise.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            Noisy values.
        """
        run_length = max(1, _NUMBERS // max(1, rows.shape[1]))
        noisy = np.empty_like(rows)
        first = 0
        while first < len(rows):
            run, at = divmod(self.n_seen, run_length)
            taken = min(run_length - at, len(rows) - first)
            # A row's noise depends on its place in the run: hold that place. Copies of
            # a row stand for the others, so that no column has a new extreme value.
            whole = np.broadcast_to(rows[first], (run_length, rows.shape[1])).copy()
            whole[at : at + taken] = rows[first : first + taken]
            rng = np.random.default_rng([*self.seed, run])
            whole = NOISES[kind](whole, scale, rng)
            noisy[first : first + taken] = whole[at : at + taken]
            first += taken
            self.n_seen += taken
        return noisy
