"""Small problems, and small networks for them."""

import pytest
import sklearn
from sklearn.datasets import load_diabetes, load_digits
from sklearn.preprocessing import scale

from sklreg.neural_network import MLPClassifier, MLPRegressor

VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))
QUIET = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:lbfgs failed to converge"),
]
both = pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])


def digits(n=300, n_classes=10):
    X, y = load_digits(n_class=n_classes, return_X_y=True)
    return X[:n] / 16, y[:n]


def diabetes(n=300):
    X, y = load_diabetes(return_X_y=True)
    return scale(X[:n]), scale(y[:n])


def data(cls):
    return digits() if cls is MLPClassifier else diabetes()


def small(cls, **arguments):
    return cls(
        **{"hidden_layer_sizes": (16, 16), "max_iter": 8, "random_state": 0} | arguments
    )
