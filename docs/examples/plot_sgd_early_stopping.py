"""
Keeping the best epoch
======================

Thirty noisy points of a cubic and a polynomial of degree thirty. The longer stochastic
descent runs, the closer it comes to the training points, and from some epoch on the
further from the others. ``SGDRegressor`` watches a validation set, stops when nothing
has improved for a while, and returns the weights of its best epoch.
"""

# %%
# Twenty-four points to learn from, six to watch.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklreg.linear_model import SGDRegressor

rng = np.random.RandomState(42)
X = np.linspace(0, 1, 30).reshape(-1, 1)
y = (20 * X**3 - 15 * X**2 + 10 * X + 5).ravel() + 2 * rng.randn(30)
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.2, random_state=42)
powers = make_pipeline(PolynomialFeatures(30, include_bias=False), StandardScaler())
Z_train, Z_val = powers.fit_transform(X_train), powers.transform(X_val)

# %%
# One fit is left to run, the other may stop. With ``tol=None`` all epochs are done, and
# the best one is returned all the same.
settings = {
    "penalty": None,
    "learning_rate": "constant",
    "eta0": 0.005,
    "early_stopping": True,
    "early_stopping_scoring": "loss",
    "max_iter": 2000,
    "random_state": 0,
}
validation = {"X_val": Z_val, "y_val": y_val}
full = SGDRegressor(tol=None, **settings).fit(Z_train, y_train, **validation)
stopped = SGDRegressor(tol=0, n_iter_no_change=20, **settings)
stopped.fit(Z_train, y_train, **validation)
last = SGDRegressor(tol=None, restore_best=False, **settings)
last.fit(Z_train, y_train, **validation)
print(
    f"best epoch {full.best_epoch_} of {full.n_iter_}; stopped after "
    f"{stopped.n_iter_} ({stopped.stop_reason_}), returned epoch {stopped.best_epoch_}"
)

# %%
# ``history_`` holds the curves.
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
history = full.history_
left.plot(history["epoch"], history["train_loss"], label="training")
left.plot(history["epoch"], history["validation_loss"], label="validation")
left.axvline(full.best_epoch_, color="grey", linestyle="--", label="best epoch")
left.axvline(stopped.n_iter_, color="grey", linestyle=":", label="would stop here")
left.set(xscale="log", yscale="log", xlabel="epoch", ylabel="half the squared error")
left.legend()

grid = np.linspace(0, 1, 300).reshape(-1, 1)
right.plot(X_train, y_train, "k.", label="training")
right.plot(X_val, y_val, "kx", label="validation")
right.plot(grid, full.predict(powers.transform(grid)), label="best epoch")
right.plot(grid, last.predict(powers.transform(grid)), "--", label="last epoch")
right.set(xlabel="x", ylabel="y")
right.legend()
plt.show()
