"""K-fold cross-validation of ridge regression, every fold solved for all alphas.

Tall designs: the Gram matrix of a training set is that of all rows less that of the
test rows (``G_train = G − G_test``, both about the mean of all rows, then moved to the
training mean by a rank-one term), so that K folds read X about twice. Where training
and test rows do not add up to all rows, where the difference would cancel, or where
an alpha is zero, the training Gram matrix is formed from its own rows.

Wide designs: ``K = (X − 1 mᵀ)(X − 1 mᵀ)ᵀ`` is formed once; training and test kernels
are blocks of it, centred again, and X is not read for the folds at all.
"""

import numpy as np
from scipy import linalg

from sklreg.solvers.ridge import solve_ridge, solve_svd
from sklreg.solvers.ridge_design import CentredDesign
from sklreg.solvers.ridge_linalg import lift_null_space, solve_alphas

#: The largest Gram matrix side for which a sparse design is solved in closed form.
SPARSE_SIDE = 4000
#: A training variance below this fraction of the whole is formed from its own rows.
_CANCELLATION = 1e-3


class FoldFit:
    """Ridge fits of one training set for all alphas.

    Attributes
    ----------
    predictions : ndarray of shape (n_test, n_targets, n_alphas)
    """

    def __init__(self, predictions, coefficients):
        self.predictions = predictions
        self._coefficients = coefficients

    def coefficients(self):
        """Return ``(coef, intercept)`` over all alphas.

        Of shapes (n_features, n_targets, n_alphas) and (n_targets, n_alphas).
        """
        return self._coefficients()


def cross_validate_ridge(X, Y, alphas, splits, *, weights=None, fit_intercept=True):
    """Yield a :class:`FoldFit` for every ``(train, test)`` in `splits`.

    Parameters
    ----------
    X : ndarray or CSR/CSC matrix of shape (n_samples, n_features)
    Y : ndarray of shape (n_samples, n_targets)
    alphas : ndarray of shape (n_alphas,)
    splits : iterable of (train, test)
        Arrays of row numbers; rows named twice count twice.
    weights : ndarray of shape (n_samples,), optional
    fit_intercept : bool, default=True
    """
    folds = _choose(X)(X, Y, np.asarray(alphas, np.float64), weights, fit_intercept)
    for train, test in splits:
        yield folds.fit(np.asarray(train), np.asarray(test))


def _choose(X):
    n, p = X.shape
    if not isinstance(X, np.ndarray) and min(n, p) > SPARSE_SIDE:
        return _IterativeFolds
    return _TallFolds if p <= n else _WideFolds


class _Folds:
    def __init__(self, X, Y, alphas, weights, fit_intercept):
        self.X, self.Y, self.alphas = X, np.asarray(Y, np.float64), alphas
        self.weights = np.ones(X.shape[0]) if weights is None else weights
        self.fit_intercept = fit_intercept
        # CSC has no cheap rows.
        self.rows = X if isinstance(X, np.ndarray) else X.tocsr()

    def training_weights(self, train):
        return self.weights * np.bincount(train, minlength=len(self.weights))

    def design(self, weights):
        if not weights.sum() > 0:
            raise ValueError(
                "sample_weight leaves a training set of cv without any positive weight."
            )
        return CentredDesign(self.X, weights, centre=self.fit_intercept)

    def minimum_norm(self, weights, test):
        """Fit by singular values, for a singular system (an alpha of zero)."""
        design = self.design(weights)
        centred, offset = design.centre_targets(self.Y)
        B = design.scale_rows(centred)
        paths = [
            solve_svd(design, B, np.full(B.shape[1], alpha)) for alpha in self.alphas
        ]
        return self.from_coefficients(test, np.stack(paths, 2), design.mean, offset)

    def from_coefficients(self, test, coef, mean, offset):
        """Predict with ``offset + (x − mean)ᵀ coef``, coef (p, n_targets, k)."""
        flat = coef.reshape(len(coef), -1)
        predictions = self._centred_rows(test, mean, flat).reshape(-1, *coef.shape[1:])
        predictions += offset[:, None]

        def coefficients():
            return coef, offset[:, None] - np.tensordot(mean, coef, axes=1)

        return FoldFit(predictions, coefficients)

    def _centred_rows(self, rows, mean, V):
        if isinstance(self.X, np.ndarray):
            return np.subtract(self.X[rows], mean, dtype=np.float64) @ V
        return self.rows[rows] @ V - mean @ V


