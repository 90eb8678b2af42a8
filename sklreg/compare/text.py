"""The comparison as aligned text, and the wording shared with the HTML page."""

from statistics import median
from textwrap import wrap

import sklearn

import sklreg
from sklreg.compare.models import L1_RATIO

BLANK = "-"
LIBRARY = {"scikit-learn": "built-in"}


def headings(comparison):
    """Headings of the columns, each in two short parts; the first two hold words."""
    score = {"accuracy": "acc."}.get(comparison.score_name, comparison.score_name)
    counts = {row.n_coefficients for row in comparison.rows} - {None}
    auc = [("test", "AUC"), ("log", "loss")] if comparison.problem.classes else []
    return [
        ("", "model"),
        ("", "library"),
        ("", "alpha"),
        ("nonzero", f"of {max(counts)}"),
        ("train", score),
        ("test", score),
        *auc,
        ("", "seconds"),
        ("", "speed"),
        ("coef.", "diff."),
        ("duality", "gap"),
    ]


def cells(comparison, row):
    """Return the cells of one row as text."""
    auc = []
    if comparison.problem.classes:
        auc = [_fixed(row.test_auc), _fixed(row.test_log_loss)]
    mark = "*" if row.warnings else ""
    return [
        row.model,
        LIBRARY.get(row.library, row.library),
        _alpha(row.alphas),
        BLANK if row.n_nonzero is None else str(row.n_nonzero),
        _fixed(row.train_score),
        _fixed(row.test_score),
        *auc,
        format_seconds(row.seconds),
        BLANK if row.speed is None else f"{format_speed(row.speed)}x",
        _scientific(row.coef_difference_relative),
        _scientific(row.duality_gap) + mark,
    ]


def title():
    """Who is compared, with versions."""
    return (
        f"sklreg {sklreg.__version__} beside its built-ins in "
        f"scikit-learn {sklearn.__version__}"
    )


def facts(comparison):
    """``(name, text)`` pairs: what was compared on, and how."""
    problem, settings = comparison.problem, comparison.problem.settings
    kinds = [f"{problem.n_numeric} numeric"]
    if problem.n_categorical:
        kinds.append(f"{problem.n_categorical} categorical")
    n_columns = problem.n_numeric + problem.n_categorical
    data = (
        f"{problem.source}: {len(problem.y_train) + len(problem.y_test)} rows, "
        f"{' + '.join(kinds)} column{'s' if n_columns > 1 else ''}, "
        f"{problem.n_missing} missing values, {problem.n_features} features"
    )
    if not problem.classes:
        task = f"regression of {problem.target!r}"
    else:
        shown = ", ".join(problem.classes[:4])
        shown += ", ..." if len(problem.classes) > 4 else ""
        task = (
            f"classification of {problem.target!r} into {len(problem.classes)} "
            f"classes ({shown})"
        )
    listed = [
        ("data", data),
        ("task", task),
        (
            "split",
            f"{len(problem.y_train)} rows to train, {len(problem.y_test)} to test, "
            f"{settings.n_folds} folds, random state {settings.random_state}",
        ),
        (
            "solvers",
            f"the same folds and penalties, tolerance {settings.tol:g}, "
            f"{settings.n_jobs} job{'s' if settings.n_jobs != 1 else ''}; "
            f"elastic net with l1_ratio {L1_RATIO:g}",
        ),
    ]
    if problem.classes:
        listed.append(("models", _classifier_note(problem)))
    return listed


def _classifier_note(problem):
    if len(problem.classes) == 2:
        return (
            "least-squares classifiers: regression on 0/1 "
            f"(1 is {problem.classes[1]!r}), cut at 0.5; logistic models give "
            "probabilities, chosen by log loss"
        )
    return (
        "least-squares classifiers: regression on 0/1 for each class, largest wins; "
        "logistic models give probabilities of all classes, chosen by log loss"
    )


