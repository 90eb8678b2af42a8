"""What peers with scikit-learn's estimators have in common."""

import importlib

import numpy as np
from scipy import sparse

from benchmarks.peers import Answer

FOLDS = 5
L1_RATIOS = (0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 1.0)
RIDGE_ALPHAS = np.geomspace(1e-3, 1e5, 50)
UNBOUNDED = 1_000_000  # iterations: the tolerance, not the limit, is to stop a peer


class DropIn:
    """The tasks of a module with the names and defaults of ``sklearn.linear_model``."""

    def __init__(self, library):
        self._library = library

    def _make(self, name, tol, **options):
        estimator = getattr(importlib.import_module(self._library), name)
        return estimator(tol=tol, max_iter=UNBOUNDED, **options)

    def path(self, job, tol):
        enet_path = importlib.import_module(self._library).enet_path
        options = dict(l1_ratio=job.l1_ratio, tol=tol, max_iter=UNBOUNDED)
        return centred_path(enet_path, job, **options)

    def single(self, job, tol):
        options = dict(alpha=job.alphas[0], l1_ratio=job.l1_ratio)
        return fit(self._make("ElasticNet", tol, **options), job)

    def lasso_cv(self, job, tol):
        options = dict(alphas=job.alphas, cv=FOLDS, n_jobs=job.threads)
        return fit(self._make("LassoCV", tol, **options), job)

    def elastic_net_cv(self, job, tol):
        options = dict(
            l1_ratio=L1_RATIOS,
            alphas=len(job.alphas),
            eps=job.alphas[-1] / job.alphas[0],
            cv=FOLDS,
            n_jobs=job.threads,
        )
        return fit(self._make("ElasticNetCV", tol, **options), job)

    def ridge_cv(self, job, tol):
        estimator = importlib.import_module(self._library).RidgeCV
        return fit(estimator(alphas=RIDGE_ALPHAS), job)


def centred_path(path, job, **options):
    """Run a `path` function without an intercept on centred data, as a user would.

    The centring and the intercepts are inside the clock: a dense design is copied
    once, a sparse one is centred implicitly by the offsets the function accepts.
    """
    y_mean = job.y.mean()
    X_mean = np.asarray(job.X.mean(axis=0)).ravel()
    if sparse.issparse(job.X):
        X = job.X
        options.update(X_offset=X_mean, X_scale=np.ones_like(X_mean))
    else:
        X = job.X - X_mean
    coefs = path(X, job.y - y_mean, alphas=job.alphas, **options)[1]
    return Answer(coefs, y_mean - X_mean @ coefs)


def fit(model, job):
    """Fit an estimator with scikit-learn's attributes and take its answer."""
    model.fit(job.X, job.y)
    chosen = ()
    if hasattr(model, "alpha_"):
        chosen = (model.alpha_, getattr(model, "l1_ratio_", 1.0))
    coefs = np.asarray(model.coef_, dtype=float).reshape(-1, 1)
    return Answer(coefs, np.atleast_1d(model.intercept_), chosen)
