"""Least squares with penalties that differ from feature to feature.

:func:`penalised_problem` makes the problem that a solver sees from what the features
pay: factors become arrays, unpenalised and excluded features are taken out of the
design, and bounds choose the solver that keeps them.
"""

import numpy as np

from sklreg.solvers.box import BoxProblem
from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.partial_design import PartialDesign


def penalised_problem(design, target, terms=None, *, gram=None, **options):
    """Return the problem with the penalties of `terms`.

    Parameters
    ----------
    design : DenseDesign or SparseDesign
        The data.
    target : ndarray of shape (n_samples,)
        Target, centred by ``design.targets``.
    terms : PenaltyTerms or None
        What each feature pays; None treats all alike. They must not ask for
        standardisation any more.
    gram : ndarray or None
        ``A^T A`` if it is known.
    **options
        Of :class:`~sklreg.solvers.coordinate_descent.LeastSquaresProblem`.

    Returns
    -------
    LeastSquaresProblem
        Its solutions are to be completed by :func:`completed`.
    """
    if terms is None:
        return LeastSquaresProblem(design, target, gram=gram, **options)
    unbounded = np.isinf(terms.lower) & np.isinf(terms.upper)
    free = terms.unpenalised & unbounded
    partial = design
    if free.any() or terms.excluded.any():
        partial = PartialDesign(design, free, terms.excluded)
        gram = None if gram is None else partial.reduced(gram)
        options.pop("correlation", None)
    taken_out = free | terms.excluded
    options["factors"] = (
        np.where(taken_out, 1.0, terms.l1),
        np.where(taken_out, 1.0, terms.l2),
    )
    options["positive"] = terms.positive
    # The solver for plain signs has no certificate without a penalty.
    if terms.bounded or np.any(terms.unpenalised & ~free):
        problem = BoxProblem(
            partial, target, terms.lower, terms.upper, gram=gram, **options
        )
    else:
        problem = LeastSquaresProblem(partial, target, gram=gram, **options)
    # Tolerances are relative to the whole target, as without terms.
    b = design.weigh(target)
    problem.null_square = float(b @ b)
    return problem


def penalised_start(problem, w):
    """Return where a solver may start from coefficients w of all features."""
    if w is None or not isinstance(problem.design, PartialDesign):
        return w
    w = np.array(w, dtype=np.float64)
    w[problem.design.hidden] = 0.0
    return w


def completed(problem, w):
    """Return a solution with the coefficients of unpenalised features filled in."""
    if not isinstance(problem.design, PartialDesign):
        return w
    return problem.design.complete(w, problem.target)
