"""Penalised linear models."""

from sklreg._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "_coordinate_descent": ["ElasticNet"],
        "_elastic_net_cv": ["ElasticNetCV"],
        "_lasso": ["Lasso"],
        "_lasso_cv": ["LassoCV"],
        "_lasso_path": ["lasso_path"],
        "_logistic": ["LogisticRegression"],
        "_logistic_cv": ["LogisticRegressionCV"],
        "_logistic_path": ["logistic_path"],
        "_path": ["enet_path"],
        "_ridge": ["Ridge"],
        "_ridge_cv": ["RidgeCV"],
        "_sgd_classifier": ["SGDClassifier"],
        "_sgd_regressor": ["SGDRegressor"],
        "_stability_selection": ["StabilitySelection"],
    },
)
