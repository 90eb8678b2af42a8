"""
Where over-sampling puts its rows
=================================

The samplers of :mod:`sklreg.augmentation` on one two-dimensional set: a minority (dark)
beside and within a majority (grey), and the rows that each sampler makes (red).
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from sklreg.augmentation import (
    ADASYN,
    SMOTE,
    SVMSMOTE,
    BorderlineSMOTE,
    KMeansSMOTE,
    RandomOverSampler,
)

rng = np.random.RandomState(0)
X, y = make_moons((300, 40), noise=0.25, random_state=0)

samplers = {
    "RandomOverSampler, smooth": RandomOverSampler(shrinkage=0.5, random_state=0),
    "SMOTE": SMOTE(random_state=0),
    "BorderlineSMOTE": BorderlineSMOTE(random_state=0),
    "SVMSMOTE": SVMSMOTE(random_state=0),
    "KMeansSMOTE": KMeansSMOTE(
        cluster_balance_threshold=0.1, kmeans_estimator=8, random_state=0
    ),
    "ADASYN": ADASYN(random_state=0),
}

fig, axes = plt.subplots(
    2, 3, figsize=(11, 7), sharex=True, sharey=True, layout="constrained"
)
for ax, (title, sampler) in zip(axes.flat, samplers.items(), strict=True):
    X_res, _ = sampler.fit_resample(X, y)
    new = X_res[len(X) :]
    ax.scatter(*X[y == 0].T, s=10, color="0.75", label="majority")
    ax.scatter(*new.T, s=8, color="tab:red", alpha=0.5, label="new rows")
    ax.scatter(*X[y == 1].T, s=18, color="black", label="minority")
    ax.set_title(f"{title}: {len(new)} new rows")
axes[0, 0].legend(loc="lower left")
plt.show()
