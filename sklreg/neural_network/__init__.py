"""Multi-layer perceptrons with every regulariser."""

from sklreg._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "_classifier": ["MLPClassifier"],
        "_regressor": ["MLPRegressor"],
    },
)
