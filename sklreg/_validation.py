"""The one door to scikit-learn's validation helpers and private names.

Estimator modules import these names from here and nowhere else, so that a name
that moves between scikit-learn releases is followed in a single place.
"""

from sklearn.base import _fit_context
from sklearn.utils._param_validation import (
    Hidden,
    HasMethods,
    Interval,
    Options,
    StrOptions,
    validate_params,
)
from sklearn.utils.validation import _check_sample_weight, validate_data

__all__ = [
    "HasMethods",
    "Hidden",
    "Interval",
    "Options",
    "StrOptions",
    "_check_sample_weight",
    "_fit_context",
    "validate_data",
    "validate_params",
]
