"""Solving with ``M + αI``, M the Gram matrix of a ridge problem's smaller side."""

import numpy as np
from scipy.linalg.lapack import dtrtrs

#: For more alphas than this one eigendecomposition is cheaper than a factor each.
_MANY_ALPHAS = 24
#: Eigenvalues are exact to rounding of the largest; with diagonal entries further
#: apart than this, the small ones would lose too many digits.
_EVEN_SCALES = 1e8


def factor_shifted(matrix, alpha):
    """Return the Cholesky factor of ``M + αI``.

    Raises
    ------
    numpy.linalg.LinAlgError
        If ``M + αI`` is singular to working precision. The test compares each pivot
        with its own diagonal entry, so it does not depend on column scales.
    """
    diagonal = np.arange(len(matrix))
    shifted = matrix.copy()
    shifted[diagonal, diagonal] += alpha
    # NumPy's factorisation, as the products before it are NumPy's: the threads of
    # SciPy's own BLAS would wait for those of the other.
    factor = np.linalg.cholesky(shifted)
    least = 10 * len(matrix) * np.finfo(np.float64).eps * shifted[diagonal, diagonal]
    if not np.all(factor[diagonal, diagonal] ** 2 > least):
        raise np.linalg.LinAlgError("matrix singular to working precision")
    return factor


def solve_factored(factor, rhs):
    """Solve ``L Lᵀ x = rhs`` for every column."""
    half = dtrtrs(factor.T, rhs, lower=0, trans=1)[0]
    return dtrtrs(factor.T, half, lower=0)[0]


def solve_shifted(matrix, rhs, alpha):
    """Solve ``(M + α_k I) x_k = rhs_k`` for every column k, by Cholesky.

    Raises
    ------
    numpy.linalg.LinAlgError
        As :func:`factor_shifted` does.
    """
    out = np.empty_like(rhs)
    for value in np.unique(alpha):
        columns = alpha == value
        out[:, columns] = solve_factored(factor_shifted(matrix, value), rhs[:, columns])
    return out


def lift_null_space(design, kernel):
    """Make the centred kernel ``AAᵀ`` regular without changing any solution.

    Centring puts ``ŝ = √s/‖√s‖`` in its null space and a zero weight makes its row
    zero; right-hand sides are zero there. Returns ŝ and the eigenvalue σ given to it
    (``AAᵀ + σ ŝŝᵀ``), or None and 0 without centring.
    """
    size = max(np.trace(kernel) / len(kernel), np.finfo(np.float64).tiny)
    if design.weights is not None:
        idle = np.flatnonzero(design.weights == 0)
        kernel[idle, idle] = size
    if not design.centre:
        return None, 0.0
    root = np.ones(len(kernel)) if design.root is None else design.root
    direction = root / np.sqrt(design.total)
    kernel += size * np.outer(direction, direction)
    return direction, size


def spectrum(matrix):
    """Return eigenvalues, rounded up to zero, and eigenvectors of a Gram matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return np.maximum(values, 0.0), vectors


def evenly_scaled(matrix):
    """Whether an eigendecomposition keeps digits for every diagonal entry."""
    diagonal = np.diagonal(matrix)
    present = diagonal[diagonal > 0]
    return len(present) == 0 or present.max() <= _EVEN_SCALES * present.min()


def solve_alphas(matrix, rhs, alphas):
    """Solve ``(M + αI) x = rhs_k`` for every alpha and every column k.

    Returns
    -------
    ndarray of shape (len(M), n_columns, n_alphas)

    Raises
    ------
    numpy.linalg.LinAlgError
        If a shifted matrix is singular to working precision.
    """
    if len(alphas) > _MANY_ALPHAS and evenly_scaled(matrix) and np.min(alphas) > 0:
        values, vectors = spectrum(matrix)
        rotated = (vectors.T @ rhs)[:, :, None] / (values[:, None, None] + alphas)
        return (vectors @ rotated.reshape(len(matrix), -1)).reshape(rotated.shape)
    out = np.empty((*rhs.shape, len(alphas)))
    for k, alpha in enumerate(alphas):
        out[:, :, k] = solve_shifted(matrix, rhs, np.full(rhs.shape[1], alpha))
    return out
