"""The reference lists what the packages offer."""

import re
from importlib import import_module
from pathlib import Path

import pytest

import sklreg

ROOT = Path(__file__).parents[1]
API = (ROOT / "docs" / "api.rst").read_text(encoding="utf8")


def documented(module):
    """Names under each ``currentmodule`` of the reference."""
    sections = re.split(r"^\.\. currentmodule:: ", API, flags=re.M)[1:]
    return {
        name
        for section in sections
        if section.split("\n", 1)[0] == module
        for name in re.findall(r"^   (\w+)$", section, re.M)
    }


PACKAGES = [f"sklreg.{name}" for name in sklreg.__all__ if name != "show_versions"]


@pytest.mark.parametrize("package", PACKAGES)
def test_reference_lists_every_public_name(package):
    module = import_module(package)
    public = set(module.__all__)
    tables = {name for name in public if isinstance(getattr(module, name), dict)}
    assert documented(package) == public - tables
    for table in tables:
        assert f":data:`{package}.{table}`" in API


def test_reference_lists_the_top_level():
    assert documented("sklreg") == {"show_versions"}
