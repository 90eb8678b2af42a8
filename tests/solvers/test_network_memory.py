"""After the first batch a step takes no memory of its own."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp

from sklreg.layers import RandomSource
from sklreg.solvers.network import Architecture, Network, initial_parameters
from sklreg.solvers.network_optimizers import NetworkAdam, NetworkSGD
from sklreg.solvers.network_training import Regularization, Training

ROWS, SIZES = 200, (144, 96, 96, 5)
# A batch takes 115 kB in single precision, a layer's units 77 kB, its weights 37 kB.
# What is left is for Python's own objects, and a few numbers a row to mix rows by.
ALLOWED = 10_000
ALLOWED_TO_MIX = 26_000

NETWORKS = {
    "plain": {},
    "dropout": {"dropout": (0.5, 0.5)},
    "input dropout": {"input_dropout": 0.2},
    "structured dropout": {"structured_dropout": (0.5, 0.5)},
    "batch norm": {"batch_norm": True},
    "batch norm, dropout": {"batch_norm": True, "dropout": (0.5, 0.5)},
    "batch norm, gelu": {"batch_norm": True, "activation": "gelu"},
    "elu, dropout": {"activation": "elu", "dropout": (0.5, 0.5)},
    "logistic": {"activation": "logistic"},
    "activation noise": {"activation_noise": ("laplace", 0.1)},
    "stochastic depth": {"residual": True, "stochastic_depth": (0.5,)},
}
REGULARIZERS = {
    "L1": {"l1": 1.0},
    "decoupled": {"l2": 1.0, "decoupled": True},
    "max norm": {"max_norm": 0.5},
    "weight noise": {"weight_noise": ("gaussian", 0.1)},
    "gradient noise": {"gradient_noise": ("uniform", 0.1)},
    "input noise": {"input_noise": ("gaussian", 0.1)},
    "salt and pepper": {"input_noise": ("salt_and_pepper", 0.1)},
    "mixup": {"mixup_alpha": 0.3},
    "cutmix": {"cutmix_alpha": 1.0, "image_shape": (12, 12)},
    "mixup, cutmix, noise": {
        "mixup_alpha": 1.0,
        "cutmix_alpha": 1.0,
        "image_shape": (12, 12),
        "input_noise": ("masking", 0.1),
    },
}


def make_training(plan, extras, sparse, weighted, optimizer):
    rng = np.random.default_rng(0)
    network = Network(Architecture(SIZES, **plan), np.float32)
    first = initial_parameters(SIZES, "relu", np.float32, np.random.RandomState(0))
    network.load(*first)
    n = 3 * ROWS + 50
    X = rng.normal(size=(n, SIZES[0])).astype(np.float32)
    if sparse:
        X[rng.uniform(size=X.shape) < rng.uniform(size=(n, 1))] = 0
        X = sp.csr_matrix(X)
    return Training(
        network,
        X,
        rng.dirichlet(np.ones(SIZES[-1]), n).astype(np.float32),
        rng.uniform(0.5, 2.0, n) if weighted else None,
        loss="multinomial",
        optimizer=optimizer,
        regularization=Regularization(**extras),
        batch_size=ROWS,
        order=np.random.RandomState(0),
        source=RandomSource(np.random.default_rng(1)),
    )


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("name", [*NETWORKS, *REGULARIZERS, "momentum"])
def test_no_batch_after_the_first_takes_memory(name, sparse):
    optimizer = NetworkAdam(0.01, 0.9, 0.999, 1e-8)
    if name == "momentum":
        optimizer = NetworkSGD(0.01, "constant", 0.9, True, 0.5)
    plan, extras = NETWORKS.get(name, {}), REGULARIZERS.get(name, {})
    training = make_training(plan, extras, sparse, name != "plain", optimizer)
    for _ in range(2):  # the second epoch has both lengths of a batch behind it
        training.epoch()
    tracemalloc.start()
    try:
        kept = tracemalloc.get_traced_memory()[0]
        peaks = []
        for start, stop in training.batches.bounds:
            tracemalloc.reset_peak()
            training._step(start, stop)
            peaks.append(tracemalloc.get_traced_memory()[1] - kept)
        left = tracemalloc.get_traced_memory()[0] - kept
    finally:
        tracemalloc.stop()
    assert max(peaks) < (ALLOWED_TO_MIX if "mix" in name else ALLOWED)
    assert left < ALLOWED
