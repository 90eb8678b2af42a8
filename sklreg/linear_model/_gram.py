"""The ``precompute`` parameter: when a Gram matrix is made, taken or refused."""

import numpy as np
from scipy.sparse import issparse

from sklreg._warnings import warn


def checked_gram(precompute, X, design, *, check=True):
    """Return the Gram matrix of the design that ``precompute`` asks for, or None.

    Parameters
    ----------
    precompute : {'auto'}, bool or array-like of shape (n_features, n_features)
        As given to the estimator. 'auto' and False leave the choice to the engine,
        which grows the Gram of its working set as it goes.
    X : ndarray or sparse matrix
        Data as given; with sparse data no whole Gram matrix is made.
    design : DenseDesign or SparseDesign
        The data as the solver sees it.
    check : bool
        Whether to compare one element of a given matrix with the data.

    Returns
    -------
    ndarray or None
        Gram matrix in the design's scale.

    Raises
    ------
    ValueError
        If a given matrix has the wrong shape or is not this design's.
    """
    if isinstance(precompute, (str, bool, np.bool_)) or precompute is None:
        whole = precompute is not False and precompute != "auto" and not issparse(X)
        return design.gram() if whole else None
    n_samples, n_features = X.shape
    gram = np.asarray(precompute, dtype=np.float64)
    if gram.shape != (n_features, n_features):
        raise ValueError(
            f"precompute, given as a Gram matrix, has shape {gram.shape}; X has "
            f"{n_features} features."
        )
    if not np.isfinite(gram).all():
        raise ValueError(
            "precompute, given as a Gram matrix, contains NaN or infinity."
        )
    if issparse(X):
        return None
    if design.center and not np.allclose(design.mean, 0.0, atol=_mean_atol(X)):
        warn(
            "Gram matrix was provided but X was centered"
            " to fit intercept: recomputing Gram matrix.",
            UserWarning,
        )
        return design.gram()
    if check:
        _check_element(gram, X, design)
    return gram / n_samples


def _mean_atol(X):
    """Largest mean, next to the data's scale, that passes for centred."""
    return 1e-8 if X.dtype == np.float64 else 1e-5


def _check_element(gram, X, design):
    n_samples, n_features = X.shape
    i = n_features // 2
    j = min(i + 1, n_features - 1)
    pair = np.empty((n_samples, 2), order="F")
    design.fill_panel(np.array([i, j]), pair)
    expected = n_samples * float(pair[:, 0] @ pair[:, 1])
    rtol = 1e-4 if X.dtype == np.float32 else 1e-7
    if not np.isclose(expected, gram[i, j], rtol=rtol, atol=1e-5):
        raise ValueError(
            "Gram matrix passed in via 'precompute' parameter did not pass validation "
            "when a single element was checked - please check that it was computed "
            f"properly. For element ({i},{j}) we computed {expected} but the "
            f"user-supplied value was {gram[i, j]}."
        )
