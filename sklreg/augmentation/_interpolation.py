"""What the SMOTE family shares: draws between neighbours, and the rows made of them."""

from dataclasses import dataclass

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_neighbors_object
from scipy import sparse
from sklearn.utils import check_random_state

from sklreg._validation import HasMethods, Integral, Interval
from sklreg._views import read_only
from sklreg.augmentation._sampler import CarefulSampler

NEIGHBORS = [
    Interval(Integral, 1, None, closed="left"),
    HasMethods(["kneighbors", "kneighbors_graph"]),
]

# rows made at once where there is no kernel for the dtype
_CHUNK = 4096


@dataclass
class Draws:
    """New rows of one class: ``X[base] + steps * (X[other] - X[base])``."""

    label: object
    base: np.ndarray
    other: np.ndarray
    steps: np.ndarray

    def __len__(self):
        return len(self.base)


class BaseSMOTE(CarefulSampler, BaseOverSampler):
    """Parameters and draws common to the samplers that interpolate."""

    _parameter_constraints: dict = {
        **BaseOverSampler._parameter_constraints,
        "k_neighbors": NEIGHBORS,
    }

    def __init__(self, sampling_strategy="auto", random_state=None, k_neighbors=5):
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.k_neighbors = k_neighbors

    def _new_search(self, parameter):
        """Return an unfitted search that also finds the row itself."""
        return check_neighbors_object(
            parameter, getattr(self, parameter), additional_neighbor=1
        )

    def _draw(self, label, base, neighbors, among, n_samples, step_size=1.0):
        """Draw `n_samples` places on the segments between rows and neighbours.

        `base` are the rows of X to start from, `neighbors` the positions in `among`
        of the neighbours of each, and `among` rows of X.
        """
        random_state = check_random_state(self.random_state)
        picked = random_state.randint(low=0, high=neighbors.size, size=n_samples)
        steps = step_size * random_state.uniform(size=n_samples)
        rows, columns = np.divmod(picked, neighbors.shape[1])
        return Draws(label, base[rows], among[neighbors[rows, columns]], steps)

    def _check_class_sizes(self, y, search, parameter):
        """Refuse a class with fewer rows than neighbours before any work."""
        needed = getattr(search, "n_neighbors", None)
        if not isinstance(needed, Integral):
            return
        for label, n_samples in self.sampling_strategy_.items():
            size = np.count_nonzero(y == label)
            if n_samples and size < needed:
                raise ValueError(
                    f"Class {label} has {size} rows, but {parameter} needs "
                    f"{needed} with the row itself. Expected n_neighbors <= "
                    f"n_samples_fit, but n_neighbors = {needed}, n_samples_fit = "
                    f"{size}, n_samples = {size}. Lower {parameter}, or leave the "
                    "class out of sampling_strategy."
                )


def append_rows(X, y, draws):
    """Return X and y with the rows of `draws` below them."""
    y_new = [np.full(len(d), fill_value=d.label, dtype=y.dtype) for d in draws]
    y_resampled = np.hstack([y, *y_new])
    if sparse.issparse(X):
        X_new = [_interpolate_sparse(X, d) for d in draws]
        return sparse.vstack([X, *X_new], format=X.format), y_resampled
    out = np.empty((len(y_resampled), X.shape[1]), dtype=X.dtype)
    out[: len(X)] = X
    start = len(X)
    for d in draws:
        stop = start + len(d)
        _interpolate(X, d, out[start:stop])
        start = stop
    return out, y_resampled


def _interpolate(X, draws, out):
    if X.dtype in (np.float32, np.float64) and X.flags.c_contiguous:
        from sklreg.augmentation._smote_kernels import interpolate

        interpolate(read_only(X), draws.base, draws.other, draws.steps, out)
        return
    for start in range(0, len(draws), _CHUNK):
        part = slice(start, start + _CHUNK)
        base, other = X[draws.base[part]], X[draws.other[part]]
        if X.dtype.kind != "f":
            # differences of unsigned integers would wrap around
            base, other = base.astype(np.float64), other.astype(np.float64)
        new = base + draws.steps[part, None] * (other - base)
        out[part] = new.astype(X.dtype)


def _interpolate_sparse(X, draws):
    rows = X.tocsr()
    base = rows[draws.base]
    gaps = rows[draws.other] - base
    scaled = gaps.multiply(draws.steps[:, None])
    return (base + scaled.tocsr()).astype(X.dtype)
