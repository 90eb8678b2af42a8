"""Which rows and columns each member of an ensemble sees, from its seed."""

import threading
from dataclasses import dataclass

import numpy as np
from sklearn.utils.random import sample_without_replacement

from sklreg._validation import Integral
from sklreg._warnings import warn

_held = threading.local()


@dataclass(frozen=True)
class Draws:
    """Draws of rows and columns, made again from a seed whenever they are needed.

    With ``bootstrap`` True or False they are those of scikit-learn.

    Attributes
    ----------
    bootstrap : bool or {'bayesian', 'stratified', 'group'}
        How rows are drawn.
    n_samples, max_samples : int
        Rows there are, and rows to draw; for 'group', groups to draw.
    n_features, max_features : int
        Columns there are, and columns to draw.
    bootstrap_features : bool
        Whether columns are drawn with replacement.
    sample_weight : ndarray of shape (n_samples,) or None
        What the probability of a row is proportional to.
    blocks : tuple of ndarray or None
        The rows of each stratum or group.
    """

    bootstrap: object
    n_samples: int
    max_samples: int
    n_features: int
    max_features: int
    bootstrap_features: bool = False
    sample_weight: np.ndarray | None = None
    blocks: tuple | None = None

    @property
    def all_features(self):
        """Whether every member sees every column."""
        return not self.bootstrap_features and self.max_features == self.n_features

    def indices(self, seed):
        """Return the columns and the rows of one member."""
        rng = _seeded(seed)
        features = _draw(
            rng, self.bootstrap_features, self.n_features, self.max_features
        )
        if self.bootstrap == "bayesian":
            return features, np.flatnonzero(self._bayesian(rng))
        return features, self._rows(rng)

    def weights(self, seed):
        """Return the columns of one member, and how often each row was drawn.

        The weights of the Bayesian bootstrap are positive reals with sum n_samples.
        """
        if self.bootstrap != "bayesian":
            features, rows = self.indices(seed)
            return features, np.bincount(rows, minlength=self.n_samples)
        rng = _seeded(seed)
        features = _draw(
            rng, self.bootstrap_features, self.n_features, self.max_features
        )
        return features, self._bayesian(rng)

    def _bayesian(self, rng):
        weight = rng.standard_exponential(self.n_samples)
        if self.sample_weight is not None:
            weight *= self.sample_weight
        return weight * (self.n_samples / weight.sum())

    def _rows(self, rng):
        if self.bootstrap == "stratified":
            sizes = _shares([len(rows) for rows in self.blocks], self.max_samples)
            return np.concatenate(
                [
                    rows[self._draw_weighted(rng, rows, size)]
                    for rows, size in zip(self.blocks, sizes, strict=True)
                ]
            )
        if self.bootstrap == "group":
            p = None
            if self.sample_weight is not None:
                p = np.array([self.sample_weight[rows].sum() for rows in self.blocks])
                p /= p.sum()
            chosen = rng.choice(len(self.blocks), self.max_samples, p=p)
            return np.concatenate([self.blocks[k] for k in chosen])
        if self.sample_weight is None:
            return _draw(rng, self.bootstrap, self.n_samples, self.max_samples)
        return rng.choice(
            self.n_samples,
            self.max_samples,
            replace=bool(self.bootstrap),
            p=self.sample_weight / self.sample_weight.sum(),
        )

    def _draw_weighted(self, rng, rows, size):
        if self.sample_weight is None:
            return rng.randint(0, len(rows), size)
        weight = self.sample_weight[rows]
        if not weight.any():
            raise ValueError("All the rows of a stratum have weight zero.")
        return rng.choice(len(rows), size, p=weight / weight.sum())


def _seeded(seed):
    """Return this thread's generator, seeded: it takes far less time than a new one."""
    if not hasattr(_held, "rng"):
        _held.rng = np.random.RandomState()
    _held.rng.seed(seed)
    return _held.rng


def _draw(rng, replace, population, size):
    if replace:
        return rng.randint(0, population, size)
    return sample_without_replacement(population, size, random_state=rng)


def _shares(sizes, total):
    """Split a total in proportion to sizes, by largest remainders, at least 1 each."""
    exact = np.asarray(sizes) * (total / np.sum(sizes))
    shares = np.maximum(1, exact.astype(np.intp))
    missing = total - shares.sum()
    if missing > 0:
        order = np.argsort(shares - exact, kind="stable")
        shares[order[:missing]] += 1
    return shares


def blocks_of(labels, n_samples, name):
    """Return the rows of each distinct label.

    Raises
    ------
    ValueError
        If there are not as many labels as rows.
    """
    labels = np.asarray(labels)
    if labels.shape != (n_samples,):
        raise ValueError(
            f"{name} must hold one label for each of the {n_samples} rows of X; got an "
            f"array of shape {labels.shape}."
        )
    _, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return tuple(
        np.split(np.argsort(codes, kind="stable"), np.cumsum(counts)[:-1].tolist())
    )


def number_of_rows(max_samples, n_samples, sample_weight=None, what="rows"):
    """Return the integer that `max_samples` stands for, as scikit-learn 1.9 does.

    Raises
    ------
    ValueError
        If a fraction is of so few rows that none would be drawn.
    """
    if max_samples is None:
        return n_samples
    if isinstance(max_samples, Integral):
        return int(max_samples)
    if sample_weight is None:
        number = int(max_samples * n_samples)
        when = f"the number of samples is {n_samples}"
        if number < 1:
            raise ValueError(
                f"max_samples={max_samples} of {n_samples} {what} draws not even one "
                f"of the {what}; give a larger fraction or an integer."
            )
    else:
        total = sample_weight.sum()
        number = max(1, int(max_samples * total))
        when = f"the total sum of sample weights is {total}"
    if number < max(10, n_samples ** (1 / 3)) and what == "rows":
        warn(
            f"Using the fractional value max_samples={max_samples} when {when} results "
            f"in a low number ({number}) of bootstrap samples. We recommend passing "
            "`max_samples` as an integer instead.",
        )
    return number


def number_of_features(max_features, n_features):
    """Return the integer that `max_features` stands for.

    Raises
    ------
    ValueError
        If it is more than there are.
    """
    if not isinstance(max_features, Integral):
        max_features = int(max_features * n_features)
    if max_features > n_features:
        raise ValueError(
            f"max_features must be <= n_features: got {max_features} for "
            f"{n_features} features."
        )
    return max(1, int(max_features))
