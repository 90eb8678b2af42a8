"""C, l1_ratio and what scikit-learn has deprecated beside them, read as it does."""

from numbers import Number

import numpy as np

from sklreg._warnings import warn

_PENALTY = (
    "'penalty' was deprecated in version 1.8 and will be removed in 1.10. To avoid "
    "this warning, leave 'penalty' set to its default value and use '{ratio}' or "
    "'{C}' instead. Use {ratio}={zero} instead of penalty='l2', {ratio}={one} instead "
    "of penalty='l1', {ratio} set to {some} between 0 and 1 instead of "
    "penalty='elasticnet', and {C}={inf} instead of penalty=None."
)


def check_dual(estimator):
    """Refuse ``dual=True`` where scikit-learn does.

    Raises
    ------
    ValueError
        If `solver` is another one than 'liblinear'.
    """
    if estimator.dual and estimator.solver != "liblinear":
        raise ValueError(
            f"Solver {estimator.solver} supports only dual=False, got dual=True"
        )


def read_penalty(estimator):
    """Return (C, l1_ratio) of a LogisticRegression, with scikit-learn 1.9's warnings.

    Raises
    ------
    ValueError
        If the penalty is 'elasticnet' and `l1_ratio` is None.
    """
    C, l1_ratio = estimator.C, estimator.l1_ratio
    penalty = estimator.penalty
    if penalty == "deprecated":
        if l1_ratio is None:
            warn(
                "'l1_ratio=None' was deprecated in version 1.8 and will trigger an "
                "error in 1.10. Use 0<=l1_ratio<=1 instead.",
                FutureWarning,
            )
        return C, float(l1_ratio or 0.0)
    texts = {
        "ratio": "l1_ratio",
        "C": "C",
        "zero": "0",
        "one": "1",
        "some": "a float",
        "inf": "np.inf",
    }
    warn(_PENALTY.format(**texts), FutureWarning)
    if penalty != "elasticnet" and l1_ratio is not None and 0 < l1_ratio < 1:
        warn(
            "l1_ratio parameter is only used when penalty is 'elasticnet'. Got "
            f"(penalty={penalty})",
        )
    if (penalty == "l2" and l1_ratio != 0) or (penalty == "l1" and l1_ratio != 1):
        warn(
            f"Inconsistent values: penalty={penalty} with l1_ratio={l1_ratio}. penalty "
            "is deprecated. Please use l1_ratio only.",
        )
    if penalty == "elasticnet" and l1_ratio is None:
        raise ValueError("l1_ratio must be specified when penalty is elasticnet.")
    if penalty is None:
        if C != 1.0:
            warn(
                "Setting penalty=None will ignore the C and l1_ratio parameters",
            )
        C = np.inf
    return C, {"l1": 1.0, "elasticnet": l1_ratio}.get(penalty, 0.0)


def read_l1_ratios(estimator):
    """Return (ratios, given) of a LogisticRegressionCV, with 1.9's warnings.

    `given` is False where `l1_ratios` is None or left at its default: attributes then
    have no dimension for it.

    Raises
    ------
    ValueError
        If a ratio is not a number in [0, 1], or if there is none.
    """
    ratios, penalty = estimator.l1_ratios, estimator.penalty
    if isinstance(ratios, str):
        warn(
            "The default value for l1_ratios will change from None to (0.0,) in "
            "version 1.10. From version 1.10 onwards, only array-like with values in "
            "[0, 1] will be allowed, None will be forbidden. To avoid this warning, "
            "explicitly set a value, e.g. l1_ratios=(0,).",
            FutureWarning,
        )
        ratios = None
    elif ratios is None and penalty == "deprecated":
        warn(
            "'l1_ratios=None' was deprecated in version 1.8 and will trigger an error "
            "in 1.10. Use an array-like with values in [0, 1] instead.",
            FutureWarning,
        )
    if penalty != "deprecated":
        texts = {
            "ratio": "l1_ratios",
            "C": "Cs",
            "zero": "(0,)",
            "one": "(1,)",
            "some": "floats",
            "inf": "(np.inf,)",
        }
        warn(_PENALTY.format(**texts), FutureWarning)
        if penalty != "elasticnet" and ratios is not None:
            warn(
                "l1_ratios parameter is only used when penalty is 'elasticnet'. Got "
                f"(penalty={penalty})",
            )
    if ratios is None and penalty != "elasticnet":
        return np.array([1.0 if penalty == "l1" else 0.0]), False
    valid = ratios is not None and len(ratios) > 0
    if not valid or not all(isinstance(r, Number) and 0 <= r <= 1 for r in ratios):
        raise ValueError(
            "l1_ratios must be an array-like of numbers between 0 and 1; got "
            f"(l1_ratios={ratios!r})"
        )
    if penalty in ("l1", "l2"):
        return np.full(len(ratios), 1.0 if penalty == "l1" else 0.0), True
    return np.asarray(ratios, dtype=np.float64), True
