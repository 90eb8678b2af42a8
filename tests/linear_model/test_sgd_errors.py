"""Bad input to SGD: clear errors, and the estimator left as it was."""

from functools import partial

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal
from sklearn.model_selection import GroupShuffleSplit

from sklreg.linear_model import SGDClassifier, SGDRegressor
from tests.linear_model._sgd_data import classification, regression

both = pytest.mark.parametrize("cls", [SGDClassifier, SGDRegressor])
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def data(cls):
    return classification() if cls is SGDClassifier else regression()


def started(cls, **arguments):
    """An estimator after one chunk, and the chunk."""
    X, y = data(cls)
    first = {"classes": [0, 1]} if cls is SGDClassifier else {}
    return cls(random_state=0, **arguments).partial_fit(X, y, **first), X, y


def unchanged(model, call, message):
    before = {
        name: value.copy() if isinstance(value, np.ndarray) else value
        for name, value in vars(model).items()
    }
    with pytest.raises(ValueError, match=message):
        call()
    assert vars(model).keys() == before.keys()
    for name, value in before.items():
        if isinstance(value, np.ndarray):
            assert_array_equal(getattr(model, name), value)
        else:
            assert getattr(model, name) is value, name


@both
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
def test_a_later_chunk_that_is_not_finite(cls, bad, container):
    model, X, y = started(cls)
    X[3, 2] = bad
    unchanged(model, lambda: model.partial_fit(container(X), y), "NaN|infinity")
    unchanged(model, lambda: model.fit(container(X), y), "NaN|infinity")


def test_targets_that_are_not_finite():
    model, X, y = started(SGDRegressor)
    y[0] = np.nan
    unchanged(model, lambda: model.partial_fit(X, y), "NaN")


@both
@pytest.mark.filterwarnings("ignore:.*encountered in reduce:RuntimeWarning")
@pytest.mark.parametrize("extra", [{}, {"batch_size": 4, "momentum": 0.5}], ids=str)
def test_overflow_keeps_the_previous_weights(cls, extra):
    model, X, y = started(cls, **extra)
    advice = "overflow occurred at epoch #1.*StandardScaler.*eta0.*previous"
    unchanged(model, lambda: model.partial_fit(1e308 * X, y), advice)
    unchanged(model, lambda: model.fit(1e308 * X, y), advice)
    # weights stay finite here, predictions do not
    unchanged(model, lambda: model.fit(1e200 * X, y), "overflow occurred at epoch")
    model.partial_fit(X, y)  # still of use


def test_unseen_class_in_a_chunk():
    model, X, y = started(SGDClassifier)
    unchanged(
        model,
        lambda: model.partial_fit(X, np.where(y == 0, 7, y)),
        r"y has the labels \[7\], which are not among the classes \[0, 1\]",
    )
    unchanged(
        model, lambda: model.partial_fit(X, y, classes=[0, 1, 2]), "is not the same as"
    )
    with pytest.raises(ValueError, match="classes must be passed"):
        SGDClassifier().partial_fit(X, y)


@both
def test_another_number_of_features(cls):
    model, X, y = started(cls)
    unchanged(model, lambda: model.partial_fit(X[:, 1:], y), "features")
    model = cls().fit(X, y)
    unchanged(model, lambda: model.fit(X, y, X_val=X[:, 1:], y_val=y), "11 features")


def test_one_class():
    X, _ = classification()
    with pytest.raises(ValueError, match="greater than one; got 1 class"):
        SGDClassifier().fit(X, np.ones(len(X)))


@both
def test_empty_validation_set(cls):
    X, y = data(cls)
    model = cls(early_stopping=True)
    unchanged(
        model,
        lambda: model.fit(X, y, X_val=X[:0], y_val=y[:0]),
        "validation set is empty",
    )
    rows = np.arange(len(y))
    for split in ([(rows, [])], [([], rows)]):
        model = cls(early_stopping=True, validation_split=split)
        unchanged(model, partial(model.fit, X, y), "empty set")
    with pytest.raises(ValueError, match=r"test_size|train set will be empty"):
        cls(early_stopping=True, validation_fraction=0.999).fit(X[:4], y[:4])


def test_classes_missing_from_the_split():
    X, y = classification(3)
    ones, others = np.flatnonzero(y == 1), np.flatnonzero(y != 1)
    for split, message in (
        ([(others, ones)], r"training part .* lacks the classes \[1\]"),
        ([(np.r_[others, ones[:5]], ones[5:])], "one class only"),
    ):
        model = SGDClassifier(early_stopping=True, validation_split=split)
        unchanged(model, partial(model.fit, X, y), message)
    model = SGDClassifier(early_stopping=True)
    unchanged(
        model, lambda: model.fit(X, y, X_val=X[ones], y_val=y[ones]), "one class only"
    )
    unchanged(
        model,
        lambda: model.fit(X, y, X_val=X, y_val=y + 1),
        r"y_val has the labels \[3\]",
    )


@both
def test_splits_that_make_no_sense(cls):
    X, y = data(cls)
    rows = np.arange(len(y))
    for split, message in (
        ([(rows, rows[:9])], "that meet"),
        ([(rows[:9], rows[9:] + 1)], "indices of the"),
        ([(rows[:9] + 0.5, rows[9:])], "indices of the"),
        ([], "validation_split"),
        (3, "validation_split"),
        (GroupShuffleSplit(1), "groups"),
    ):
        with pytest.raises(ValueError, match=message):
            cls(early_stopping=True, validation_split=split).fit(X, y)
    halves = [(rows[:150], rows[150:])]
    with pytest.raises(ValueError, match="not both"):
        cls(validation_split=halves).fit(X, y, X_val=X, y_val=y)
    with pytest.raises(ValueError, match="needs y_val"):
        cls().fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="need X_val"):
        cls().fit(X, y, y_val=y)
    with pytest.raises(ValueError, match="weights for validation set are all zero"):
        cls(early_stopping=True, validation_split=halves).fit(
            X, y, sample_weight=rows < 150
        )


@both
@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"nesterov": True}, "nesterov=True needs momentum"),
        ({"optimizer": "adam", "momentum": 0.9}, "no meaning with optimizer='adam'"),
        ({"learning_rate": "pa1", "batch_size": 2}, "batch_size=1"),
        ({"learning_rate": "optimal", "alpha": 0}, "alpha must be > 0"),
        ({"penalty": "elasticnet", "l1_ratio": None}, "l1_ratio must be set"),
        ({"weight_noise": ("poisson", 0.1)}, "weight_noise must be"),
        ({"gradient_noise": ("gaussian", -0.1)}, "gradient_noise must be"),
        ({"input_noise": ("gaussian", 0.1, 3)}, "input_noise must be"),
        ({"input_noise": ("cosmic", 0.1)}, "input_noise must be"),
        (
            {"early_stopping_scoring": "no such scorer", "early_stopping": True},
            "no such",
        ),
    ],
    ids=str,
)
def test_parameters_that_contradict_each_other(cls, arguments, message):
    X, y = data(cls)
    model = cls(cls._passive_aggressive_loss).set_params(**arguments)
    unchanged(model, lambda: model.fit(X, y), message)


def test_poisson_noise_needs_counts():
    X, y = regression()
    model = SGDRegressor(input_noise=("poisson", 1.0))
    unchanged(model, lambda: model.fit(X, y), "poisson noise")


@both
def test_loss_of_the_passive_aggressive_rates(cls):
    X, y = data(cls)
    with pytest.raises(ValueError, match="only works with loss"):
        cls("squared_error", learning_rate="pa2").fit(X, y)
