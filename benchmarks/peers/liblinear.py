"""scikit-learn's 'liblinear' (Fan et al. 2008): L1 or L2, two classes.

It penalises the intercept; a large ``intercept_scaling`` makes that small, not zero, so
that it may never reach the tighter gaps of the problem that the others solve.
"""

from benchmarks.peers import _logistic

LIBRARY = "sklearn.linear_model"
DISTRIBUTION = "scikit-learn"
REQUIREMENTS = ()
TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)


def logistic(job, tol):
    if job.l1_ratio not in (0.0, 1.0):
        raise ValueError("liblinear has no elastic net")
    return _logistic.single(
        LIBRARY, job, tol, solver="liblinear", intercept_scaling=100.0, random_state=0
    )
