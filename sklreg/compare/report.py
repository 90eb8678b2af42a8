"""The comparison as one self-contained HTML page."""

import os
import tempfile
from html import escape
from importlib.util import find_spec
from pathlib import Path

from sklreg.compare import CompareError
from sklreg.compare.style import STYLE
from sklreg.compare.text import cells, facts, headings, legend, title

PAGE = "index.html"


def check_report(directory):
    """Raise CompareError if a report could not be written; write nothing.

    Parameters
    ----------
    directory : str or path-like
        Directory of the page; it need not exist yet.
    """
    directory = Path(directory)
    if find_spec("matplotlib") is None:
        raise CompareError("--report needs matplotlib (pip install matplotlib)")
    if directory.exists() and not directory.is_dir():
        raise CompareError(f"--report {directory}: not a directory")
    if (directory / PAGE).is_dir():
        raise CompareError(f"--report {directory / PAGE}: is a directory")
    existing = directory.absolute()
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir():
        raise CompareError(f"--report {directory}: {existing} is not a directory")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise CompareError(f"--report {directory}: {existing} is not writable")


def write_report(comparison, directory, progress=None):
    """Write the page and return its path.

    Parameters
    ----------
    comparison : Comparison
        What was measured.

    directory : str or path-like
        Directory of the page, made if it is not there.

    progress : callable, default=None
        Called as ``progress(text, step, n_steps)`` before each figure.

    Returns
    -------
    pathlib.Path
        The page, complete: it replaces an older one only when it is.

    Raises
    ------
    CompareError
        If the page cannot be written.
    """
    page = render_page(comparison, progress)
    directory = Path(directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=directory, prefix=".report-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(page)
            os.chmod(name, 0o644)
            os.replace(name, directory / PAGE)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CompareError(f"--report {directory}: {reason}") from None
    return directory / PAGE


def render_page(comparison, progress=None):
    """Return the whole page as text: styles and pictures are inside it."""
    from sklreg.compare.figures import draw_figures

    name = escape(Path(comparison.problem.source).name)
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>',
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>sklreg compare: {name}</title>",
        f"<style>\n{STYLE}</style>",
        "</head>\n<body>\n<main>",
        f"<header>\n<h1>{name}</h1>",
        f"<p>{escape(title())}</p>\n</header>",
        _definitions(facts(comparison), "facts"),
        "<section>\n<h2>The table</h2>",
        _table(comparison),
        _definitions(legend(comparison), "legend"),
        *(f'<p class="note">{escape(text)}</p>' for text in comparison.problem.notes),
        "</section>",
    ]
    for figure in draw_figures(comparison, progress):
        parts += [
            f"<section>\n<h2>{escape(figure.title)}</h2>",
            f"<p>{escape(figure.text)}</p>",
            f'<img alt="{escape(figure.title)}" src="{figure.as_data_uri()}">',
            "</section>",
        ]
    parts += ["</main>\n</body>\n</html>\n"]
    return "\n".join(parts)


def _definitions(pairs, kind):
    items = [
        f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>"
        for name, text in pairs
    ]
    return "\n".join([f'<dl class="{kind}">', *items, "</dl>"])


def _table(comparison):
    lines = ['<div class="scroll"><table>', "<thead><tr>"]
    for parts in headings(comparison):
        lines.append(f'<th scope="col">{escape(" ".join(filter(None, parts)))}</th>')
    lines.append("</tr></thead>")
    previous = None
    for row in comparison.rows:
        group = "baseline" if row.library == "baseline" else row.model
        if group != previous:
            lines += [] if previous is None else ["</tbody>"]
            lines.append("<tbody>")
        previous = group
        entries = [f"<td>{escape(text)}</td>" for text in cells(comparison, row)]
        lines.append(f'<tr class="{escape(row.library)}">{"".join(entries)}</tr>')
    lines.append("</tbody>\n</table></div>")
    return "\n".join(lines)
