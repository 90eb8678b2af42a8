"""The command line: ``sklreg compare``."""

import argparse
import json
import os
import sys

import sklreg
from sklreg.compare import CompareError

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141

EXAMPLES = """\
examples:
  sklreg compare                                      scikit-learn's diabetes data
  sklreg compare houses.csv --target price            your own table
  sklreg compare houses.csv --target price --report out
                                                      and a page with pictures
"""


class _OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line without the usage before it."""

    def error(self, message):
        self.exit(EXIT_USAGE, f"{self.prog}: error: {message}\n")


class Progress:
    """A line on the terminal that says what is being done; silent in a pipe."""

    def __init__(self, stream):
        self.stream = stream
        self.active = stream is not None and stream.isatty()

    def __call__(self, text, step, n_steps):
        """Show a step in place of the one before."""
        if self.active:
            self.stream.write(f"\r\033[K[{step}/{n_steps}] {text} ...")
            self.stream.flush()

    def clear(self):
        """Leave the terminal as it was."""
        if self.active:
            self.stream.write("\r\033[K")
            self.stream.flush()


def build_parser():
    """Return the parser of the whole command line."""
    parser = _OneLineParser(
        prog="sklreg", description="Regularisation for scikit-learn."
    )
    parser.add_argument(
        "--version", action="version", version=f"sklreg {sklreg.__version__}"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    compare = commands.add_parser(
        "compare",
        help="fit every regulariser beside its scikit-learn built-in on your data",
        description=(
            "Fit each regulariser and its scikit-learn built-in on the same split, "
            "tuned by the same folds, and print one table."
        ),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    compare.set_defaults(run=run_compare)
    compare.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="table as delimited text with a header line, gzipped or not "
        "(default: scikit-learn's diabetes data)",
    )
    compare.add_argument(
        "--target", metavar="COLUMN", help="column to predict; FILE needs it"
    )
    compare.add_argument(
        "--task",
        choices=("auto", "regression", "classification"),
        default="auto",
        help="auto: classification for text and for two values, else regression "
        "(default: %(default)s)",
    )
    compare.add_argument(
        "--drop",
        metavar="COLUMN",
        action="append",
        default=[],
        help="column to leave out; may be given several times",
    )
    compare.add_argument(
        "--report",
        metavar="DIR",
        help="write DIR/index.html, one self-contained page with pictures "
        "(needs matplotlib)",
    )
    compare.add_argument(
        "--json", action="store_true", help="print JSON instead of the table"
    )
    compare.add_argument(
        "--test-size",
        type=_number(float, "between 0 and 1", lambda value: 0 < value < 1),
        default=0.25,
        metavar="FRACTION",
        help="fraction of the rows kept for the test score (default: %(default)s)",
    )
    compare.add_argument(
        "--cv",
        type=_number(int, "2 or more", lambda value: value >= 2),
        default=5,
        metavar="FOLDS",
        help="number of folds that choose alpha (default: %(default)s)",
    )
    compare.add_argument(
        "--tol",
        type=_number(float, "positive", lambda value: 0 < value < 1),
        default=1e-6,
        help="tolerance of both libraries' solvers (default: %(default)s)",
    )
    compare.add_argument(
        "--n-jobs",
        type=_number(int, "1 or more, or -1", lambda value: value >= 1 or value == -1),
        default=1,
        metavar="N",
        help="processors for cross-validation, -1 for all (default: %(default)s)",
    )
    compare.add_argument(
        "--random-state",
        type=_number(int, "between 0 and 2**32 - 1", lambda v: 0 <= v < 2**32),
        default=0,
        metavar="N",
        help="seed of the split and the folds (default: %(default)s)",
    )
    return parser


def _number(kind, wanted, accept):
    """Return an argparse type that takes numbers of one kind in one range."""

    def convert(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not accept(value):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number {wanted}")
        return value

    return convert


def run_compare(options):
    """Run ``sklreg compare`` and return the text for standard output."""
    if options.file is not None and options.target is None:
        raise CompareError(f"{options.file}: which column? (--target COLUMN)")
    if options.file is None and options.target is not None:
        raise CompareError("--target needs a FILE to look it up in")
    if options.report is not None:
        # Before the work, so that a report that cannot be written costs nothing.
        from sklreg.compare.report import check_report, write_report

        check_report(options.report)

    # Imported here, so that --help and usage errors answer at once.
    from sklreg.compare.problem import Settings, diabetes_table, make_problem
    from sklreg.compare.run import compare
    from sklreg.compare.table import read_table
    from sklreg.compare.text import render

    if options.file is None:
        table, target = diabetes_table()
    else:
        table, target = read_table(options.file), options.target
    settings = Settings(
        task=options.task,
        drop=tuple(options.drop),
        test_size=options.test_size,
        n_folds=options.cv,
        tol=options.tol,
        n_jobs=options.n_jobs,
        random_state=options.random_state,
    )
    progress = Progress(sys.stderr)
    try:
        comparison = compare(make_problem(table, target, settings), progress=progress)
        page = None
        if options.report is not None:
            page = write_report(comparison, options.report, progress=progress)
    finally:
        progress.clear()
    if options.json:
        measured = comparison.as_dict() | {"report": page and str(page)}
        return json.dumps(measured, indent=2, allow_nan=False) + "\n"
    text = render(comparison)
    return text if page is None else f"{text}\nreport: {page}\n"


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments after the program's name; those of the process if None.

    Returns
    -------
    int
        Exit status: 0 done, 2 for input that cannot be used, 130 interrupted, 141
        when the reader of the output went away.
    """
    parser = build_parser()
    try:
        options = parser.parse_args(argv)
        if options.command is None:
            parser.error("a command is needed: compare (see sklreg --help)")
        _print(options.run(options))
    except SystemExit as done:
        return done.code or 0
    except CompareError as error:
        print(f"sklreg compare: error: {error}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Python would complain once more when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    return 0


def _print(text):
    """Write to standard output, whatever letters its encoding has."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    sys.stdout.write(text)
    sys.stdout.flush()
