"""Stability selection: frequencies by hand, the bound, and what is refused."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklreg.linear_model import StabilitySelection, lasso_path


def data(n=100, p=40):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    return X, X[:, :3] @ [2.0, -1.5, 1.0] + rng.normal(size=n)


@pytest.mark.parametrize("resampling", ["subsample", "complementary", "bootstrap"])
def test_frequencies_are_those_of_copied_rows(resampling):
    X, y = data()
    model = StabilitySelection(
        n_resamples=6,
        alphas=5,
        resampling=resampling,
        random_state=3,
        standardize=False,
        tol=1e-10,
    ).fit(X, y)
    rng = np.random.RandomState(3)
    counts = np.zeros((40, 5))
    order = None
    for k in range(6):
        if resampling == "bootstrap":
            rows = rng.randint(100, size=100)
        elif resampling == "complementary" and k % 2:
            rows = order[50:]
        else:
            order = rng.permutation(100)
            rows = order[:50]
        coefs = lasso_path(
            X[rows], y[rows], alphas=model.alphas_, fit_intercept=True, tol=1e-10
        )[1]
        counts += coefs != 0
    assert_allclose(model.frequencies_, counts / 6)
    assert_array_equal(model.max_frequencies_, model.frequencies_.max(axis=1))


def test_finds_the_features_and_bounds_the_rest():
    X, y = data()
    model = StabilitySelection(threshold=0.9, random_state=0, n_resamples=40).fit(X, y)
    assert_array_equal(model.get_support(indices=True), [0, 1, 2])
    assert model.transform(X).shape == (100, 3)
    bound = model.n_selected_**2 / (0.8 * 40)
    assert_allclose(model.false_selections_bound_, bound)
    assert (
        StabilitySelection(threshold=0.5, n_resamples=2)
        .fit(X, y)
        .false_selections_bound_
        == np.inf
    )
    same = StabilitySelection(threshold=0.9, random_state=0, n_resamples=40, n_jobs=2)
    for again in (same, same.set_params(n_jobs=None)):
        assert_array_equal(again.fit(X, y).frequencies_, model.frequencies_)
    thin = same.fit(sparse.csr_array(X), y)
    assert_allclose(thin.frequencies_, model.frequencies_, atol=0.05)


def test_options_of_single_features():
    X, y = data()
    model = StabilitySelection(
        n_resamples=4,
        alphas=4,
        penalty_factor=np.where(np.arange(40) == 7, 0.0, 1.0),
        exclude=[0],
        coef_bounds=(0, None),
        weakness=0.5,
        random_state=0,
    ).fit(X, y)
    assert model.max_frequencies_[0] == 0.0
    assert model.max_frequencies_[1] == 0.0  # its coefficient would be negative
    free = StabilitySelection(
        n_resamples=4, penalty_factor=np.where(np.arange(40) == 7, 0.0, 1.0)
    ).fit(X, y)
    assert free.frequencies_[7].min() == 1.0


def test_table_and_errors():
    pandas = pytest.importorskip("pandas")
    X, y = data()
    frame = pandas.DataFrame(X, columns=[f"gene{j}" for j in range(40)])
    model = StabilitySelection(n_resamples=2, alphas=[0.1, 0.5]).fit(frame, y)
    table = model.frequency_table_
    assert list(table.index) == list(frame.columns)
    assert list(table.columns) == [0.5, 0.1]
    assert_array_equal(table.to_numpy(), model.frequencies_)
    with pytest.raises(ValueError, match="at least 4 rows"):
        StabilitySelection().fit(X[:3], y[:3])
    with pytest.raises(ValueError, match="alphas must be finite"):
        StabilitySelection(alphas=[-1.0]).fit(X, y)
    with pytest.raises(ValueError, match="'nobody'"):
        StabilitySelection(exclude=["nobody"]).fit(frame, y)
