"""
Four ways to fit a polynomial
=============================

Thirty noisy points of a cubic, and a polynomial of degree eight: five degrees more than
the truth has. Least squares uses them to follow the noise. Each penalty gives up some
accuracy on the training points and is paid back on points that were held out.
"""

# %%
# The data: 24 points to train on, 6 to test on.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from sklreg.linear_model import ElasticNet, Lasso, Ridge

np.random.seed(42)
X = np.linspace(0, 1, 30).reshape(-1, 1)
y = 20 * X.ravel() ** 3 - 15 * X.ravel() ** 2 + 10 * X.ravel() + 5
y += np.random.randn(30) * 2
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.2, random_state=42
)

# %%
# Mean squared errors. Test points tell what training points cannot.
models = {
    "least squares": LinearRegression(),
    "ridge": Ridge(alpha=0.5),
    "lasso": Lasso(alpha=0.1, max_iter=100_000),
    "elastic net": ElasticNet(alpha=0.01, l1_ratio=0.4, max_iter=100_000),
}
errors = {}
print(f"{'':15}{'train':>8}{'test':>8}{'nonzero':>9}")
for name, model in models.items():
    pipeline = make_pipeline(PolynomialFeatures(8), model).fit(X_train, y_train)
    errors[name] = (
        mean_squared_error(y_train, pipeline.predict(X_train)),
        mean_squared_error(y_test, pipeline.predict(X_test)),
    )
    models[name] = pipeline
    train, test = errors[name]
    nonzero = np.count_nonzero(model.coef_)
    print(f"{name:15}{train:8.4f}{test:8.4f}{nonzero:9}")

# %%
# The lines say the same: least squares bends to the noise, the penalised fits do not.
grid = np.linspace(0, 1, 200).reshape(-1, 1)
fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
for name, pipeline in models.items():
    ax.plot(grid, pipeline.predict(grid), label=f"{name}: {errors[name][1]:.2f}")
ax.plot(X_train, y_train, "o", color="black", markersize=4)
ax.plot(X_test, y_test, "o", color="black", markersize=4, markerfacecolor="none")
ax.set(xlabel="x", ylabel="y")
ax.legend(title="test error", frameon=False)
plt.show()
