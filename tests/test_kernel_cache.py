"""A second process compiles nothing: every kernel comes from numba's cache on disk."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

FITS = """
    import json, sys, warnings
    import numpy as np
    from scipy import sparse
    from numba.core.registry import CPUDispatcher
    from sklreg.linear_model import (
        ElasticNet, ElasticNetCV, Lasso, LassoCV, Ridge, RidgeCV, enet_path, lasso_path
    )

    warnings.simplefilter("ignore")
    rng = np.random.RandomState(0)

    def csc64(X):
        X = sparse.csc_array(X)
        X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
        return X

    for p in (6, 300):
        X = rng.randn(30, p) * (rng.rand(30, p) < 0.5)
        y = X[:, 0] + rng.randn(30)
        for dtype in (np.float64, np.float32):
            for layout in (
                np.ascontiguousarray, np.asfortranarray, sparse.csc_array, csc64
            ):
                data = layout(X.astype(dtype))
                Lasso(alpha=0.1).fit(data, y)
                ElasticNet(
                    alpha=0.1, selection="random", random_state=0
                ).fit(data, y, rng.rand(30))
                ElasticNet(alpha=0.1, positive=True, tol=1e-8).fit(data, y)
                Ridge().fit(data, y)
                lasso_path(data, y, alphas=3)
                enet_path(data, np.column_stack([y, -y]), alphas=3)
                LassoCV(alphas=3, cv=2).fit(data, y)
                ElasticNetCV(alphas=3, cv=2, positive=True).fit(data, y)
                RidgeCV().fit(data, y)
        Lasso(alpha=0.1, precompute=True).fit(X, y)
        lasso_path(X, y, alphas=3, precompute=True)
"""

NETWORKS = """
    import json, sys, warnings
    import numpy as np
    from scipy import sparse
    from numba.core.registry import CPUDispatcher
    from sklreg.neural_network import MLPClassifier, MLPRegressor

    warnings.simplefilter("ignore")
    rng = np.random.RandomState(0)
    X = rng.randn(33, 4)
    extras = {"dropout": 0.5, "batch_norm": True, "max_norm": 1.0, "l1_ratio": 0.5}
    for dtype in (np.float64, np.float32):
        for arguments in ({}, extras, {"solver": "sgd", "shuffle": False}):
            for units in ((1,), (3, 3)):  # a single one too
                arguments = arguments | {"batch_size": 16, "max_iter": 2}
                net = MLPClassifier(units, **arguments)
                for y in (np.arange(33) % 2, np.arange(33) % 3):
                    net.fit(X.astype(dtype), y, sample_weight=rng.rand(33)).predict(X)
                    net.fit(sparse.csr_array(X.astype(dtype)), y)
                MLPRegressor("poisson", units, "gelu", **arguments).fit(
                    X.astype(dtype), np.abs(X[:, :2])
                )
"""

COUNTS = """
    counts = {}
    for name, module in list(sys.modules.items()):
        if name.startswith("sklreg.") and name.endswith("_kernels"):
            for kernel in vars(module).values():
                if isinstance(kernel, CPUDispatcher) and kernel.signatures:
                    counts[f"{name}.{kernel.__name__}"] = [
                        len(kernel.signatures),
                        sum(kernel.stats.cache_hits.values()),
                        sum(kernel.stats.cache_misses.values()),
                    ]
    print(json.dumps(counts))
"""


LATER = """
    import json
    import numpy as np
    from sklreg.solvers import _design_kernels
    from sklreg.solvers.design import make_design

    # panels of one column and of one row, and weights, are not types of their own
    X = np.asfortranarray(np.random.RandomState(0).randn(20, 5))
    for rows, columns in [(20, 3), (20, 1), (1, 3), (1, 1)]:
        for weight in (None, np.ones(rows)):
            panel = np.empty((rows, columns), order="F")
            design = make_design(np.asfortranarray(X[:rows]), weight)
            design.fill_panel(np.arange(columns), panel)
    print(json.dumps({"layouts": len(_design_kernels.dense_panel.signatures)}))
"""


def run(environment, script):
    """Return what a script prints.

    For fits and COUNTS, of each kernel, how many specialisations there are, how many of
    them came from the cache, and how many were compiled.
    """
    path = os.pathsep.join(sys.path)
    process = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": path} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.splitlines()[-1])


@pytest.mark.parametrize("fits", [FITS, NETWORKS], ids=["linear", "networks"])
@pytest.mark.parametrize(
    "cache", ["whatever is there", pytest.param("empty", marks=pytest.mark.slow)]
)
def test_second_process_compiles_nothing(fits, cache, tmp_path):
    environment = {"NUMBA_CACHE_DIR": str(tmp_path)} if cache == "empty" else {}
    script = textwrap.dedent(fits) + textwrap.dedent(COUNTS)
    first, second = run(environment, script), run(environment, script)
    kind = "coordinate_descent" if fits is FITS else "layers"
    assert any(kind in name for name in second)
    if cache == "empty":
        assert sum(compiled for _, _, compiled in first.values()) >= len(first)
    for name, (specialisations, loaded, compiled) in second.items():
        assert compiled == 0, name
        assert loaded == specialisations, f"{name} is not cached"
        if fits is NETWORKS:  # single rows and units are no types of their own
            assert specialisations <= 2, name  # one a dtype


def test_shapes_of_panels_are_not_compiled_for_one_by_one():
    # X of one row is C-contiguous, whatever it was made as
    assert run({}, textwrap.dedent(LATER))["layouts"] <= 2
