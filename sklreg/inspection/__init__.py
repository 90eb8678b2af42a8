"""Pictures of fitted models, in the style of scikit-learn's displays."""

from sklreg._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "_bias_variance": ["BiasVariance", "bias_variance_decomposition"],
        "_coefficients": ["CoefficientDisplay"],
        "_constraint_region": ["ConstraintRegionDisplay"],
        "_cv_curve": ["CVCurveDisplay"],
        "_fit_diagnosis": ["FitDiagnosisDisplay"],
        "_path": ["RegularizationPathDisplay"],
    },
)
