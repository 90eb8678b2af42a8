"""
A network with and without dropout
==================================

Two half moons, noisy enough to overlap, and a network with far more weights than there
are points. Left alone it learns every point by heart. With dropout and a max-norm
constraint it cannot, and it can say where it does not know.
"""

# %%
# Eighty points to learn from, many to judge by.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from sklearn.exceptions import ConvergenceWarning

from sklreg.neural_network import MLPClassifier

X, y = make_moons(80, noise=0.4, random_state=0)
X_test, y_test = make_moons(2000, noise=0.4, random_state=1)

# %%
# The same network twice. ``X_val`` without ``early_stopping`` only records. All epochs
# are wanted here, so the warning that there could be more is left out.
warnings.simplefilter("ignore", ConvergenceWarning)
settings = {
    "hidden_layer_sizes": (256, 256),
    "learning_rate_init": 0.005,
    "batch_size": 20,
    "max_iter": 200,
    "n_iter_no_change": 200,
    "random_state": 0,
}
watched = {"X_val": X_test, "y_val": y_test}
plain = MLPClassifier(**settings).fit(X, y, **watched)
dropped = MLPClassifier(dropout=0.5, max_norm=2.0, **settings).fit(X, y, **watched)
for name, net in {"plain": plain, "dropout and max norm": dropped}.items():
    print(
        f"{name}: accuracy {net.score(X, y):.3f} in training, "
        f"{net.score(X_test, y_test):.3f} in testing"
    )

# %%
# The plain network becomes ever surer of itself, and its loss on the test points rises.
fig, axes = plt.subplots(1, 3, figsize=(14, 4), layout="constrained")
for net, color, name in ((plain, "C0", "plain"), (dropped, "C1", "dropout")):
    history = net.history_
    epochs = history["epoch"]
    axes[0].plot(epochs, history["train_loss"], color + ":", label=f"{name}, training")
    axes[0].plot(epochs, history["validation_loss"], color, label=f"{name}, testing")
axes[0].set(xlabel="epoch", ylabel="log loss", ylim=(0, 1.5))
axes[0].legend()

# %%
# Monte-Carlo dropout: the spread over random passes is largest between the classes.
grid = np.stack(np.meshgrid(np.linspace(-2, 3, 60), np.linspace(-1.8, 2.2, 50)), -1)
points = grid.reshape(-1, 2)
mean, std = dropped.predict_uncertainty(points, n_passes=30)
maps = {
    "probability with dropout": mean[:, 1],
    "its spread over 30 passes": std[:, 1],
}
for ax, (title, values) in zip(axes[1:], maps.items(), strict=True):
    shown = ax.contourf(*grid.transpose(2, 0, 1), values.reshape(50, 60), levels=15)
    ax.scatter(*X.T, c=y, cmap="coolwarm", edgecolor="white", s=25)
    fig.colorbar(shown, ax=ax)
    ax.set_title(title)
plt.show()
