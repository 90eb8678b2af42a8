"""The one door to scikit-learn's validation helpers and private names.

Estimator modules import these names from here and nowhere else, so that a name
that moves between scikit-learn releases is followed in a single place.
"""

from contextlib import contextmanager
from importlib import import_module
from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from sklearn import get_config
from sklearn.base import _fit_context
from sklearn.utils import _safe_indexing
from sklearn.utils._openmp_helpers import (
    _openmp_effective_n_threads as effective_n_threads,
)
from sklearn.utils._param_validation import (
    HasMethods,
    Hidden,
    Interval,
    Options,
    StrOptions,
    validate_params,
)
from sklearn.utils.metadata_routing import (
    _raise_for_params,
    _routing_enabled,
    get_routing_for_object,
    process_routing,
)
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import (
    _check_feature_names_in,
    _check_method_params,
    _check_sample_weight,
    _deprecate_positional_args,
    _get_feature_names,
    _num_samples,
    assert_all_finite,
    check_array,
    has_fit_parameter,
    validate_data,
)

from sklreg._threads import all_finite

__all__ = [
    "HasMethods",
    "Hidden",
    "Integral",
    "Interval",
    "Options",
    "Real",
    "StrOptions",
    "_check_method_params",
    "_check_partial_fit_first_call",
    "_check_sample_weight",
    "_deprecate_positional_args",
    "_fit_context",
    "_raise_for_params",
    "_routing_enabled",
    "_safe_indexing",
    "check_rows",
    "column_positions",
    "consumes_sample_weight",
    "draw_mask",
    "effective_n_threads",
    "feature_labels",
    "feature_names_of",
    "finite_first",
    "narrow_indices",
    "noise_parameter",
    "record_columns",
    "requery_rows",
    "restored_on_error",
    "routed_to_estimator",
    "takes_sample_weight",
    "validate_data",
    "validate_params",
    "validate_rows",
]


# What takes long to import, and only some models need.
_ON_DEMAND = {
    "CallbackSupportMixin": "sklearn.callback",
    "LinearClassifierMixin": "sklearn.linear_model._base",
    "SparseCoefMixin": "sklearn.linear_model._base",
    "_check_optimize_result": "sklearn.utils.optimize",
    "with_callbacks": "sklearn.callback",
}


class _NoCallbacks:
    """What classes with callbacks inherit where scikit-learn has none (< 1.9)."""

    CallbackSupportMixin = type("CallbackSupportMixin", (), {})

    @staticmethod
    def with_callbacks(method):
        """Return the method as it is."""
        return method


def __getattr__(name):
    if name not in _ON_DEMAND:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = import_module(_ON_DEMAND[name])
    except ModuleNotFoundError:
        home = _NoCallbacks
    return getattr(home, name)


def check_rows(X):
    """Return X unconverted: a data frame as it is, anything else as an array.

    Strings, objects and missing values are let through.
    """
    if _num_samples(X) < 1:
        raise ValueError("Found array with 0 sample(s), but at least 1 is required.")
    if hasattr(X, "iloc"):
        return X
    return check_array(
        X, dtype=None, accept_sparse=["csr", "csc"], ensure_all_finite=False
    )


def column_positions(X, columns):
    """Return the positions of columns given by position, name or mask."""
    from sklearn.utils._indexing import _get_column_indices

    return _get_column_indices(X, columns)


def draw_mask(n_rows, n_drawn, random_state):
    """Return a mask of rows drawn without replacement, as scikit-learn's boosting."""
    from sklearn.ensemble._gradient_boosting import _random_sample_mask

    return _random_sample_mask(n_rows, n_drawn, random_state).astype(bool)


def takes_sample_weight(estimator):
    """Return whether ``fit`` has a parameter `sample_weight`."""
    return has_fit_parameter(estimator, "sample_weight")


def narrow_indices(X):
    """Return X; a sparse one with 64-bit indices as a copy that has 32-bit indices.

    scikit-learn's trees take no others. Data that need the width are left alone.
    """
    if not issparse(X) or X.format not in ("csr", "csc"):
        return X
    wide = X.indices.dtype == np.int64 or X.indptr.dtype == np.int64
    if not wide or max(X.nnz, *X.shape) > np.iinfo(np.int32).max:
        return X
    return type(X)(
        (X.data, X.indices.astype(np.int32), X.indptr.astype(np.int32)), shape=X.shape
    )


def feature_labels(estimator):
    """Return the feature names of a fitted estimator, x0, x1, … if it has seen none."""
    return _check_feature_names_in(estimator, None, generate_names=True)


def feature_names_of(X):
    """Return the column names of a data frame whose names are all strings, or None."""
    return _get_feature_names(X)