class _TallFolds(_Folds):
    def __init__(self, *args):
        super().__init__(*args)
        self.whole = self.design(self.weights)
        self.centred, self.offset = self.whole.centre_targets(self.Y)
        self.gram = None

    def fit(self, train, test):
        weights = self.training_weights(train)
        found = None
        if self.alphas.min() > 0 and self._complementary(train, test):
            found = self._by_subtraction(test)
        if found is None:
            found = self._from_own_rows(weights)
        gram, products, mean, offset = found
        try:
            coef = solve_alphas(gram, products, self.alphas)
        except linalg.LinAlgError:
            return self.minimum_norm(weights, test)
        return self.from_coefficients(test, coef, mean, offset)

    def _complementary(self, train, test):
        seen = np.bincount(np.concatenate([train, test]), minlength=len(self.weights))
        return np.all(seen == 1)

    def _by_subtraction(self, test):
        if self.gram is None:
            self.gram, self.products = self.whole.gram(
                self.whole.scale_rows(self.centred)
            )
        s, targets = self.weights[test], self.centred[test]
        part = CentredDesign(
            self.rows[test], s, centre=self.fit_intercept, mean=self.whole.mean
        )
        total = self.whole.total - s.sum()
        if not total > 0:
            return None
        gram, products = part.gram(part.scale_rows(targets))
        np.subtract(self.gram, gram, out=gram)
        np.subtract(self.products, products, out=products)
        mean, offset = self.whole.mean, self.offset
        if self.fit_intercept:
            ones = part.root[:, None]
            shift = -part.t_dot(ones)[:, 0] / total
            level = -(s @ targets) / total
            gram -= total * np.outer(shift, shift)
            products -= total * np.outer(shift, level)
            mean, offset = mean + shift, offset + level
        constant = np.diagonal(self.gram) == 0
        gram[constant], gram[:, constant], products[constant] = 0.0, 0.0, 0.0
        if np.any(np.diagonal(gram) < _CANCELLATION * np.diagonal(self.gram)):
            return None
        return gram, products, mean, offset

    def _from_own_rows(self, weights):
        design = self.design(weights)
        centred, offset = design.centre_targets(self.Y)
        gram, products = design.gram(design.scale_rows(centred))
        return gram, products, design.mean, offset


class _WideFolds(_Folds):
    def __init__(self, *args):
        super().__init__(*args)
        ones = CentredDesign(self.X, centre=self.fit_intercept)
        self.whole, self.kernel = ones, ones.kernel()

    def fit(self, train, test):
        counts = self.training_weights(train)
        train = np.flatnonzero(counts)
        if len(train) == 0:
            self.design(counts)
        s = counts[train]
        root, total = np.sqrt(s), s.sum()
        inner = self.kernel[np.ix_(train, train)]
        outer = self.kernel[np.ix_(test, train)]
        targets = self.Y[train]
        offset = np.zeros(targets.shape[1])
        if self.fit_intercept:
            level = inner @ s / total
            middle = level @ s / total
            outer += middle - level - (outer @ s / total)[:, None]
            inner += middle - level - level[:, None]
            offset = s @ targets / total
        inner *= root * root[:, None]
        side = _Side(root, total, self.fit_intercept)
        lift_null_space(side, inner)
        rhs = root[:, None] * (targets - offset)
        try:
            dual = solve_alphas(inner, rhs, self.alphas)
        except linalg.LinAlgError:
            return self.minimum_norm(counts, test)
        dual *= root[:, None, None]
        predictions = np.tensordot(outer, dual, axes=1) + offset[:, None]

        def coefficients():
            return self._coefficients(train, s, dual, offset)

        return FoldFit(predictions, coefficients)

    def _coefficients(self, train, s, dual, offset):
        U = np.zeros((self.X.shape[0], dual[0].size))
        U[train] = dual.reshape(len(train), -1)
        coef = self.whole.t_dot(U).reshape(-1, *dual.shape[1:])
        mean = self.whole.mean
        if self.fit_intercept:
            ones = np.zeros((self.X.shape[0], 1))
            ones[train, 0] = s / s.sum()
            shift = self.whole.t_dot(ones)[:, 0]
            coef -= shift[:, None, None] * dual.sum(axis=0)
            mean = mean + shift
        return coef, offset[:, None] - np.tensordot(mean, coef, axes=1)


class _Side:
    """What :func:`lift_null_space` asks of a design, for a block of the kernel."""

    def __init__(self, root, total, centre):
        self.root, self.total, self.centre, self.weights = root, total, centre, None


class _IterativeFolds(_Folds):
    """Large sparse designs: a fit a fold and alpha."""

    def fit(self, train, test):
        weights = self.training_weights(train)
        self.design(weights)
        paths, offsets = [], []
        for alpha in self.alphas:
            fit = solve_ridge(
                self.X,
                self.Y,
                np.full(self.Y.shape[1], alpha),
                weights=weights,
                fit_intercept=self.fit_intercept,
                solver="sparse_cg",
            )
            paths.append(fit.coef.T)
            offsets.append(fit.intercept)
        coef, intercept = np.stack(paths, axis=2), np.stack(offsets, axis=1)
        predictions = self.rows[test] @ coef.reshape(len(coef), -1)
        predictions = predictions.reshape(-1, *coef.shape[1:]) + intercept
        return FoldFit(predictions, lambda: (coef, intercept))
