"""Every estimator fits the same from every container, dtype and layout."""

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.utils import get_tags

from tests._estimators import (
    DEPENDENT_ON_ROW_ORDER,
    SLOWER_SPARSE_INTERCEPT,
    accepts,
    has_tree_members,
)
from tests.common._problems import (
    NEWEST,
    every_predictor,
    outcome,
    predictors,
    problem,
    seeded,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@every_predictor
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_read_only_memmaps_give_the_same_fit(estimator, dtype, order, tmp_path):
    X, y = problem(estimator, dtype=dtype)
    X = np.asarray(X, order=order)
    expected = outcome(seeded(estimator).fit(X, y), X)
    X_map, y_map = (
        joblib.load(joblib.dump(array, tmp_path / name)[0], mmap_mode="r")
        for name, array in [("X", X), ("y", y)]
    )
    assert isinstance(X_map, np.memmap) and not X_map.flags.writeable
    assert_array_equal(outcome(seeded(estimator).fit(X_map, y_map), X_map), expected)


@every_predictor
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_give_names_and_the_same_fit(estimator, library):
    frames = pytest.importorskip(library)
    X, y = problem(estimator)
    names = [f"column {j}" for j in range(X.shape[1])]
    frame = frames.DataFrame(dict(zip(names, X.T, strict=True)))
    fitted = seeded(estimator).fit(frame, frames.Series(y))
    if library == "pandas" or NEWEST:  # older ones do not see polars' names
        assert_array_equal(fitted.feature_names_in_, names)
    expected = outcome(seeded(estimator).fit(X, y), X)
    assert_allclose(outcome(fitted, frame), expected, rtol=1e-10)


@predictors(lambda estimator: get_tags(estimator).input_tags.sparse)
@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
@pytest.mark.parametrize("container", [sp.csr_array, sp.csc_matrix, sp.coo_array])
def test_sparse_containers_and_indices_give_the_same_fit(
    estimator, index_dtype, container
):
    if type(estimator).__name__ in SLOWER_SPARSE_INTERCEPT:
        estimator = clone(estimator).set_params(fit_intercept=False)
    X, y = problem(estimator)
    X[X < 0] = 0
    expected = outcome(seeded(estimator).fit(X, y), X)
    X_sparse = container(X)
    for name in ("indices", "indptr", "row", "col"):
        if hasattr(X_sparse, name) and container is not sp.coo_array:
            setattr(X_sparse, name, getattr(X_sparse, name).astype(index_dtype))
    found = outcome(seeded(estimator).fit(X_sparse, y), X)
    if has_tree_members(estimator):  # these cut sparse columns at other places
        assert found.shape == expected.shape
    else:
        assert_allclose(found, expected, rtol=1e-4)


@predictors(
    lambda estimator: (
        accepts(estimator, "sample_weight")
        # draws its rows at random, from a different number of rows
        and type(estimator).__name__ not in DEPENDENT_ON_ROW_ORDER
    )
)
def test_zero_weights_are_removed_rows(estimator):
    X, y = problem(estimator, n=60)
    weight = np.tile([1.0, 2.0, 0.0], 20)
    kept = weight > 0
    estimator, alone = seeded(estimator), seeded(estimator)
    if "cv" in estimator.get_params():
        folds = np.arange(60) % 2
        splits = [
            (np.flatnonzero(folds == k), np.flatnonzero(folds != k)) for k in (0, 1)
        ]
        position = np.cumsum(kept) - 1
        estimator.set_params(cv=splits)
        alone.set_params(
            cv=[tuple(position[part[kept[part]]] for part in split) for split in splits]
        )
    estimator.fit(X, y, sample_weight=weight)
    alone.fit(X[kept], y[kept], sample_weight=weight[kept])
    assert_allclose(outcome(estimator, X), outcome(alone, X), rtol=1e-6)
