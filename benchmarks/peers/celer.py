"""celer: working sets with dual extrapolation (Massias et al. 2018), in Cython.

Its cross-validation needs a scikit-learn older than 1.7, hence the pin.
"""

from benchmarks.peers import _logistic
from benchmarks.peers import _scikit_learn_api as api

LIBRARY = "celer"
DISTRIBUTION = "celer"
REQUIREMENTS = ("celer==0.7.4", "scikit-learn<1.7")
TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
MAX_WORKING_SETS = 1000


def path(job, tol):
    from celer import celer_path

    return api.centred_path(
        celer_path,
        job,
        pb="lasso",
        l1_ratio=job.l1_ratio,
        tol=tol,
        prune=True,
        max_iter=MAX_WORKING_SETS,
    )


def single(job, tol):
    from celer import ElasticNet

    model = ElasticNet(
        alpha=job.alphas[0],
        l1_ratio=job.l1_ratio,
        tol=tol,
        max_iter=MAX_WORKING_SETS,
    )
    return api.fit(model, job)


def logistic(job, tol):
    from celer import LogisticRegression

    if job.fit_intercept or job.l1_ratio != 1.0:
        raise ValueError("its logistic regression has no intercept and no L2 penalty")
    model = LogisticRegression(
        C=1.0 / (len(job.y) * job.alphas[0]),
        tol=tol,
        max_iter=MAX_WORKING_SETS,
        fit_intercept=False,
    )
    return _logistic.answer(model.fit(job.X, job.y))


def lasso_cv(job, tol):
    from celer import LassoCV

    model = LassoCV(
        alphas=job.alphas,
        cv=api.FOLDS,
        tol=tol,
        max_iter=MAX_WORKING_SETS,
        n_jobs=job.threads,
    )
    return api.fit(model, job)


def elastic_net_cv(job, tol):
    from celer import ElasticNetCV

    model = ElasticNetCV(
        l1_ratio=list(api.L1_RATIOS),
        n_alphas=len(job.alphas),
        eps=job.alphas[-1] / job.alphas[0],
        cv=api.FOLDS,
        tol=tol,
        max_iter=MAX_WORKING_SETS,
        n_jobs=job.threads,
    )
    return api.fit(model, job)
