"""scikit-learn's 'saga' (Defazio et al. 2014), its solver for L1 and elastic net.

It works on rows; its copy of a column-ordered X is made inside the clock, as a user's
would be. Its tolerance bounds the relative change of the largest coefficient.
"""

from benchmarks.peers import _logistic

LIBRARY = "sklearn.linear_model"
DISTRIBUTION = "scikit-learn"
REQUIREMENTS = ()
TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)


def logistic(job, tol):
    return _logistic.single(LIBRARY, job, tol, solver="saga", random_state=0)


def logistic_cv(job, tol):
    return _logistic.cross_validated(LIBRARY, job, tol, solver="saga", random_state=0)


multinomial = logistic
