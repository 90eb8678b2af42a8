"""What is run: lists of cases, under a name for the command line."""

from dataclasses import dataclass, replace

from benchmarks import peers

EVERYBODY = peers.NAMES


@dataclass(frozen=True)
class Case:
    """One comparison: every peer that can, on one problem and task.

    ``eps`` is the smallest alpha over the one with an empty model; a single fit is
    made at that alpha alone.
    """

    problem: str
    task: str = "path"
    eps: float = 1e-2
    n_alphas: int = 100
    l1_ratio: float = 1.0
    threads: int = 2
    fit_intercept: bool = True
    peers: tuple = EVERYBODY

    @property
    def label(self):
        """A short name for tables and plots."""
        told = self._task()
        return told if self.fit_intercept else f"{told}, no intercept"

    def _task(self):
        if self.task == "single":
            return f"single fit at αmax/{1 / self.eps:g}"
        if self.task == "path":
            return f"path of {self.n_alphas} to αmax/{1 / self.eps:g}"
        return {
            "lasso_cv": "LassoCV, 5 folds",
            "elastic_net_cv": "ElasticNetCV, 7 l1_ratios",
            "ridge_cv": "RidgeCV, 50 alphas",
            "logistic": f"logistic, {_penalty(self.l1_ratio)}, αmax/{1 / self.eps:g}",
            "logistic_cv": f"LogisticRegressionCV, {self.n_alphas} values, 5 folds",
            "multinomial": f"multinomial, {_penalty(self.l1_ratio)}, "
            f"αmax/{1 / self.eps:g}",
        }[self.task]


def _penalty(l1_ratio):
    return {1.0: "L1", 0.0: "L2"}.get(l1_ratio, "elastic net")


@dataclass(frozen=True)
class Configuration:
    """Cases and the patience for them.

    ``limit`` ends a peer that is silent for so many seconds (and for one minute more
    before its first answer, for it may compile), ``budget`` is what warm
    repetitions at one tolerance may take, ``rounds`` repeats everything, interleaved.
    """

    cases: tuple
    limit: float
    budget: float
    rounds: int = 1


def _fits(problem, **options):
    return (
        Case(problem, **options),
        Case(problem, "single", eps=1e-1, **options),
        Case(problem, "single", eps=1e-2, **options),
    )


def _on_both(*cases):
    """The cases on two threads and on one."""
    return (*cases, *(replace(case, threads=1) for case in cases))


SMALL = Configuration(
    cases=(
        *_fits("dense-2000x300"),
        Case("dense-150x1500"),
        Case("dense-150x1500", "single"),
        Case("sparse-1500x5000-0.004"),
        Case("sparse-1500x5000-0.004", "single", eps=1e-1),
        Case("diabetes-cubic"),
        Case("dense-1000x200", "lasso_cv"),
        Case("dense-1000x200", "ridge_cv"),
    ),
    limit=5.0,
    budget=0.1,
)

_PUBLISHED = ("dense-10000x1000", "dense-500x20000", "sparse-20000x100000-0.001")
_REAL = (
    "local-riboflavin",
    "local-meats_tecator",
    "local-nycflights13",
    "local-20newsgroups_counts",
    "local-california_housing",
)

SYNTHETIC = Configuration(
    cases=_on_both(
        *(case for problem in _PUBLISHED for case in _fits(problem)),
        Case("dense-500x5000"),
        Case("shifted-10000x1000"),
        Case("shifted-10000x1000", "single", eps=1e-1),
    ),
    limit=200.0,
    budget=3.0,
    rounds=2,
)

CROSS_VALIDATION = Configuration(
    cases=(
        Case("dense-10000x1000", "lasso_cv"),
        Case("dense-500x5000", "lasso_cv"),
        Case("dense-2000x500", "elastic_net_cv"),
        Case("dense-2000x500", "lasso_cv"),
        Case("dense-5000x300", "ridge_cv"),
        Case("dense-500x5000", "ridge_cv"),
    ),
    limit=200.0,
    budget=3.0,
)

REAL = Configuration(
    cases=(
        Case("diabetes"),
        Case("diabetes-cubic"),
        *(case for problem in _REAL for case in _fits(problem)),
        Case("local-mice_snp", eps=1e-1, n_alphas=50),
        Case("local-mice_snp", eps=1e-2, n_alphas=50),
    ),
    limit=400.0,
    budget=3.0,
)

GROWTH = Configuration(
    cases=(
        *(Case(f"dense-{n}x500") for n in (1000, 4000, 16000, 64000)),
        *(Case(f"dense-500x{p}") for p in (500, 2000, 8000, 32000)),
        *(
            Case(f"sparse-20000x50000-{density}")
            for density in (0.0001, 0.0004, 0.0016, 0.0064)
        ),
        *(Case("dense-1000x2000", n_alphas=k) for k in (10, 30, 100, 300, 1000)),
    ),
    limit=60.0,
    budget=2.0,
)

_CLASSES = (
    "labels-dense-10000x1000",
    "labels-dense-500x5000",
    "labels-sparse-20000x100000-0.001",
)


def _classifiers(problem):
    """L1 and elastic net at two levels, L1 without an intercept (celer), and L2."""
    for eps in (1e-1, 2e-2):
        yield Case(problem, "logistic", eps=eps)
        yield Case(problem, "logistic", eps=eps, l1_ratio=0.5)
        yield Case(problem, "logistic", eps=eps, fit_intercept=False)
    yield Case(problem, "logistic", eps=1e-3, l1_ratio=0.0)


LOGISTIC = Configuration(
    cases=tuple(case for problem in _CLASSES for case in _classifiers(problem)),
    limit=120.0,
    budget=2.0,
)

LOGISTIC_CV = Configuration(
    cases=(
        Case("labels-dense-2000x500", "logistic_cv"),
        Case("labels-dense-300x3000", "logistic_cv"),
        Case("labels-sparse-2000x5000-0.004", "logistic_cv"),
    ),
    limit=400.0,
    budget=2.0,
)

MULTINOMIAL = Configuration(
    cases=tuple(
        Case(problem, "multinomial", eps=eps, l1_ratio=l1_ratio)
        for problem in ("local-khan_srbct", "digits", "local-20newsgroups_tfidf")
        for eps in (1e-1, 2e-2)
        for l1_ratio in (1.0, 0.5)
    ),
    limit=400.0,
    budget=2.0,
)

LOGISTIC_SMALL = Configuration(
    cases=(
        *_classifiers("labels-dense-1000x200"),
        Case("labels-dense-500x100", "logistic_cv"),
        Case("digits", "multinomial", eps=1e-1),
    ),
    limit=10.0,
    budget=0.1,
)

FULL = (
    SYNTHETIC,
    CROSS_VALIDATION,
    REAL,
    GROWTH,
    LOGISTIC,
    LOGISTIC_CV,
    MULTINOMIAL,
)

NAMED = {
    "small": (SMALL,),
    "synthetic": (SYNTHETIC,),
    "cross-validation": (CROSS_VALIDATION,),
    "real": (REAL,),
    "growth": (GROWTH,),
    "logistic": (LOGISTIC,),
    "logistic-cv": (LOGISTIC_CV,),
    "multinomial": (MULTINOMIAL,),
    "logistic-small": (LOGISTIC_SMALL,),
    "full": FULL,
}
