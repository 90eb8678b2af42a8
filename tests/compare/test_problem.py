"""From a table to design matrices."""

import numpy as np
import pytest

from sklreg.compare import CompareError
from sklreg.compare.problem import Settings, diabetes_table, make_problem
from sklreg.compare.table import Column, Table


def table_of(**columns):
    made = []
    for name, values in columns.items():
        numeric = not any(isinstance(value, str) for value in values)
        dtype = float if numeric else object
        made.append(Column(name, np.array(values, dtype=dtype), numeric))
    return Table("made.csv", tuple(made))


def numbers(n=60, seed=0):
    return np.random.RandomState(seed).randn(n)


def test_diabetes():
    problem = make_problem(*diabetes_table(), Settings())
    assert problem.task == "regression" and problem.classes == ()
    assert problem.X_train.shape == (331, 10) and problem.X_test.shape == (111, 10)
    assert problem.X_train.flags.f_contiguous
    np.testing.assert_allclose(problem.X_train.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(problem.X_train.std(axis=0), 1.0)
    moments = [problem.y_train.mean(), problem.y_train.std()]
    np.testing.assert_allclose(moments, [0.0, 1.0], atol=1e-12)
    held_out = np.concatenate([test for _, test in problem.folds])
    np.testing.assert_array_equal(np.sort(held_out), np.arange(331))


def test_categories_and_gaps():
    rng = np.random.RandomState(0)
    letters = rng.choice(["a", "b", "c"], 60).astype(object)
    letters[:7] = None
    x = numbers()
    x[3] = np.nan
    problem = make_problem(
        table_of(letter=letters, x=x, y=numbers(seed=1)), "y", Settings()
    )
    assert list(problem.feature_names) == [
        "x",
        "letter = a",
        "letter = b",
        "letter = c",
    ]
    assert (problem.n_numeric, problem.n_categorical) == (1, 1)
    assert problem.n_missing == 8
    assert np.isfinite(problem.X_train).all() and np.isfinite(problem.X_test).all()
    # Missing is the category left out: such rows have no indicator set.
    both = np.vstack([problem.X_train, problem.X_test])
    assert np.sum(both[:, 1:].sum(axis=1) == 0.0) == 7


def test_a_category_of_the_test_rows_only_is_no_error_and_no_warning():
    letters = np.array(["a", "b"] * 30, dtype=object)
    y = numbers()
    table = table_of(letter=letters, x=numbers(seed=2), y=y)
    train_size = make_problem(table, "y", Settings()).X_train.shape[0]
    assert train_size == 45
    for row in range(60):
        letters[:] = ["a", "b"] * 30
        letters[row] = "once"
        names = make_problem(table, "y", Settings()).feature_names
        if "letter = once" not in names:
            return
    pytest.fail("no row of the test set was reached")


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["no", "yes"] * 30, "classification", ("no", "yes")),
        ([0.0, 1.0] * 30, "classification", ("0", "1")),
        ([1.0, 2.0, 3.0] * 20, "regression", ()),
        (list(numbers()), "regression", ()),
    ],
)
def test_task_is_detected(values, task, classes):
    problem = make_problem(table_of(x=numbers(), y=values), "y", Settings())
    assert (problem.task, problem.classes) == (task, classes)
    hinted = any("--task classification" in note for note in problem.notes)
    assert hinted == (values[:3] == [1.0, 2.0, 3.0])


def test_task_can_be_given():
    table = table_of(x=numbers(), y=[1.0, 2.0, 3.0] * 20, z=[0.0, 1.0] * 30)
    assert make_problem(table, "y", Settings(task="classification")).classes == (
        "1",
        "2",
        "3",
    )
    assert make_problem(table, "z", Settings(task="regression")).classes == ()


def test_columns_that_tell_nothing_are_left_out_with_a_note():
    table = Table(
        "made.csv",
        (
            Column("column 1", np.arange(60.0), True),
            *table_of(
                one=[4.0] * 60,
                none=[np.nan] * 60,
                name=[f"person {k}" for k in range(60)],
                x=numbers(),
                y=numbers(seed=1),
            ).columns,
        ),
    )
    problem = make_problem(table, "y", Settings())
    assert list(problem.feature_names) == ["x"]
    for name in ("column 1", "one", "none", "name"):
        assert any(note.startswith(f"{name!r} left out") for note in problem.notes)


def test_rare_categories_share_an_indicator():
    rng = np.random.RandomState(0)
    codes = rng.randint(0, 200, size=900)
    table = table_of(code=[f"c{k}" for k in codes], y=numbers(900))
    problem = make_problem(table, "y", Settings())
    assert problem.n_features < 31
    assert "code = (other)" in problem.feature_names


GOOD = {"x": numbers(), "y": numbers(seed=1)}


@pytest.mark.parametrize(
    ("columns", "target", "settings", "message"),
    [
        (GOOD, "nope", {}, r"made.csv: no column 'nope' \(columns: x, y\)"),
        (GOOD, "y", {"drop": ("z",)}, "no column 'z'"),
        (GOOD, "y", {"drop": ("y",)}, "'y' is both the target and dropped"),
        (GOOD, "y", {"drop": ("x",)}, "no usable columns besides 'y'"),
        ({"x": numbers(), "y": [3.0] * 60}, "y", {}, "target column 'y': constant"),
        ({"x": numbers(), "y": ["a"] * 60}, "y", {}, "target column 'y': constant"),
        (
            {"x": numbers(), "y": [np.inf, -np.inf, *numbers(58)]},
            "y",
            {},
            r"target column 'y': 2 non-finite values \(first in row 1\)",
        ),
        (
            {"x": numbers(), "y": [1.0, np.nan, *numbers(58)]},
            "y",
            {},
            r"target column 'y': 1 missing value \(first in row 2\)",
        ),
        (
            {"x": [1.0, np.inf, *numbers(58)], "y": numbers()},
            "y",
            {},
            r"column 'x': 1 infinite value \(first in row 2\)",
        ),
        ({"x": numbers(9), "y": numbers(9)}, "y", {}, r"made.csv: too few rows \(9\)"),
        (GOOD, "y", {"n_folds": 30}, r"too few rows \(60\)"),
        (
            {"x": numbers(), "y": ["a"] * 57 + ["rare"] * 3},
            "y",
            {},
            r"'y': too few rows of class 'rare' \(3\) for 5 folds",
        ),
        (
            {"x": numbers(), "y": [f"v{k}" for k in range(60)]},
            "y",
            {},
            "60 distinct values are too many for classes",
        ),
        (
            {"x": numbers(), "y": ["a", "b", "c"] * 20},
            "y",
            {"task": "regression"},
            "target column 'y': not numeric",
        ),
    ],
)
def test_unusable_input_is_named(columns, target, settings, message):
    with pytest.raises(CompareError, match=message):
        make_problem(table_of(**columns), target, Settings(**settings))
