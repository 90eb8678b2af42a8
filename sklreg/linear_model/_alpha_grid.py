"""Automatic grids of penalties."""

import numpy as np


def alpha_grid(alpha_max, eps, n_alphas):
    """Return ``n_alphas`` values from ``alpha_max`` down to ``eps * alpha_max``."""
    floor = np.finfo(np.float64).resolution
    if alpha_max <= floor:
        return np.full(n_alphas, floor)
    return np.geomspace(alpha_max, alpha_max * eps, num=n_alphas)


def check_grid_possible(l1_ratio):
    """Refuse an automatic grid for a penalty that never reaches zero coefficients."""
    if l1_ratio == 0:
        raise ValueError(
            "Automatic alpha grid generation is not supported for l1_ratio=0. Please "
            "supply a grid by providing your estimator with the appropriate `alphas=` "
            "argument."
        )
