"""Penalties and bounds that differ from feature to feature."""

from dataclasses import dataclass, replace

import numpy as np

from sklreg.solvers.design import make_design

_BLOCK_BYTES = 1 << 23
#: A spread below this part of the mean is rounding.
_CONSTANT = 1e-14


@dataclass(frozen=True)
class PenaltyTerms:
    """What each coefficient pays, and where it may lie.

    The penalty of coefficient j is ``l1[j] |w_j|`` times the strength of the L1
    penalty and ``l2[j] / 2 w_j^2`` times that of the L2 penalty.

    Attributes
    ----------
    l1, l2 : ndarray of shape (n_features,)
        Factors of the two penalties, finite and non-negative; both are 0 where a
        feature is not penalised.
    lower, upper : ndarray of shape (n_features,)
        Bounds, ``lower <= 0 <= upper``, infinite where there is none.
    excluded : ndarray of bool of shape (n_features,)
        Features that are left out of the model.
    standardize : bool
        Whether the penalty is meant for features of unit standard deviation;
        :meth:`scaled` makes it so.
    """

    l1: np.ndarray
    l2: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    excluded: np.ndarray
    standardize: bool = False

    @property
    def unpenalised(self):
        """Mask of the features in the model that pay nothing."""
        return (self.l1 == 0.0) & (self.l2 == 0.0) & ~self.excluded

    @property
    def positive(self):
        """Whether zero is the only bound, and the bound of every feature."""
        return bool(np.all(self.lower == 0.0) and np.all(np.isinf(self.upper)))

    @property
    def bounded(self):
        """Whether there is a bound besides those of ``positive``."""
        finite = np.isfinite(self.lower).any() or np.isfinite(self.upper).any()
        return bool(finite) and not self.positive

    def refactored(self, factors):
        """Return the terms with the penalties multiplied, features at inf excluded."""
        out = np.isinf(factors)
        factors = np.where(out, 1.0, factors)
        return replace(
            self,
            l1=self.l1 * factors,
            l2=self.l2 * factors,
            excluded=self.excluded | out,
        )

    def scaled(self, scales):
        """Return the terms whose penalty is that of features divided by `scales`.

        The coefficient of a feature divided by s is s times that of the feature.
        """
        return replace(
            self, l1=self.l1 * scales, l2=self.l2 * scales**2, standardize=False
        )


def column_scales(X, sample_weight=None):
    """Return the weighted standard deviations of the columns; 1 for a constant one.

    Parameters
    ----------
    X : ndarray or CSC of shape (n_samples, n_features)
        Data; read twice, in blocks of columns.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights.

    Returns
    -------
    ndarray of shape (n_features,)
    """
    n_samples, n_features = X.shape
    design = make_design(X, sample_weight, center=True)
    if design.sparse:
        squares = design.squares(np.arange(n_features))
    else:
        squares = np.empty(n_features)
        step = max(1, _BLOCK_BYTES // (8 * n_samples))
        for start in range(0, n_features, step):
            columns = np.arange(start, min(start + step, n_features))
            panel = np.empty((n_samples, len(columns)), order="F")
            design.fill_panel(columns, panel)
            squares[columns] = np.einsum("ij,ij->j", panel, panel)
    scales = np.sqrt(np.maximum(squares, 0.0))
    scales[scales <= _CONSTANT * np.abs(design.mean)] = 1.0
    return scales
