"""Gram matrices of training sets, as the whole less the test rows.

``G_train = G − G_test``, both about the mean of all rows, then moved to the training
mean by a rank-one term. Where the test sets part the rows, the whole is the sum of
their matrices and K folds cost one; otherwise X is read about twice. Where training and
test rows do not add up to all rows, or where the difference would cancel, there is no
such matrix and the training rows have to be read themselves.
"""

from dataclasses import dataclass

import numpy as np

from sklreg.solvers._design_kernels import subtract_and_move
from sklreg.solvers.ridge_design import CentredDesign

#: A training variance below this fraction of the whole has lost digits.
_CANCELLATION = 1e-3
#: So has a test error below this fraction of the target's square.
_CANCELLED_ERROR = 1e-6
#: The matrices of all test sets are kept together up to this size.
_BUDGET_BYTES = 1 << 28


def as_slice(rows):
    """Return row numbers as a slice, which copies nothing, where they follow on."""
    if len(rows) and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows))):
        return slice(int(rows[0]), int(rows[0]) + len(rows))
    return rows


@dataclass
class FoldGram:
    """Weighted moments of one training set about its own mean.

    Attributes
    ----------
    gram : ndarray of shape (n_features, n_features)
    products : ndarray of shape (n_features, n_targets)
    mean : ndarray of shape (n_features,)
    offset : ndarray of shape (n_targets,)
    test : TestMoments or None
        What the test rows left out amount to.
    """

    gram: np.ndarray
    products: np.ndarray
    mean: np.ndarray
    offset: np.ndarray
    test: "TestMoments | None" = None


@dataclass
class TestMoments:
    """Weighted moments of test rows, about an origin that need not be their mean.

    Attributes
    ----------
    gram, products, sums : ndarray
        Of the features: with one another, with the targets, and alone.
    total : float
        Sum of the weights.
    square, level : ndarray of shape (n_targets,)
        Of the targets: sums of their squares, and sums.
    mean, offset : ndarray
        The origin of features and targets.
    """

    # Not a class of tests.
    __test__ = False

    gram: np.ndarray
    products: np.ndarray
    sums: np.ndarray
    total: float
    square: np.ndarray
    level: np.ndarray
    mean: np.ndarray
    offset: np.ndarray

    def errors(self, coefs, mean, offset):
        """Return mean squared errors of the first target, or None if they cancel.

        Parameters
        ----------
        coefs : ndarray of shape (n_features, n_models)
        mean : ndarray of shape (n_features,)
        offset : float
            Models predict ``offset + (x - mean) @ coefs``.
        """
        used = np.flatnonzero(coefs.any(axis=1))
        w = coefs[used]
        gram = self.gram
        if len(used) < len(coefs):
            gram = gram.take(used, axis=0).take(used, axis=1)
        shift = self.offset[0] - offset - (self.mean - mean)[used] @ w
        size = self.square[0] + np.einsum("ij,ij->j", w, gram @ w)
        squares = size - 2.0 * (self.products[used, 0] @ w)
        squares += shift * (2.0 * (self.level[0] - self.sums[used] @ w))
        squares += shift**2 * self.total
        if not np.all(squares > _CANCELLED_ERROR * size):
            return None
        return squares / self.total


class FoldGrams:
    """The whole Gram matrix, and those of the training sets it leaves.

    Parameters
    ----------
    X : ndarray or CSR/CSC matrix of shape (n_samples, n_features)
    Y : ndarray of shape (n_samples, n_targets)
    weights : ndarray of shape (n_samples,)
    fit_intercept : bool
    """

    def __init__(self, X, Y, weights, fit_intercept):
        # CSC has no cheap rows.
        self.rows = X if isinstance(X, np.ndarray) else X.tocsr()
        self.weights = weights
        self.fit_intercept = fit_intercept
        self.whole = CentredDesign(X, weights, centre=fit_intercept)
        self.centred, self.offset = self.whole.centre_targets(Y)
        self.gram = None
        self.parts = {}

    def prepare(self, tests=()):
        """Make the whole Gram matrix, if it has not been made yet.

        Parameters
        ----------
        tests : sequence of ndarray of int
            Test sets that are to follow. If each row is in one of them, the whole is
            the sum of their matrices, which are kept for :meth:`training`.
        """
        if self.gram is not None:
            return
        n_samples, n_features = self.rows.shape
        size = 8 * n_features**2 * (len(tests) + 1)
        counts = [np.bincount(test, minlength=n_samples) for test in tests]
        if not tests or size > _BUDGET_BYTES or np.any(np.sum(counts, axis=0) != 1):
            self.gram, self.products = self.whole.gram(
                self.whole.scale_rows(self.centred)
            )
            return
        parts = [self._moments(test) for test in tests]
        self.gram = parts[0][0].copy()
        for part in parts[1:]:
            self.gram += part[0]
        self.products = np.sum([part[1] for part in parts], axis=0)
        constant = self.whole.constant_columns(np.diagonal(self.gram))
        self.gram[constant], self.gram[:, constant] = 0.0, 0.0
        self.products[constant] = 0.0
        self.parts = {
            test.tobytes(): part for test, part in zip(tests, parts, strict=True)
        }

    def _moments(self, test):
        """Return Gram, products and column sums of test rows about the whole mean."""
        part = CentredDesign(
            self.rows[as_slice(test)],
            self.weights[test],
            centre=self.fit_intercept,
            mean=self.whole.mean,
        )
        targets = part.scale_rows(self.centred[test])
        # The root as one more target: its products are the sums over the rows.
        gram, products = part.gram(np.column_stack([targets, part.root]))
        return gram, products[:, :-1], products[:, -1]

    def training(self, train, test):
        """Return the :class:`FoldGram` of the training rows, or None."""
        seen = np.bincount(np.concatenate([train, test]), minlength=len(self.weights))
        if np.any(seen != 1):
            return None
        self.prepare()
        s, targets = self.weights[test], self.centred[test]
        total = self.whole.total - s.sum()
        if not total > 0:
            return None
        part = self.parts.get(test.tobytes()) or self._moments(test)
        gram, products = np.empty_like(self.gram), self.products - part[1]
        mean, offset = self.whole.mean, self.offset
        shift = np.zeros(len(gram))
        if self.fit_intercept:
            shift = -part[2] / total
            level = -(s @ targets) / total
            products -= total * np.outer(shift, level)
            mean, offset = mean + shift, offset + level
        subtract_and_move(self.gram, part[0], total, shift, gram)
        constant = np.diagonal(self.gram) == 0
        gram[constant], gram[:, constant], products[constant] = 0.0, 0.0, 0.0
        if np.any(np.diagonal(gram) < _CANCELLATION * np.diagonal(self.gram)):
            return None
        left = TestMoments(
            *part, s.sum(), s @ targets**2, s @ targets, self.whole.mean, self.offset
        )
        return FoldGram(gram, products, mean, offset, left)
