"""
Underfitting and overfitting, named
===================================

Training and test curves over a parameter and over epochs. What is worse than the best
point underfits if its training score is worse too, and overfits otherwise.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes, load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklreg.inspection import FitDiagnosisDisplay
from sklreg.linear_model import Ridge
from sklreg.neural_network import MLPClassifier

# %%
# Ridge on products of up to three of ten columns, 285 in all. On the left the penalty
# leaves nothing of them; on the right the error on training rows goes on falling
# while that on rows left out rises.

X, y = load_diabetes(return_X_y=True)
model = make_pipeline(PolynomialFeatures(3), StandardScaler(), Ridge())
display = FitDiagnosisDisplay.from_estimator(
    model,
    X,
    y,
    param_name="ridge__alpha",
    param_range=np.logspace(5, -1, 13),
    scoring="neg_mean_squared_error",
)
display.ax_.invert_xaxis()
plt.show()

# %%
# A network on 300 digits of which every fifth has a wrong label. Early stopping notes
# both losses in every epoch. The first epochs learn the digits, the later ones the
# wrong labels.

X, y = load_digits(return_X_y=True)
rng = np.random.RandomState(0)
X, y = X[:400] / 16, y[:400].copy()
wrong = rng.permutation(300)[:60]
y[wrong] = rng.randint(10, size=60)
network = MLPClassifier(
    early_stopping=True, n_iter_no_change=70, max_iter=400, random_state=0
)
network.set_params(learning_rate_init=0.005, batch_size=100)
network.fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])
FitDiagnosisDisplay.from_history(network)
plt.show()
