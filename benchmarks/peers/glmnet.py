"""R's glmnet (Friedman et al. 2010), timed inside R; see ``glmnet.R``.

From Debian: ``apt-get install r-base-core r-cran-glmnet r-cran-doparallel``.
``1e-7`` is its default ``thresh``.
"""

from pathlib import Path

COMMAND = ("Rscript", "--vanilla", str(Path(__file__).with_suffix(".R")))
TASKS = (
    "path",
    "single",
    "lasso_cv",
    "elastic_net_cv",
    "logistic",
    "logistic_cv",
    "multinomial",
)
REQUIREMENTS = ()
TOLERANCES = (1e-5, 1e-7, 1e-9, 1e-11, 1e-13, 1e-15, 1e-17)
