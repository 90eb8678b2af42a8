"""What lasso and elastic net take X and y from, and what they are stored as."""

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklreg.linear_model import ElasticNet, Lasso
from tests.linear_model._lasso_data import (
    LAYOUTS,
    TIGHT,
    assert_same_coef,
    csc32,
    make_problem,
)


@pytest.mark.parametrize(
    "container",
    [
        sparse.csr_matrix,
        sparse.coo_array,
        sparse.dia_array,
        sparse.lil_matrix,
        sparse.bsr_array,
    ],
)
@pytest.mark.parametrize("p", [12, 300])
@pytest.mark.filterwarnings("ignore:Constructing a DIA matrix")
def test_other_sparse_formats(container, p):
    X, y = make_problem(p=p)
    model = Lasso(alpha=0.1, **TIGHT).fit(container(X), y)
    assert_same_coef(model.coef_, Lasso(alpha=0.1, **TIGHT).fit(csc32(X), y).coef_)


@pytest.mark.parametrize("p", [12, 300])
def test_csc_with_unsorted_indices_and_explicit_zeros(p):
    X, y = make_problem(p=p)
    expected = Lasso(alpha=0.1, **TIGHT).fit(X, y)
    S = sparse.csc_array(X)
    for start, stop in zip(S.indptr[:-1], S.indptr[1:], strict=True):
        S.indices[start:stop] = S.indices[start:stop][::-1].copy()
        S.data[start:stop] = S.data[start:stop][::-1].copy()
    S.has_sorted_indices = False
    assert_same_coef(Lasso(alpha=0.1, **TIGHT).fit(S, y).coef_, expected.coef_)
    full = sparse.csc_array(np.ones_like(X))
    full.data[:] = X.T.ravel()
    assert_same_coef(Lasso(alpha=0.1, **TIGHT).fit(full, y).coef_, expected.coef_)


@pytest.mark.parametrize("p", [12, 300])
def test_sparse_coef(p):
    X, y = make_problem(p=p)
    model = Lasso(alpha=0.1).fit(X, np.column_stack([y, -y]))
    assert sparse.issparse(model.sparse_coef_)
    assert_array_equal(model.sparse_coef_.toarray(), model.coef_)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", ["C", "F", "csc32", "csc64"])
def test_read_only_memmaps_of_many_columns(dtype, layout, tmp_path):
    X, y = make_problem(p=400)
    data = LAYOUTS[layout](X.astype(dtype))
    path = joblib.dump((data, y), tmp_path / "data.joblib")[0]
    mapped, y_mapped = joblib.load(path, mmap_mode="r")
    assert not (mapped.data if sparse.issparse(mapped) else mapped).flags.writeable
    given = {"alpha": 0.05, "tol": 1e-10, "max_iter": 100_000}
    fitted = Lasso(copy_X=False, **given).fit(mapped, y_mapped)
    expected = Lasso(**given).fit(data, y)
    # to rounding: BLAS looks at the alignment of memory
    assert_same_coef(fitted.coef_, expected.coef_, rtol=1e-6)
    assert_allclose(fitted.intercept_, expected.intercept_, rtol=1e-6)


def test_fitted_model_through_joblib(tmp_path):
    X, y = make_problem()
    model = ElasticNet(alpha=0.1).fit(X, y)
    path = joblib.dump(model, tmp_path / "model.joblib")[0]
    for loaded in (joblib.load(path), joblib.load(path, mmap_mode="r")):
        assert_array_equal(loaded.predict(X), model.predict(X))
        assert loaded.dual_gap_ == model.dual_gap_
