"""
Which features, and how much of them
====================================

Three looks at one selection: the cross-validation curve with the one-standard-error
rule, the relaxed lasso that takes the shrinkage back, and how often each feature is
selected when the rows are drawn again.
"""

# %%
# Five features out of two hundred carry the signal.
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullFormatter

from sklreg.inspection import CVCurveDisplay
from sklreg.linear_model import LassoCV, StabilitySelection

rng = np.random.default_rng(0)
signal = np.array([3.0, -2.0, 2.0, 1.5, -1.0])
X = rng.normal(size=(100, 200))
y = X[:, :5] @ signal + rng.normal(size=100)

# %%
# The lasso by the two rules, and relaxed: least squares on the support, blended with
# the lasso by a gamma that the same folds choose.
options = {"eps": 0.01, "cv": 10, "tol": 1e-6}
plain = LassoCV(selection_rule="1se", **options).fit(X, y)
relaxed = LassoCV(relax=True, **options).fit(X, y)
stable = StabilitySelection(random_state=0, threshold=0.9).fit(X, y)

fig, axes = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
CVCurveDisplay.from_estimator(plain, ax=axes[0], name="lasso")

gammas = sorted(relaxed.gamma, reverse=True)
colours = plt.colormaps["viridis"](np.linspace(0.0, 0.85, len(gammas)))
for gamma, errors, colour in zip(
    gammas, relaxed.relaxed_mse_path_, colours, strict=True
):
    axes[1].plot(
        relaxed.alphas_, errors.mean(axis=1), color=colour, label=f"gamma = {gamma:g}"
    )
axes[1].axvline(relaxed.alpha_, color="0.3", linestyle="--", linewidth=1.3)
axes[1].set(
    xscale="log",
    xlabel="alpha (weaker penalty →)",
    ylabel="cross-validated mean squared error",
    title="relaxed lasso",
)
axes[1].invert_xaxis()
axes[1].legend(frameon=False)

noise, carriers = stable.frequencies_[5:].T, stable.frequencies_[:5].T
axes[2].plot(stable.alphas_, noise, color="0.75", linewidth=0.8)
lines = axes[2].plot(stable.alphas_, carriers, linewidth=1.8)
axes[2].legend(lines, [f"w = {w:g}" for w in signal], loc=(0.7, 0.5))
axes[2].axhline(stable.threshold, color="0.3", linestyle="--", linewidth=1.3)
axes[2].set(
    xscale="log",
    xlabel="alpha (weaker penalty →)",
    ylabel="selection frequency",
    title="stability selection (noise in grey)",
)
axes[2].set_xticks([3, 1, 0.3], labels=["3", "1", "0.3"])
axes[2].xaxis.set_minor_formatter(NullFormatter())
axes[2].invert_xaxis()
plt.show()

# %%
# The relaxed model is as short as the true one, and its coefficients are not shrunk.
for name, model in (("lasso, 1se", plain), ("relaxed", relaxed)):
    print(
        f"{name:<11} alpha {model.alpha_:.3f}, {np.count_nonzero(model.coef_):>2} "
        f"features, {model.coef_[:5].round(2)}"
    )
print("stable:", stable.get_support(indices=True))
print(f"noise expected among them: at most {stable.false_selections_bound_:.2f}")
