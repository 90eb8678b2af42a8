"""Regularisation for scikit-learn: fast solvers that prove their answer."""

from sklreg._lazy import attach

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "_show_versions": ["show_versions"],
        "augmentation": [],
        "ensemble": [],
        "inspection": [],
        "layers": [],
        "linear_model": [],
        "losses": [],
        "mixing": [],
        "neural_network": [],
        "noise": [],
        "penalties": [],
    },
)
