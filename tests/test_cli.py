"""The command line, mostly in this process."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import sklreg
from sklreg import cli


@pytest.fixture(autouse=True)
def measure_once(monkeypatch):
    """Times need no precision here."""
    monkeypatch.setattr("sklreg.compare.run.MAX_REPEATS", 1)


@pytest.fixture
def houses(tmp_path):
    """A table with categories and gaps, separated by semicolons."""
    rng = np.random.RandomState(0)
    lines = ["rooms;area;heating;sold;price"]
    for k in range(80):
        area = "" if k % 9 == 0 else f"{rng.uniform(30, 200):.1f}".replace(".", ",")
        heating = ["gas", "oil", "wood", "NA"][rng.randint(4)]
        price = 100 * rng.randint(1, 7) + 3 * rng.randn()
        lines.append(f"{rng.randint(1, 7)};{area};{heating};{'yn'[k % 2]};{price:.2f}")
    path = tmp_path / "houses.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def run(capsys, *arguments):
    status = cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_diabetes_is_the_default(capsys):
    status, out, err = run(capsys, "compare")
    assert (status, err) == (0, "")
    assert "diabetes (scikit-learn): 442 rows" in out
    for model in ("least squares", "lasso", "elastic net", "ridge"):
        assert f"\n{model} " in out


def test_own_table_with_report(capsys, houses, tmp_path):
    status, out, err = run(
        capsys, "compare", houses, "--target", "price", "--report", tmp_path / "out"
    )
    assert (status, err) == (0, "")
    assert "80 rows, 2 numeric + 2 categorical columns" in " ".join(out.split())
    assert out.endswith(f"report: {tmp_path / 'out' / 'index.html'}\n")
    assert (tmp_path / "out" / "index.html").stat().st_size > 10_000


def test_json_is_pure(capsys, houses):
    status, out, err = run(
        capsys, "compare", houses, "--target", "sold", "--drop", "price", "--json",
        "--cv", "3", "--test-size", "0.5", "--random-state", "7",
    )  # fmt: skip
    assert (status, err) == (0, "")
    measured = json.loads(out)
    assert measured["task"] == "classification"
    assert measured["classes"] == ["n", "y"]
    assert measured["report"] is None
    assert "price" not in measured["data"]["feature_names"]
    assert measured["data"]["n_test"] == 40
    assert measured["settings"]["n_folds"] == 3
    assert measured["versions"]["sklreg"] == sklreg.__version__
    libraries = [row["library"] for row in measured["rows"]]
    assert libraries[:2] == ["baseline"] * 2
    assert libraries[2:] == ["sklreg", "scikit-learn"] * (len(libraries) // 2 - 1)
    for row in measured["rows"][2:]:
        assert row["seconds"] > 0 and row["duality_gap"] >= 0
        assert 0 <= row["n_nonzero"] <= row["n_coefficients"]


def test_split_follows_the_random_state(capsys, houses):
    texts = []
    for state in (1, 1, 2):
        arguments = ("--target", "price", "--json", "--random-state", state, "--cv", 2)
        measured = json.loads(run(capsys, "compare", houses, *arguments)[1])
        texts.append([row["test_score"] for row in measured["rows"]])
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.csv", "--target", "y"], "nowhere.csv: no such file"),
        (["HOUSES"], "--target COLUMN"),
        (["--target", "price"], "--target needs a FILE"),
        (["HOUSES", "--target", "prize"], "no column 'prize'"),
        (["HOUSES", "--target", "heating"], "target column 'heating'"),
        (["HOUSES", "--target", "price", "--drop", "roof"], "no column 'roof'"),
        (["HOUSES", "--target", "price", "--cv", "50"], "too few rows"),
        (["--cv", "1"], "--cv"),
        (["--test-size", "1.5"], "--test-size"),
        (["--tol", "nan"], "--tol"),
        (["--n-jobs", "0"], "--n-jobs"),
        (["--random-state", "-1"], "--random-state"),
        (["--task", "clustering"], "--task"),
        (["--no-such-option"], "--no-such-option"),
    ],
)
def test_errors_are_one_line_and_write_nothing(
    capsys, houses, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    given = [str(houses) if word == "HOUSES" else word for word in arguments]
    status, out, err = run(capsys, "compare", *given, "--report", "out")
    assert (status, out) == (2, "")
    assert err.startswith("sklreg") and ": error: " in err and err.count("\n") == 1
    assert words in err
    assert [path.name for path in tmp_path.iterdir()] == ["houses.csv"]


def test_report_that_is_a_file(capsys, houses):
    status, out, err = run(capsys, "compare", "--report", houses)
    assert (status, out) == (2, "")
    assert err == f"sklreg compare: error: --report {houses}: not a directory\n"


def test_help_version_and_no_command(capsys):
    assert run(capsys, "--version") == (0, f"sklreg {sklreg.__version__}\n", "")
    status, out, _ = run(capsys, "compare", "--help")
    assert status == 0 and "--report DIR" in out
    status, out, err = run(capsys)
    assert (status, out) == (2, "") and "a command is needed" in err


def test_interrupt(capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run_compare", interrupt)
    assert run(capsys, "compare") == (130, "", "")


class Terminal:
    def __init__(self):
        self.text = ""

    def isatty(self):
        return True

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def test_progress_on_a_terminal_is_wiped(capsys, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert cli.main(["compare", "--json"]) == 0
    assert "[2/4] lasso in both libraries ..." in terminal.text
    assert terminal.text.endswith("\r\033[K") and "\n" not in terminal.text
    json.loads(capsys.readouterr().out)


def python(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        **options,
    )


def test_module_in_a_pipe_whose_reader_leaves():
    process = python(
        "-m", "sklreg", "compare", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), err) == (cli.EXIT_BROKEN_PIPE, b"")


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from sklreg.cli import main; main(['--version'])\n"
        "print([name for name in ('sklearn', 'numba', 'matplotlib', 'numpy') "
        "if name in sys.modules])"
    )
    process = python("-c", code, stdout=subprocess.PIPE, text=True)
    assert process.communicate()[0].splitlines()[-1] == "[]"
