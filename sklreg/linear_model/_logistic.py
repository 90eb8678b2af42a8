"""Logistic regression."""

import warnings
from numbers import Integral, Real

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from sklreg._base import DocLinkMixin
from sklreg._validation import (
    CallbackSupportMixin,
    Hidden,
    Interval,
    LinearClassifierMixin,
    SparseCoefMixin,
    StrOptions,
    _fit_context,
    restored_on_error,
    validate_data,
    with_callbacks,
)
from sklreg.linear_model._base import check_offset
from sklreg.linear_model._logistic_fitted import FittedLogisticPath, warn_of
from sklreg.linear_model._logistic_penalty import check_dual, read_penalty
from sklreg.linear_model._logistic_problem import (
    CERTAIN,
    ClassProblem,
    Fit,
    encode,
    feature_terms,
    refuse_soft_labels,
    row_weights,
    weigh,
    weights_of_classes,
)
from sklreg.linear_model._penalty_options import PENALTY_CONSTRAINTS

SOLVERS = {"lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"}
