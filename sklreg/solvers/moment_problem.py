"""Least squares where the moments are known, and rows are made only if asked for.

From ``G = A^T A``, ``q = A^T b`` and ``b^T b`` paths are solved and certified. What
needs residuals all the same gets rows with these moments: a factor of G, as many rows
as there are features, and one more for what of b no feature explains. On these rows
the problem, its residual norms and its duality gaps are those of the data.
"""

from functools import cached_property

import numpy as np
from scipy import linalg

from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import DenseDesign

#: Eigenvalues of a correlation matrix below this part of the largest are rounding.
_RANK = 1e-14


class MomentDesign(DenseDesign):
    """A design, centred and weighted already, of which the moments are known.

    Parameters
    ----------
    gram : ndarray of shape (n_features, n_features)
        ``A^T A``.
    products : ndarray of shape (n_features,)
        ``A^T b``.
    square : float
        ``b^T b``.
    """

    def __init__(self, gram, products, square):
        n_features = len(gram)
        self.moments = gram, products, square
        self.shape = n_features + 1, n_features
        self.center = self.far = False
        self.weight = 1.0 / self.shape[0]
        self.root = np.sqrt(self.weight)
        self.mean = np.zeros(n_features)
        self.taken_out = np.zeros(n_features)

    @cached_property
    def _rows(self):
        gram, products, square = self.moments
        A, b = _factored(gram, products)
        X, target = np.zeros(self.shape), np.zeros(self.shape[0])
        # Each row has the weight 1 / n_rows.
        X[: len(A)] = A / self.root
        target[: len(b)] = b / self.root
        target[-1] = np.sqrt(max(0.0, square - b @ b)) / self.root
        return X, target

    @property
    def X(self):
        """The rows, as a design keeps them."""
        return self._rows[0]

    @property
    def target(self):
        """The target on these rows."""
        return self._rows[1]


class MomentProblem(LeastSquaresProblem):
    """The problem of a :class:`MomentDesign` and its own target.

    Parameters
    ----------
    design : MomentDesign
        The moments.
    **options
        `positive`, `random_state` and `factors` of LeastSquaresProblem.
    """

    def __init__(self, design, **options):
        gram, products, square = design.moments
        super().__init__(
            design,
            None,
            gram=gram,
            correlation=products,
            target_square=square,
            exact_gram=True,
            **options,
        )

    def certifies_by_gram(self, n_penalties):
        """Whether a path is certified by the moments: always, rows would be made."""
        return True

    @cached_property
    def b(self):
        """The weighted target."""
        return self.design.weigh(self.design.target)


def _factored(gram, products):
    """Return A and b with ``A^T A`` and ``A^T b`` as given, A square at the most."""
    scale = np.sqrt(np.diagonal(gram))
    scale[scale == 0.0] = 1.0
    correlation = gram / scale[:, None]
    correlation /= scale
    try:
        # NumPy's, as all products here are: the threads of SciPy's own BLAS would wait
        # for those of the other.
        R = np.linalg.cholesky(correlation).T
        b = linalg.solve_triangular(R, products / scale, trans=1, check_finite=False)
    except np.linalg.LinAlgError:
        values, vectors = linalg.eigh(correlation)
        kept = values > _RANK * values[-1]
        root = np.sqrt(values[kept])
        R = root[:, None] * vectors[:, kept].T
        b = (vectors[:, kept].T @ (products / scale)) / root
    return R * scale, b
