"""Problems small and tame enough that rounding is not amplified."""

import numpy as np
import scipy.sparse as sp
from sklearn.datasets import make_classification, make_regression

CONTAINERS = {"dense": np.asarray, "csr": sp.csr_matrix}


def classification(n_classes=2, n=240, p=12):
    X, y = make_classification(
        n, p, n_informative=6, n_classes=n_classes, random_state=0
    )
    return _tame(X), y


def regression(n=240, p=12):
    X, y = make_regression(n, p, noise=5.0, random_state=0)
    return _tame(X), y / 50


def _tame(X):
    # some zeros for the sparse rows; rows of norm 1 at most keep every rate stable
    X[np.abs(X) < 0.5] = 0
    return X / np.linalg.norm(X, axis=1).max()
