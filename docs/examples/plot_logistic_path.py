"""
Logistic regression along its path
==================================

Thirty measurements of cells and one question: malignant or not. With the L1 penalty
features enter one at a time as the penalty gives way, and cross-validation says how
many are worth having.
"""

# %%
# The penalty is that of features of unit variance; the data stay as they are.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer

from sklreg.linear_model import LogisticRegressionCV, logistic_path

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
Cs, coefs, intercepts, gaps = logistic_path(X, y, standardize=True, eps=2e-4)

# %%
# The curve is the log loss on the rows left out. The one-standard-error rule takes the
# sparsest model that the data cannot tell from the best.
model = LogisticRegressionCV(
    Cs=Cs,
    l1_ratios=(1.0,),
    cv=10,
    standardize=True,
    scoring="neg_log_loss",
    selection_rule="1se",
    use_legacy_attributes=False,
).fit(X, y)
loss = -model.scores_[:, 0]
mean, error = loss.mean(axis=0), loss.std(axis=0, ddof=1) / np.sqrt(len(loss))

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
scale = X.std(axis=0).to_numpy()
left.semilogx(Cs, (coefs * scale[:, None]).T, linewidth=1)
left.set(xlabel="C", ylabel="coefficient times standard deviation", ylim=(-8, 8))
right.semilogx(Cs, mean, color="#1f5f8b")
right.fill_between(Cs, mean - error, mean + error, color="#1f5f8b", alpha=0.2)
right.set(xlabel="C", ylabel="log loss of rows left out")
for axes in (left, right):
    axes.axvline(model.C_min_, color="grey", linestyle="--", label="least loss")
    axes.axvline(model.C_1se_, color="grey", linestyle=":", label="one standard error")
    axes.grid(alpha=0.2)
right.legend()
plt.show()

# %%
# Every model on the path is certified, and so is the one that was chosen.
kept = X.columns[model.coef_[0] != 0]
print(f"largest gap on the path {gaps.max():.1e}, of the model {model.dual_gap_:.1e}")
print(f"{len(kept)} of {X.shape[1]} features: {', '.join(kept)}")
