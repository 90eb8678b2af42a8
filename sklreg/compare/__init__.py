"""The main job: every regulariser beside its scikit-learn built-in, on one table.

From the file to the page, one module a step: :mod:`~sklreg.compare.table` reads the
data, :mod:`~sklreg.compare.problem` makes a split, a design matrix and folds of it,
:mod:`~sklreg.compare.models` lists who is compared, :mod:`~sklreg.compare.run` fits
and measures, :mod:`~sklreg.compare.text` and :mod:`~sklreg.compare.report` show.
"""


class CompareError(ValueError):
    """The input cannot be compared on; the message says what stands in the way."""
