"""Where coordinate descent starts from, and in which order it goes on."""

import pytest
from numpy.testing import assert_array_equal

from sklreg.linear_model import Lasso
from tests.linear_model._lasso_data import (
    LAYOUTS,
    TIGHT,
    assert_same_coef,
    make_problem,
)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("p", [12, 300])
def test_warm_start_goes_on_from_the_last_fit(layout, p):
    X, y = make_problem(p=p)
    data = LAYOUTS[layout](X)
    model = Lasso(alpha=0.1, warm_start=True, tol=1e-10).fit(data, y)
    cold, coef = model.n_iter_, model.coef_.copy()
    model.fit(data, y)
    assert model.n_iter_ < cold
    assert_same_coef(model.coef_, coef)
    model.set_params(alpha=0.08, **TIGHT).fit(data, y)
    assert_same_coef(model.coef_, Lasso(alpha=0.08, **TIGHT).fit(data, y).coef_)


def test_warm_start_from_coefficients_that_are_not_allowed():
    X, y = make_problem()
    model = Lasso(alpha=0.05, warm_start=True, **TIGHT).fit(X, y)
    assert model.coef_.min() < 0
    model.set_params(positive=True).fit(X, y)
    reference = Lasso(alpha=0.05, positive=True, **TIGHT).fit(X, y)
    assert_same_coef(model.coef_, reference.coef_)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("p", [12, 300])
def test_random_selection(layout, p):
    X, y = make_problem(p=p)
    data = LAYOUTS[layout](X)
    given = {"alpha": 0.05, "selection": "random"}
    one, two = (Lasso(random_state=3, **given).fit(data, y) for _ in range(2))
    assert_array_equal(one.coef_, two.coef_)
    assert one.n_iter_ == two.n_iter_
    tight = Lasso(random_state=4, **given, **TIGHT).fit(data, y)
    assert_same_coef(tight.coef_, Lasso(alpha=0.05, **TIGHT).fit(data, y).coef_)
