"""The README keeps its promises: one command line each, and code that runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
PYTHON = [code for language, code in BLOCKS if language == "python"]


@pytest.mark.parametrize(
    ("number", "job"), [(0, ".venv/bin/sklreg compare"), (1, "-m pytest")]
)
def test_first_blocks_are_one_command_line_each(number, job):
    language, command = BLOCKS[number]
    assert language == "sh"
    assert command.count("\n") == 1
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert job in command


def test_ci_runs_the_commands_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf8")
    function = re.search(r"^readme_command\(\) \{.*?^\}", script, re.DOTALL | re.M)[0]
    for number in (0, 1):
        printed = subprocess.run(
            ["bash", "-c", f"{function}\nreadme_command {number + 1}"],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        ).stdout
        assert printed == BLOCKS[number][1]
        assert f'"$(readme_command {number + 1})"' in script


def test_there_is_python_to_run():
    assert any("GridSearchCV" in code for code in PYTHON)


@pytest.mark.parametrize("code", PYTHON)
def test_python_blocks_run(code):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
