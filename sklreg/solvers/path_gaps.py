"""Duality gaps between the penalties of a path, without the data.

The residuals and correlations of a blend of two coefficients are the blend of theirs,
so that a gap at any penalty follows from what is known at the penalties either side.
"""

from dataclasses import dataclass

import numpy as np

from sklreg.solvers.box import box_gap


def stacked(rows):
    """Return ``np.stack(rows)``, or the array of which they are the rows already."""
    whole = rows[0].base
    if whole is not None and whole.shape == (len(rows), *rows[0].shape):
        here = [row.__array_interface__["data"][0] for row in rows]
        if all(row.base is whole and row.flags.c_contiguous for row in rows) and (
            np.array_equal(here, here[0] + whole.strides[0] * np.arange(len(rows)))
        ):
            return whole
    return np.stack(rows)


@dataclass
class PathGaps:
    """What gaps along a path are made of.

    Attributes
    ----------
    alphas : ndarray of shape (n_alphas,)
        Penalties, decreasing.
    l1_ratio : float
        Share of the L1 penalty.
    coefs, correlations : ndarray of shape (n_features, n_alphas)
        Solutions of the problem, and ``A^T (b - A w)`` for each.
    target_correlation : ndarray of shape (n_features,)
        ``A^T b``.
    square : float
        ``b^T b``.
    l1_factor, l2_factor, lower, upper : ndarray of shape (n_features,)
        Factors of the penalties, and bounds.
    """

    alphas: np.ndarray
    l1_ratio: float
    coefs: np.ndarray
    correlations: np.ndarray
    target_correlation: np.ndarray
    square: float
    l1_factor: np.ndarray
    l2_factor: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @classmethod
    def of(cls, problem, alphas, l1_ratio, solutions):
        """Return the certificate of solutions of a problem."""
        n_features = problem.design.shape[1]
        lower = getattr(problem, "lower", np.full(n_features, -np.inf))
        return cls(
            alphas,
            l1_ratio,
            stacked([s.w for s in solutions]).T,
            stacked([s.correlation for s in solutions]).T,
            problem.q,
            float(problem.b @ problem.b),
            problem.l1_factor,
            problem.l2_factor,
            np.maximum(lower, 0.0) if problem.positive else lower,
            getattr(problem, "upper", np.full(n_features, np.inf)),
        )

    def gap(self, i, t):
        """Return the gap of ``(1 - t) coefs[:, i] + t coefs[:, i + 1]``.

        It is exact up to rounding relative to ``square``.
        """
        k = min(i + 1, len(self.alphas) - 1)
        alpha = (1.0 - t) * self.alphas[i] + t * self.alphas[k]
        w = (1.0 - t) * self.coefs[:, i] + t * self.coefs[:, k]
        v = (1.0 - t) * self.correlations[:, i] + t * self.correlations[:, k]
        fit = self.target_correlation @ w
        # r = b - A w, so that r.b and r.r need no rows.
        with_target = self.square - fit
        square = with_target - v @ w
        l1 = alpha * self.l1_ratio * self.l1_factor
        gap = box_gap(
            w,
            v,
            l1,
            alpha * (1.0 - self.l1_ratio) * self.l2_factor,
            self.lower,
            self.upper,
            square,
            with_target,
        )
        return max(gap, 0.0)
