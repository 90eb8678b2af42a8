"""Regularisation by changing the training data."""

from sklreg._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "_adasyn": ["ADASYN"],
        "_borderline_smote": ["BorderlineSMOTE"],
        "_cutout": ["Cutout"],
        "_kmeans_smote": ["KMeansSMOTE"],
        "_mixup": ["CutMix", "Mixup"],
        "_mixup_meta": ["CutMixClassifier", "MixupClassifier", "MixupRegressor"],
        "_noise_injector": ["NoiseInjector"],
        "_noise_sampler": ["NoiseSampler"],
        "_prior_correction": ["PriorCorrectedClassifier"],
        "_random_over_sampler": ["RandomOverSampler"],
        "_smote": ["SMOTE"],
        "_smoten": ["SMOTEN"],
        "_smotenc": ["SMOTENC"],
        "_smoter": ["SMOTER"],
        "_svm_smote": ["SVMSMOTE"],
    },
)
