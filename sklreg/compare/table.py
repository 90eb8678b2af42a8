"""Read a delimited text file into typed columns.

The csv module of the standard library is enough: the package has no table library
among its dependencies, and a file must read the same wherever it is installed.
"""

import csv
import gzip
import io
import math
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sklreg.compare import CompareError

DELIMITERS = (",", ";", "\t", "|")
MISSING = frozenset(
    ["", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "none", "?"]
)


@dataclass(frozen=True)
class Column:
    """A named column.

    ``values`` is a float array (NaN where missing) if the column is ``numeric``,
    else an object array of strings (None where missing).
    """

    name: str
    values: np.ndarray
    numeric: bool

    @property
    def missing(self):
        """Mask of the missing values."""
        if self.numeric:
            return np.isnan(self.values)
        return np.array([value is None for value in self.values], dtype=bool)


@dataclass(frozen=True)
class Table:
    """Columns of equal length and the name of what they were read from."""

    source: str
    columns: tuple

    @property
    def n_rows(self):
        """Number of rows."""
        return len(self.columns[0].values)

    @property
    def names(self):
        """Column names in order."""
        return [column.name for column in self.columns]

    def __getitem__(self, name):
        return self.columns[self.names.index(name)]


def read_table(path):
    """Read a delimited text file with a header line.

    Commas, semicolons, tabs and bars are told apart by the header; where fields are
    separated by semicolons, numbers may have a decimal comma. A gzipped file is
    recognised by its first bytes. A column is numeric if each of its values is a
    number or missing: empty, ``NA``, ``NaN``, ``null``, ``None`` or ``?``.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Table
        Its columns.

    Raises
    ------
    CompareError
        If the file cannot be read as a table; the message names the file and, where
        there is one, the line.
    """
    text = _read_text(path)
    delimiter = _find_delimiter(path, text)
    header, rows = _parse(path, text, delimiter)
    decimal_comma = delimiter == ";"
    columns = tuple(
        _typed(name, values, decimal_comma)
        for name, values in zip(header, zip(*rows, strict=True), strict=True)
    )
    return Table(str(path), columns)


def _read_text(path):
    try:
        raw = Path(path).read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except FileNotFoundError:
        raise CompareError(f"{path}: no such file") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CompareError(f"{path}: damaged gzip file ({error})") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CompareError(f"{path}: cannot be read ({reason})") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CompareError(
            f"{path}: not UTF-8 text (byte {error.start} is {raw[error.start]:#04x})"
        ) from None
    if "\0" in text:
        raise CompareError(f"{path}: not a text file (it holds zero bytes)")
    if not text.strip():
        raise CompareError(f"{path}: empty file")
    return text


def _find_delimiter(path, text):
    """The delimiter that cuts the header line into the most fields."""
    header = next(line for line in text.splitlines() if line.strip())
    counts = {
        delimiter: len(next(csv.reader([header], delimiter=delimiter)))
        for delimiter in DELIMITERS
    }
    best = max(DELIMITERS, key=counts.__getitem__)
    if counts[best] < 2:
        raise CompareError(
            f"{path}: one column only (no comma, semicolon, tab or bar in the header)"
        )
    return best


def _parse(path, text, delimiter):
    """Return the header and the rows, all of one length."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header, rows = None, []
    try:
        for fields in reader:
            if not any(fields):
                continue
            if header is None:
                header = [field.strip() for field in fields]
            elif len(fields) != len(header):
                raise CompareError(
                    f"{path}: line {reader.line_num} has {len(fields)} fields, "
                    f"the header has {len(header)}"
                )
            else:
                rows.append(fields)
    except csv.Error as error:
        raise CompareError(f"{path}: line {reader.line_num}: {error}") from None
    if not rows:
        raise CompareError(f"{path}: a header and no rows")
    header = [name or f"column {k}" for k, name in enumerate(header, start=1)]
    for name in header:
        if header.count(name) > 1:
            raise CompareError(f"{path}: column {name!r} appears twice")
    return header, rows


def _typed(name, fields, decimal_comma):
    fields = [field.strip() for field in fields]
    texts = [None if field.lower() in MISSING else field for field in fields]
    try:
        values = [
            math.nan if text is None else _number(text, decimal_comma) for text in texts
        ]
    except ValueError:
        return Column(name, np.array(texts, dtype=object), numeric=False)
    return Column(name, np.array(values, dtype=float), numeric=True)


def _number(text, decimal_comma):
    try:
        return float(text)
    except ValueError:
        if decimal_comma and text.count(",") == 1:
            return float(text.replace(",", "."))
        raise
