"""skglm: working sets and Anderson acceleration in numba (Bertrand et al. 2022).

Its tolerance bounds the violation of the optimality conditions in absolute terms, so
it is given as a fraction of the smallest alpha with an empty model.
"""

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


def single(job, tol):
    return api.fit(_model(job, tol), job)
