"""scikit-learn: coordinate descent in Cython, gap-safe screening."""

from benchmarks.peers._scikit_learn_api import DropIn

LIBRARY = "sklearn.linear_model"
DISTRIBUTION = "scikit-learn"
REQUIREMENTS = ()
TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)

_tasks = DropIn(LIBRARY)
path = _tasks.path
single = _tasks.single
lasso_cv = _tasks.lasso_cv
elastic_net_cv = _tasks.elastic_net_cv
ridge_cv = _tasks.ridge_cv
