"""Weights are exact: n is a row n times, 0 is a row left out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklreg.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    Ridge,
    RidgeCV,
)

TIGHT = {"tol": 1e-13, "max_iter": 100_000}
MODELS = {
    "Lasso": Lasso(alpha=0.1, **TIGHT),
    "Lasso, positive": Lasso(alpha=0.1, positive=True, **TIGHT),
    "Lasso, Gram": Lasso(alpha=0.1, precompute=True, **TIGHT),
    "Lasso, through zero": Lasso(alpha=0.1, fit_intercept=False, **TIGHT),
    "ElasticNet": ElasticNet(alpha=0.1, **TIGHT),
    "Ridge": Ridge(alpha=2.0),
    "Ridge, through zero": Ridge(alpha=2.0, fit_intercept=False),
    "Ridge, lsqr": Ridge(alpha=2.0, solver="lsqr", tol=1e-14),
    "Ridge, sparse_cg": Ridge(alpha=2.0, solver="sparse_cg", tol=1e-14),
}
CV_MODELS = {
    "LassoCV": LassoCV(alphas=12, eps=0.1, **TIGHT),
    "LassoCV, given alphas": LassoCV(alphas=[0.2, 0.5, 1.0], **TIGHT),
    "LassoCV, through zero": LassoCV(alphas=12, eps=0.1, fit_intercept=False, **TIGHT),
    "LassoCV, Gram": LassoCV(alphas=12, eps=0.1, precompute=True, **TIGHT),
    "ElasticNetCV": ElasticNetCV(alphas=8, l1_ratio=[0.3, 0.9], **TIGHT),
    "RidgeCV": RidgeCV(alphas=[0.1, 1.0, 10.0]),
    "RidgeCV, through zero": RidgeCV(alphas=[0.1, 1.0, 10.0], fit_intercept=False),
}
every_container = pytest.mark.parametrize(
    "container", [np.ascontiguousarray, np.asfortranarray, sparse.csc_array]
)
every_shape = pytest.mark.parametrize("shape", [(48, 6), (32, 60)], ids=str)


def make_problem(shape):
    rng = np.random.RandomState(0)
    X = rng.randn(*shape) + rng.randn(shape[0], 1) + 1.0
    X[rng.rand(*shape) < 0.4] = 0.0
    y = X[:, 0] - 2.0 * X[:, 1] + X[:, 3] + rng.randn(shape[0])
    weight = rng.randint(0, 4, shape[0])
    weight[:4] = [0, 3, 1, 0]
    return X, y, weight


def repeated(indices, weight):
    """Positions, among the repeated rows, of the copies of these rows."""
    ends = np.cumsum(weight)
    return np.concatenate([np.arange(ends[i] - weight[i], ends[i]) for i in indices])


def folds_of(n_samples, k=4):
    fold = np.random.RandomState(1).permutation(np.arange(n_samples) % k)
    return [(np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in range(k)]


def assert_same(one, two, rtol=1e-9):
    scale = np.abs(two.coef_).max()
    assert scale > 0
    assert_allclose(one.coef_, two.coef_, rtol=0, atol=rtol * scale)
    assert_allclose(one.intercept_, two.intercept_, rtol=rtol, atol=rtol * scale)


@pytest.mark.parametrize("name", MODELS)
@every_container
@every_shape
def test_integer_weights_are_repeated_rows(name, container, shape):
    X, y, weight = make_problem(shape)
    weighted, plain = (type(MODELS[name])(**MODELS[name].get_params()) for _ in "12")
    weighted.fit(container(X), y, sample_weight=weight)
    plain.fit(container(np.repeat(X, weight, axis=0)), np.repeat(y, weight))
    # Ridge's penalty is not divided by n, so that the weights' scale does count
    assert_same(weighted, plain)


@pytest.mark.parametrize("name", MODELS)
@every_container
@every_shape
def test_zero_weights_are_removed_rows(name, container, shape):
    X, y, weight = make_problem(shape)
    kept = weight > 0
    weight = weight * 0.37
    garbage = np.where(kept, y, 1e6)  # what has no weight has no influence
    weighted, plain = (type(MODELS[name])(**MODELS[name].get_params()) for _ in "12")
    weighted.fit(container(X), garbage, sample_weight=weight)
    plain.fit(container(X[kept]), y[kept], sample_weight=weight[kept])
    assert_same(weighted, plain)


@pytest.mark.parametrize("name", CV_MODELS)
@pytest.mark.parametrize("zeros_only", [False, True], ids=["repeated", "removed"])
@every_container
@every_shape
def test_weights_in_cross_validation(name, zeros_only, container, shape):
    X, y, weight = make_problem(shape)
    if zeros_only:
        weight = (weight > 0).astype(int)
    splits = folds_of(len(y))
    given = CV_MODELS[name].get_params()
    weighted = type(CV_MODELS[name])(**given | {"cv": splits})
    plain = type(CV_MODELS[name])(
        **given
        | {"cv": [tuple(repeated(s, weight) for s in split) for split in splits]}
    )
    weighted.fit(container(X), y, sample_weight=weight)
    plain.fit(container(np.repeat(X, weight, axis=0)), np.repeat(y, weight))
    assert_allclose(weighted.alpha_, plain.alpha_, rtol=1e-12)
    assert_same(weighted, plain)
    if hasattr(plain, "mse_path_"):
        assert_allclose(weighted.alphas_, plain.alphas_, rtol=1e-12)
        assert_allclose(weighted.mse_path_, plain.mse_path_, rtol=1e-8)


@every_shape
def test_zero_weights_in_leave_one_out(shape):
    X, y, weight = make_problem(shape)
    kept = weight > 0
    given = {"alphas": [0.01, 1.0, 100.0]}
    weighted = RidgeCV(**given).fit(X, y, sample_weight=weight)
    plain = RidgeCV(**given).fit(X[kept], y[kept], sample_weight=weight[kept])
    assert weighted.alpha_ == plain.alpha_
    assert_same(weighted, plain)


@pytest.mark.parametrize("name", [n for n in MODELS if not n.startswith("Ridge")])
@pytest.mark.parametrize("factor", [1e-6, 3.0, 1e9])
def test_only_proportions_of_weights_matter(name, factor):
    X, y, weight = make_problem((48, 6))
    one, two = (type(MODELS[name])(**MODELS[name].get_params()) for _ in "12")
    one.fit(X, y, sample_weight=weight)
    assert_same(two.fit(X, y, sample_weight=factor * weight), one)
    scalar = two.fit(X, y, sample_weight=factor).coef_
    assert_array_equal(scalar, one.fit(X, y).coef_)


@pytest.mark.parametrize("name", ["LassoCV", "ElasticNetCV"])
def test_weights_that_leave_a_fold_without_any_are_refused(name):
    X, y, weight = make_problem((48, 6))
    splits = folds_of(len(y))
    weight[splits[1][1]] = 0
    model = type(CV_MODELS[name])(**CV_MODELS[name].get_params() | {"cv": splits})
    with pytest.raises(
        ValueError, match="sample_weight is 0 on all test rows of fold 1"
    ):
        model.fit(X, y, sample_weight=weight)
    assert not hasattr(model, "coef_")