def record_columns(estimator, X, y):
    """Set `n_features_in_` and `feature_names_in_` without converting X."""
    validate_data(estimator, X=X, y=y, reset=True, skip_check_array=True)


def noise_parameter(name, noise, kinds):
    """Return a noise as a pair (kind, scale), or None where its scale is 0.

    Parameters
    ----------
    name : str
        Name of the parameter, for the error.
    noise : float or tuple of (str, float)
        Standard deviation of gaussian noise, or a kind and its scale.
    kinds : container of str
        Kinds that are allowed.

    Returns
    -------
    tuple of (str, float) or None
        The noise.

    Raises
    ------
    ValueError
        If it is neither.
    """
    pair = isinstance(noise, tuple) and len(noise) == 2
    kind, scale = noise if pair else ("gaussian", noise)
    if (
        kind not in kinds
        or not isinstance(scale, Real)
        or not 0 <= scale < float("inf")
    ):
        raise ValueError(
            f"{name} must be a standard deviation, 0 or more, or a pair of a kind in "
            f"{tuple(kinds)} and its scale, got {noise!r}."
        )
    return (kind, float(scale)) if scale > 0 else None


def consumes_sample_weight(estimator):
    """Return whether ``fit`` takes weights, and with metadata routing requests them."""
    if _routing_enabled():
        return bool(
            get_routing_for_object(estimator).consumes("fit", ("sample_weight",))
        )
    return has_fit_parameter(estimator, "sample_weight")


def routed_to_estimator(router, params, method="fit"):
    """Return those of a meta-estimator's parameters that its `estimator` is due."""
    if not _routing_enabled():
        return dict(params)
    return dict(process_routing(router, method, **params).estimator[method])


def requery_rows(X, X_fit, n_neighbors, rows):
    """Search again for some rows, with the answer a search for all of `X` gives.

    Ties in scikit-learn's brute force fall by the order in which it meets the
    candidates, and that depends on how many rows are asked for together.

    Parameters
    ----------
    X, X_fit : {ndarray, csr matrix} of shape (n, n_features)
        All rows searched for, and rows searched among.
    n_neighbors : int
        Number of neighbours.
    rows : ndarray of int
        Rows of `X` to search for.

    Returns
    -------
    ndarray of shape (len(rows), n_neighbors) or None
        None where a part of the rows cannot stand for all of them.
    """
    from sklearn.metrics._pairwise_distances_reduction import ArgKmin

    n = X.shape[0]
    row_by_row = n > X_fit.shape[0] or n > 4 * 256 * effective_n_threads()
    if not row_by_row or not ArgKmin.is_usable_for(X, X_fit, "euclidean"):
        return None
    return ArgKmin.compute(
        X[rows],
        X_fit,
        n_neighbors,
        metric="euclidean",
        strategy="parallel_on_X",
        return_distance=False,
    )


def validate_rows(estimator, X, *args, ensure_all_finite=True, **arguments):
    """Validate as `validate_data`, looking for NaN and infinity in several threads.

    For estimators that do little more with X than to read it once.

    Parameters
    ----------
    estimator : estimator
        Whose input is validated.
    X : {array-like, sparse matrix}
        Rows.
    *args : object
        What `validate_data` takes besides.
    ensure_all_finite : bool, default=True
        False leaves NaN and infinity in X to work inside `finite_first`.
    **arguments : object
        What `validate_data` takes besides.

    Returns
    -------
    ndarray, sparse matrix or tuple of them
        What `validate_data` returns.

    Raises
    ------
    ValueError
        As `validate_data`.
    """
    if "validate_separately" in arguments:
        for_X, for_y = arguments["validate_separately"]
        for_X = {**for_X, "ensure_all_finite": False}
        arguments["validate_separately"] = for_X, for_y
    else:
        arguments["ensure_all_finite"] = False
    checked = validate_data(estimator, X, *args, **arguments)
    if ensure_all_finite:
        _refuse_nan(estimator, checked[0] if isinstance(checked, tuple) else checked)
    return checked


@contextmanager
def finite_first(estimator, X):
    """Tell of NaN and infinity in X before any other value that the body refuses.

    The body may then look for them on the pass it makes anyway, and raise ValueError.
    """
    try:
        yield
    except ValueError:
        _refuse_nan(estimator, X)
        raise


def _refuse_nan(estimator, X):
    if get_config()["assume_finite"]:
        return
    if not all_finite(X.data if issparse(X) else X):
        assert_all_finite(X, input_name="X", estimator_name=type(estimator).__name__)


@contextmanager
def restored_on_error(estimator):
    """Leave `estimator` as it was if the body raises."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
