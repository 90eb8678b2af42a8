"""Agreement with R's glmnet, from figures that data/glmnet_diabetes.R has written.

``benchmarks/beside_glmnet.py`` runs R itself, on more data.
"""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_diabetes
from sklearn.model_selection import PredefinedSplit

from sklreg.linear_model import ElasticNet, LassoCV, enet_path

ALPHAS = [0.3, 0.1, 0.03, 0.01, 0.003]
FACTORS = [0, 2, 1, 0.5, 1, 0, 1.5, 1, 0.7, 1]
UPPER = [np.inf, 0.4] * 5
GAMMAS = (0.0, 0.25, 0.5, 0.75, 1.0)
TIGHT = {"tol": 1e-14, "max_iter": 10_000}
CASES = {
    "plain": {},
    "standardize": {"standardize": True},
    "penalty_factor": {"penalty_factor": FACTORS},
    "exclude": {"exclude": [2, 8]},
    "coef_bounds": {"coef_bounds": (-0.3, UPPER)},
    "offset": {},
    "relax_0": {"relax": True, "gamma": 0.0},
    "relax_0.5": {"relax": True, "gamma": 0.5},
}


def unit(values):
    return (values - values.mean()) / values.std()


@pytest.fixture(scope="module")
def data():
    X, y = load_diabetes(return_X_y=True)
    X, y = 10 * X[:440], unit(y[:440])
    return X, y, y - unit(y - 0.5 * np.sin(np.arange(1, 441)))


@pytest.fixture(scope="module")
def glmnet():
    found = defaultdict(list)
    path = Path(__file__).with_name("data") / "glmnet_diabetes.csv"
    with path.open(newline="") as rows:
        for row in csv.DictReader(rows):
            found[row["case"], float(row["l1_ratio"])].append(float(row["value"]))
    return {key: np.array(values) for key, values in found.items()}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_coefficients(case, l1_ratio, data, glmnet):
    X, y, offset = data
    offset = offset if case == "offset" else None
    theirs = glmnet[case, l1_ratio].reshape(len(ALPHAS), -1).T
    options = {**CASES[case], **TIGHT}
    _, coefs, _, intercepts = enet_path(
        X,
        y,
        l1_ratio=l1_ratio,
        alphas=ALPHAS,
        fit_intercept=True,
        offset=offset,
        return_intercept=True,
        **options,
    )
    assert_allclose(np.vstack([intercepts, coefs]), theirs, atol=2e-5)
    model = ElasticNet(alpha=ALPHAS[2], l1_ratio=l1_ratio, **options)
    model.fit(X, y, offset=offset)
    assert_allclose(np.append(model.intercept_, model.coef_), theirs[:, 2], atol=2e-5)


def test_rules_of_cross_validation(data, glmnet):
    X, y, _ = data
    options = {
        "alphas": 0.4 * 0.8 ** np.arange(25),
        "cv": PredefinedSplit(np.arange(440) % 10),
        **TIGHT,
    }
    model = LassoCV(selection_rule="1se", **options).fit(X, y)
    assert_allclose(model.mse_path_.mean(axis=1), glmnet["cv_mean", 1.0], rtol=1e-6)
    error = model.mse_path_.std(axis=1, ddof=1) / np.sqrt(10)
    assert_allclose(error, glmnet["cv_error", 1.0], rtol=1e-6)
    rule = [model.alpha_min_, model.alpha_1se_]
    assert_allclose(rule, glmnet["cv_rule", 1.0])
    assert model.alpha_ == model.alpha_1se_ > model.alpha_min_

    options |= {"relax": True, "gamma": GAMMAS}
    least = LassoCV(**options).fit(X, y)
    within = LassoCV(selection_rule="1se", **options).fit(X, y)
    rule = [least.alpha_, least.gamma_, within.alpha_, within.gamma_]
    assert_allclose(rule, glmnet["cv_relax_rule", 1.0])
