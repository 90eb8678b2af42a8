"""The HTML page."""

import base64
import re
from html.parser import HTMLParser

import pytest

from sklreg.compare import CompareError, report
from sklreg.compare.problem import Settings, make_problem
from sklreg.compare.run import compare
from sklreg.compare.table import read_table


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    rows = [
        f"{k % 7},{k * k % 11 or ''},{'red' if k % 3 else '<b>&blue'},{k % 5 + k % 7}"
        for k in range(60)
    ]
    source = folder / "a<b.csv"
    source.write_text("\n".join(["u,v,colour,y", *rows]))
    comparison = compare(make_problem(read_table(source), "y", Settings()))
    steps = []
    path = report.write_report(
        comparison, folder / "new" / "place", progress=lambda *step: steps.append(step)
    )
    assert len(steps) == 3
    return path


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.addresses = [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        if tag not in ("meta", "img"):
            self.open.append(tag)
        wanted = ("src", "href", "srcset", "data")
        self.addresses += [value for name, value in attributes if name in wanted]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_whole_and_self_contained(page):
    assert page.name == "index.html"
    assert [path.name for path in page.parent.iterdir()] == ["index.html"]
    text = page.read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert tags.seen.count("img") == 3 and "script" not in tags.seen
    assert "link" not in tags.seen
    assert "http" not in re.sub(r"base64,[\w+/=]+", "", text)
    assert "url(" not in text and "@import" not in text
    for address in tags.addresses:
        kind, _, data = address.partition(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data).startswith(b"\x89PNG")


def test_page_tells_what_is_in_the_table(page):
    text = page.read_text(encoding="utf-8")
    assert "<h1>a&lt;b.csv</h1>" in text
    for words in ("Regularisation paths", "Cross-validation curves", "duality gap"):
        assert words in text
    assert text.count('<tr class="sklreg">') == text.count('<tr class="scikit-learn">')


def test_paths_that_cannot_hold_a_report(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    for bad in (file, file / "below"):
        with pytest.raises(CompareError, match="not a directory"):
            report.check_report(bad)
    (tmp_path / "index.html").mkdir()
    with pytest.raises(CompareError, match="is a directory"):
        report.check_report(tmp_path)


def test_directory_that_is_not_writable(tmp_path, monkeypatch):
    monkeypatch.setattr(report.os, "access", lambda *_: False)
    with pytest.raises(CompareError, match="is not writable"):
        report.check_report(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_missing_matplotlib_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "find_spec", lambda name: None)
    with pytest.raises(CompareError, match="--report needs matplotlib"):
        report.check_report(tmp_path)


def test_a_page_that_cannot_be_replaced_leaves_nothing(page, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "render_page", lambda *_: "page")
    monkeypatch.setattr(report.os, "replace", refuse)
    with pytest.raises(CompareError, match="no space left on device"):
        report.write_report(None, tmp_path)
    assert list(tmp_path.iterdir()) == []