def legend(comparison):
    """``(column, meaning)`` pairs for what a reader may not know."""
    extra = max(row.first_seconds - row.seconds for row, _ in comparison.pairs)
    several = len(comparison.problem.classes) > 2
    meanings = [
        *(
            [("alpha", "of logistic models: 1 / C"), ("log loss", "on the test rows")]
            if comparison.problem.classes
            else []
        ),
        *([("alpha", "median over the classes")] if several else []),
        (
            "seconds",
            "tuning by cross-validation and the final fit, best of several; the first "
            f"fit, which loads or compiles, took {max(extra, 0.0):.1f} s longer",
        ),
        ("speed", "how many times faster than the built-in"),
        (
            "coef. diff.",
            "largest difference from the built-in's coefficients, relative to their "
            "largest",
        ),
        (
            "duality gap",
            "bound on the distance from the optimum, relative to the null model's "
            "loss; recomputed from data and coefficients, the same way for both",
        ),
    ]
    seen = {}
    for row in comparison.rows:
        for text in row.warnings:
            seen.setdefault(text, []).append(
                f"{row.model}, {LIBRARY.get(row.library, row.library)}"
            )
    for text, where in seen.items():
        meanings.append(("*", f"{'; '.join(where)}: {text}"))
    return meanings


def render(comparison, width=100):
    """Return the whole comparison as text.

    Parameters
    ----------
    comparison : Comparison
        What was measured.

    width : int, default=100
        Longest line; the sentences are wrapped to it.

    Returns
    -------
    str
        Lines without trailing blanks, ending in a newline.
    """
    lines = [title(), ""]
    lines += _definitions(facts(comparison), width)
    lines += ["", *_table(comparison), ""]
    lines += _definitions(legend(comparison), width)
    lines += _definitions([("note", text) for text in comparison.problem.notes], width)
    return "\n".join(lines) + "\n"


def _table(comparison):
    heads = list(zip(*headings(comparison), strict=True))
    body = [cells(comparison, row) for row in comparison.rows]
    widths = [max(map(len, column)) for column in zip(*heads, *body, strict=True)]
    lines = [_line(entries, widths) for entries in heads]
    lines.append("  ".join("-" * width for width in widths))
    previous = None
    for row, entries in zip(comparison.rows, body, strict=True):
        group = "baseline" if row.library == "baseline" else row.model
        if previous is not None and group != previous:
            lines.append("")
        previous = group
        lines.append(_line(entries, widths))
    return lines


def _line(entries, widths):
    padded = [
        entry.ljust(width) if k < 2 else entry.rjust(width)
        for k, (entry, width) in enumerate(zip(entries, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def _definitions(pairs, width):
    """Names in a column of their own, texts wrapped beside them."""
    if not pairs:
        return []
    indent = max(10, *(len(name) for name, _ in pairs)) + 2
    lines = []
    for name, text in pairs:
        first, *rest = wrap(text, width - indent) or [""]
        lines.append(f"{name:<{indent}}{first}")
        lines += [" " * indent + line for line in rest]
    return lines


def format_seconds(seconds):
    """Three significant digits, never an exponent."""
    if seconds is None:
        return BLANK
    if seconds < 0.0995:
        return f"{seconds:.4f}"
    return f"{seconds:.3f}" if seconds < 9.995 else f"{seconds:.1f}"


def format_speed(speed):
    """Two significant digits and more where they are whole."""
    if speed < 0.095:
        return f"{speed:.3f}"
    if speed < 0.995:
        return f"{speed:.2f}"
    return f"{speed:.1f}" if speed < 9.95 else f"{speed:.0f}"


def _alpha(alphas):
    return f"{median(alphas):.3g}" if alphas else BLANK


def _fixed(value):
    return BLANK if value is None else f"{value:.3f}"


def _scientific(value):
    if value is None:
        return BLANK
    return "0" if value == 0.0 else f"{value:.0e}"
