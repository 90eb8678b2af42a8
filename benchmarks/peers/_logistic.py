"""What peers with scikit-learn's ``LogisticRegression`` have in common."""

import importlib

import numpy as np

from benchmarks.peers import Answer
from benchmarks.peers._scikit_learn_api import FOLDS, UNBOUNDED


def answer(model, chosen=()):
    """Take coefficients of shape (1 or n_classes, n_features)."""
    return Answer(np.asarray(model.coef_).T, np.ravel(model.intercept_), chosen)


def single(library, job, tol, **options):
    """Fit at the one alpha of a job."""
    estimator = importlib.import_module(library).LogisticRegression
    model = estimator(
        C=1.0 / (len(job.y) * job.alphas[0]),
        l1_ratio=job.l1_ratio,
        tol=tol,
        max_iter=UNBOUNDED,
        fit_intercept=job.fit_intercept,
        **options,
    )
    return answer(model.fit(job.X, job.y))


def cross_validated(library, job, tol, **options):
    """Choose among all alphas of a job by log loss, on contiguous folds."""
    from sklearn.model_selection import KFold

    estimator = importlib.import_module(library).LogisticRegressionCV
    model = estimator(
        Cs=1.0 / (len(job.y) * job.alphas),
        l1_ratios=(job.l1_ratio,),
        cv=KFold(FOLDS),
        scoring="neg_log_loss",
        use_legacy_attributes=False,
        tol=tol,
        max_iter=UNBOUNDED,
        fit_intercept=job.fit_intercept,
        n_jobs=job.threads,
        **options,
    )
    model.fit(job.X, job.y)
    return answer(model, (1.0 / (len(job.y) * model.C_), job.l1_ratio))
