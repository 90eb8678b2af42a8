"""Reading delimited text."""

import gzip

import numpy as np
import pytest

from sklreg.compare import CompareError
from sklreg.compare.table import read_table


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("zipped", [False, True])
def test_delimiters_and_gzip(tmp_path, delimiter, zipped):
    text = "a,b,c\n1,x,0.5\n2,,-1e3\n,y,3\n".replace(",", delimiter).encode()
    path = write(tmp_path / "t", gzip.compress(text, mtime=0) if zipped else text)
    table = read_table(path)
    assert table.names == ["a", "b", "c"]
    assert [column.numeric for column in table.columns] == [True, False, True]
    np.testing.assert_array_equal(table["a"].values, [1.0, 2.0, np.nan])
    assert table["b"].values.tolist() == ["x", None, "y"]
    np.testing.assert_array_equal(table["c"].values, [0.5, -1000.0, 3.0])
    np.testing.assert_array_equal(table["b"].missing, [False, True, False])


@pytest.mark.parametrize("word", ["", "NA", "n/a", "NaN", "null", "None", "?", " NA "])
def test_words_for_missing(tmp_path, word):
    table = read_table(
        write(tmp_path / "t.csv", f"a,b,c\n1,u,0\n{word},{word},0\n3,v,0\n")
    )
    assert table["a"].numeric
    assert table["a"].missing.tolist() == [False, True, False]
    assert table["b"].missing.tolist() == [False, True, False]


def test_decimal_comma_only_between_semicolons(tmp_path):
    table = read_table(write(tmp_path / "t.csv", "a;b\n1,5;2\n-0,25;3\n"))
    assert table["a"].values.tolist() == [1.5, -0.25]
    table = read_table(write(tmp_path / "u.csv", 'a,b\n"1,5",2\n"2,5",3\n'))
    assert not table["a"].numeric


def test_quotes_blank_lines_byte_order_mark_and_nameless_columns(tmp_path):
    text = '\ufeff,"the name"\r\n1,"x, ""y""\nz"\r\n\r\n2,w\r\n'
    table = read_table(write(tmp_path / "t.csv", text))
    assert table.names == ["column 1", "the name"]
    assert table["the name"].values.tolist() == ['x, "y"\nz', "w"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty file"),
        (b" \n\n", "empty file"),
        (b"a,b\n", "a header and no rows"),
        (b"a\n1\n2\n", "one column only"),
        (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 fields, the header has 2"),
        (b"a,b,a\n1,2,3\n", "column 'a' appears twice"),
        (b"a,b\n\xff\xfe,1\n", "not UTF-8 text"),
        (b"a,b\n1,\0\n", "not a text file"),
        (b"\x1f\x8bnot really", "damaged gzip file"),
        (gzip.compress(b"a,b\n1,2\n" * 50, mtime=0)[:-20], "damaged gzip file"),
    ],
)
def test_unreadable_files_are_named(tmp_path, content, message):
    path = write(tmp_path / "bad.csv", content)
    with pytest.raises(CompareError) as caught:
        read_table(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_missing_file_and_directory_are_named(tmp_path):
    with pytest.raises(CompareError, match=r"nowhere\.csv: no such file"):
        read_table(tmp_path / "nowhere.csv")
    with pytest.raises(CompareError, match="cannot be read"):
        read_table(tmp_path)
