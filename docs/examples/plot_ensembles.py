"""
Less variance by bagging, less bias by boosting
===============================================

What bagging and boosting do to squared bias and variance, where boosting should stop,
and how boosting one coefficient at a time follows the lasso.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale
from sklearn.tree import DecisionTreeRegressor

from sklreg.ensemble import (
    BaggingRegressor,
    ComponentwiseLeastSquares,
    GradientBoostingRegressor,
)
from sklreg.inspection import bias_variance_decomposition
from sklreg.linear_model import lasso_path

# %%
# Thirty points of a cubic, with noise of standard deviation 2, drawn 30 times. A full
# tree has no bias to speak of and follows the noise. Fifty of them on bootstraps agree
# on less of it. Boosting to the end follows the noise as a full tree does; stopped
# early it does not.

x = np.linspace(0, 1, 30).reshape(-1, 1)


def cubic(x):
    x = x.ravel()
    return 20 * x**3 - 15 * x**2 + 10 * x + 5


def sample(rng):
    return x, cubic(x) + 2 * rng.randn(30)


stopped = GradientBoostingRegressor(
    n_estimators=300, n_iter_no_change=20, tol=0.0, validation_fraction=0.2
)
models = {
    "one tree": DecisionTreeRegressor(),
    "50 trees, bagged": BaggingRegressor(n_estimators=50),
    "boosting, 300 stages": GradientBoostingRegressor(n_estimators=300),
    "boosting, stopped early": stopped,
}
grid = np.linspace(0, 1, 101).reshape(-1, 1)
truth = cubic(grid)
found = {
    name: bias_variance_decomposition(
        model, x, cubic(x), grid, truth, n_rounds=30, resample=sample, random_state=0
    )
    for name, model in models.items()
}

fig, axes = plt.subplots(
    2, 2, figsize=(9, 6), sharex=True, sharey=True, layout="constrained"
)
for ax, (name, parts) in zip(axes.flat, found.items(), strict=True):
    ax.plot(grid, parts.predictions[:15].T, color="#56B4E9", lw=0.6, alpha=0.7)
    ax.plot(grid, parts.predictions.mean(axis=0), color="#0072B2", lw=2, label="mean")
    ax.plot(grid, truth, color="black", ls="--", lw=1.2, label="truth")
    ax.set_title(f"{name}\nbias² {parts.bias:.2f}, variance {parts.variance:.2f}")
axes[0, 0].legend(frameon=False)

# %%
# Test error against the number of stages, for three learning rates. Dots mark where
# early stopping, which sees a tenth of the training rows, has cut the model.

X, y = make_friedman1(800, noise=3.0, random_state=0)
X, X_test, y, y_test = train_test_split(X, y, random_state=0)
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
colours = {1.0: "#D55E00", 0.1: "#0072B2", 0.01: "#009E73"}
for rate, colour in colours.items():
    given = {"learning_rate": rate, "n_estimators": 1000, "random_state": 0}
    whole = GradientBoostingRegressor(**given).fit(X, y, X_val=X_test, y_val=y_test)
    errors = 2 * whole.history_["validation_loss"]
    early = GradientBoostingRegressor(n_iter_no_change=30, tol=0.0, **given).fit(X, y)
    stage = early.n_estimators_
    ax.plot(np.arange(1, 1001), errors, color=colour, label=f"learning rate {rate}")
    ax.plot(stage, errors[stage - 1], "o", color=colour, ms=7)
ax.set(xscale="log", xlabel="stages", ylabel="mean squared error on test rows")
ax.set_ylim(10, 28)
ax.legend(frameon=False)

# %%
# L2-boosting: every stage moves the coefficient of one feature by a twentieth of its
# least-squares step. Drawn against the L1 norm of the coefficients the path is close
# to the lasso's.

X, y = load_diabetes(return_X_y=True)
X, y = scale(X), y - y.mean()
boosted = GradientBoostingRegressor(
    estimator=ComponentwiseLeastSquares(), learning_rate=0.05, n_estimators=600
).fit(X, y)
_, lasso, _ = lasso_path(X, y, eps=1e-3)

fig, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
for ax, coefs, title in (
    (axes[0], lasso, "lasso"),
    (axes[1], boosted.coef_path_, "L2-boosting"),
):
    ax.plot(np.abs(coefs).sum(axis=0), coefs.T)
    ax.axhline(0, color="0.8", lw=0.8, zorder=0)
    ax.set(
        title=title, xlabel="L1 norm of the coefficients", xlim=(0, 98), ylim=(-15, 30)
    )
axes[0].set_ylabel("coefficient")
plt.show()
