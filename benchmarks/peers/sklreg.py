"""This project, through the same doors as scikit-learn.

``enet_path`` takes centred data, as scikit-learn's does; for an intercept without a
centred copy of X the path goes through the engine, as the estimators do.
"""

from benchmarks.peers import Answer, _logistic
from benchmarks.peers._scikit_learn_api import UNBOUNDED, DropIn

LIBRARY = "sklreg.linear_model"
DISTRIBUTION = "sklreg"
REQUIREMENTS = ()
TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)

_tasks = DropIn(LIBRARY)
single = _tasks.single
lasso_cv = _tasks.lasso_cv
elastic_net_cv = _tasks.elastic_net_cv
ridge_cv = _tasks.ridge_cv


def logistic(job, tol):
    # The tolerance is one of the coefficients; the gap is its square.
    return _logistic.single(LIBRARY, job, tol**0.5)


def logistic_cv(job, tol):
    return _logistic.cross_validated(LIBRARY, job, tol**0.5)


multinomial = logistic


def path(job, tol):
    from sklearn.utils import check_X_y

    from sklreg.solvers.coordinate_descent import LeastSquaresProblem
    from sklreg.solvers.design import make_design
    from sklreg.solvers.path import solve_path
    from sklreg.solvers.path_gaps import stacked

    X, y = check_X_y(job.X, job.y, accept_sparse="csc")
    design = make_design(X)
    target, offset = design.targets(y)
    solutions = solve_path(
        LeastSquaresProblem(design, target),
        job.alphas,
        job.l1_ratio,
        tol=tol,
        max_iter=UNBOUNDED,
    )
    coefs = stacked([solution.w for solution in solutions]).T
    return Answer(coefs, design.intercept(offset, coefs))
