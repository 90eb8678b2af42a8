"""skglm: working sets and Anderson acceleration in numba (Bertrand et al. 2022).

Its tolerance bounds the violation of the optimality conditions in absolute terms, so
it is given as a fraction of the smallest alpha with an empty model.
"""

import numpy as np

from benchmarks.peers import Answer
from benchmarks.peers import _scikit_learn_api as api

LIBRARY = "skglm"
DISTRIBUTION = "skglm"
REQUIREMENTS = ("skglm==0.5",)
TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
MAX_WORKING_SETS = 1000


def _model(job, tol):
    from skglm import ElasticNet, Lasso

    options = dict(alpha=job.alphas[0], tol=tol * job.scale, max_iter=MAX_WORKING_SETS)
    if job.l1_ratio == 1.0:
        return Lasso(**options)
    return ElasticNet(l1_ratio=job.l1_ratio, **options)


def path(job, tol):
    coefs = _model(job, tol).path(job.X, job.y, job.alphas)[1]
    return Answer(coefs[:-1], coefs[-1])


def logistic(job, tol):
    from skglm import GeneralizedLinearEstimator
    from skglm.datafits import Logistic
    from skglm.penalties import L1_plus_L2
    from skglm.solvers import ProxNewton

    if job.l1_ratio == 0.0:
        raise ValueError("its working sets need an L1 penalty")
    model = GeneralizedLinearEstimator(
        Logistic(),
        L1_plus_L2(job.alphas[0], job.l1_ratio),
        ProxNewton(
            tol=tol * job.scale,
            max_iter=MAX_WORKING_SETS,
            fit_intercept=job.fit_intercept,
        ),
    )
    model.fit(job.X, job.y)
    return Answer(model.coef_.reshape(-1, 1), [float(np.ravel(model.intercept_)[0])])


def single(job, tol):
    return api.fit(_model(job, tol), job)
