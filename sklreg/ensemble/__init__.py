"""Ensembles that regularise: bagging and boosting."""

from sklreg._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "_bagging_classifier": ["BaggingClassifier"],
        "_bagging_regressor": ["BaggingRegressor"],
        "_componentwise": ["ComponentwiseLeastSquares"],
        "_gradient_boosting_classifier": ["GradientBoostingClassifier"],
        "_gradient_boosting_regressor": ["GradientBoostingRegressor"],
    },
)
