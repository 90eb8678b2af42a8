"""scikit-learn's 'lbfgs', its default solver: the L2 penalty only."""

from benchmarks.peers import _logistic

LIBRARY = "sklearn.linear_model"
DISTRIBUTION = "scikit-learn"
REQUIREMENTS = ()
TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)


def logistic(job, tol):
    if job.l1_ratio:
        raise ValueError("lbfgs has the L2 penalty only")
    return _logistic.single(LIBRARY, job, tol, solver="lbfgs")


multinomial = logistic
