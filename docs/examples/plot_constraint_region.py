"""
Penalties as constraints
========================

A penalised fit has the least squared error within a region of coefficients. The shape
of the region decides whether coefficients become zero.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

from sklreg.inspection import ConstraintRegionDisplay
from sklreg.linear_model import ElasticNet, Lasso, Ridge

# %%
# Two columns, body mass index and blood pressure, on one scale. The orange contour is
# that of the fitted point: the smallest that still reaches the region. It meets the
# diamond at its corner, where blood pressure has no part; the elastic net's region has
# round sides between corners, that of ridge none at all.

X, y = load_diabetes(return_X_y=True, as_frame=True)
X = StandardScaler().set_output(transform="pandas").fit_transform(X[["bmi", "bp"]])
models = [Lasso(alpha=32), ElasticNet(alpha=12, l1_ratio=0.9), Ridge(alpha=600)]

fig, axes = plt.subplots(1, 3, figsize=(12, 4.2), layout="constrained")
for ax, model in zip(axes, models, strict=True):
    ConstraintRegionDisplay.from_estimator(model.fit(X, y), X, y, ax=ax)
plt.show()

# %%
# With more columns the others stay at their fitted values, so that what is drawn is a
# slice through the fit; the contour touches the region there too. Of two blood serum
# measurements that tell nearly the same the lasso takes one: the contours are long and
# narrow.

X, y = load_diabetes(return_X_y=True, as_frame=True)
model = Lasso(alpha=0.05).fit(X, y)
ConstraintRegionDisplay.from_estimator(model, X, y, features=("s1", "s2"))
plt.show()
