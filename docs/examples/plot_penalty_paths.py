"""
Coefficients as the penalty gives way
=====================================

The same ten features under three penalties. From left to right the penalty falls and
the coefficients grow. The lasso lets them in one at a time, the elastic net in groups;
ridge never holds one at zero.
"""

# %%
# Scale first: a penalty compares coefficients with each other.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

from sklreg.inspection import RegularizationPathDisplay
from sklreg.linear_model import ElasticNet, Lasso, LassoCV, Ridge

X, y = load_diabetes(return_X_y=True, as_frame=True)
X = StandardScaler().set_output(transform="pandas").fit_transform(X)

# %%
# One display for each penalty.
fig, axes = plt.subplots(1, 3, figsize=(12, 4), sharey=True, layout="constrained")
penalised = {
    "lasso": Lasso(tol=1e-8),
    "elastic net, l1_ratio=0.5": ElasticNet(l1_ratio=0.5, tol=1e-8),
    "ridge": Ridge(alpha=100),
}
paths = {
    name: RegularizationPathDisplay.from_estimator(model, X, y, ax=ax, name=name)
    for ax, (name, model) in zip(axes, penalised.items(), strict=True)
}
plt.show()

# %%
# The order in which the lasso takes up the features is a first ranking of them.
path = paths["lasso"]
coefs = np.asarray(path.coefs)[:, np.argsort(path.alphas)[::-1]]
entry = np.argmax(coefs != 0, axis=1)
print("order of entry:", ", ".join(X.columns[np.argsort(entry, kind="stable")]))

# %%
# Cross-validation chooses a place on the path, which the display marks.
model = LassoCV(cv=20).fit(X, y)
RegularizationPathDisplay.from_estimator(model, X, y)
n_kept = np.count_nonzero(model.coef_)
print(f"alpha {model.alpha_:.3f}, {n_kept} of {X.shape[1]} features")
plt.show()
