"""Gram matrices of training sets, as the whole less the test rows.

``G_train = G − G_test``, both about the mean of all rows, then moved to the training
mean by a rank-one term: K folds read X about twice. Where training and test rows do
not add up to all rows, or where the difference would cancel, there is no such matrix
and the training rows have to be read themselves.
"""

from dataclasses import dataclass

import numpy as np

from sklreg.solvers.ridge_design import CentredDesign

#: A training variance below this fraction of the whole has lost digits.
_CANCELLATION = 1e-3


@dataclass
class FoldGram:
    """Weighted moments of one training set about its own mean.

    Attributes
    ----------
    gram : ndarray of shape (n_features, n_features)
    products : ndarray of shape (n_features, n_targets)
    mean : ndarray of shape (n_features,)
    offset : ndarray of shape (n_targets,)
    """

    gram: np.ndarray
    products: np.ndarray
    mean: np.ndarray
    offset: np.ndarray


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

    def prepare(self):
        """Make the whole Gram matrix, if it has not been made yet."""
        if self.gram is None:
            self.gram, self.products = self.whole.gram(
                self.whole.scale_rows(self.centred)
            )

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
        part = CentredDesign(
            self.rows[test], s, centre=self.fit_intercept, mean=self.whole.mean
        )
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
        return FoldGram(gram, products, mean, offset)
