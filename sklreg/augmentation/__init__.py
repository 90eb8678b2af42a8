"""Regularisation by changing the training data."""

from sklreg._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "_adasyn": ["ADASYN"],
        "_borderline_smote": ["BorderlineSMOTE"],
        "_kmeans_smote": ["KMeansSMOTE"],
        "_noise": ["NoiseInjector", "NoiseSampler"],
        "_random_over_sampler": ["RandomOverSampler"],
        "_smote": ["SMOTE"],
        "_smoten": ["SMOTEN"],
        "_smotenc": ["SMOTENC"],
        "_svm_smote": ["SVMSMOTE"],
    },
)
