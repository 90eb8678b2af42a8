"""The multi-layer perceptron beside scikit-learn's and PyTorch's: seconds an epoch.

    python benchmarks/mlp.py [--data FOLDER] [--torch PYTHON] [--repeats N] [--rows N]

All sides train the same network on the same data in batches of the same size with Adam,
turn by turn in one run; the least time of each counts. Repeats should be a multiple of
three, so that each of our three variants has every place in the turn. PyTorch lives in
an environment of its own (``python -m venv E; E/bin/pip install torch==2.13.0 numpy``),
whose Python ``--torch`` names; its quicker one of the fused and the plain Adam counts.
"""

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn import neural_network as theirs
from sklearn.datasets import load_digits

from sklreg import neural_network as ours

TORCH = """
import sys, time
import numpy as np, torch
from torch import nn

data = np.load(sys.argv[1])
X, y = torch.from_numpy(data["X"]), torch.from_numpy(data["y"])
torch.set_num_threads(int(sys.argv[2]))
for line in sys.stdin:
    hidden, batch_size, dropout, norm, epochs, fused = eval(line)
    torch.manual_seed(0)
    layers, width = [], X.shape[1]
    for units in hidden:
        layers.append(nn.Linear(width, units))
        if norm:
            layers.append(nn.BatchNorm1d(units))
        layers.append(nn.ReLU())
        if dropout:
            layers.append(nn.Dropout(dropout))
        width = units
    net = nn.Sequential(*layers, nn.Linear(width, int(y.max()) + 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=fused)
    criterion = nn.CrossEntropyLoss()
    start = time.perf_counter()
    for _ in range(epochs):
        order = torch.randperm(len(X))
        for rows in order.split(batch_size):
            optimizer.zero_grad()
            criterion(net(X[rows]), y[rows]).backward()
            optimizer.step()
    print((time.perf_counter() - start) / epochs, flush=True)
"""

ALL = {"dropout": 0.5, "batch_norm": True, "max_norm": 3.0}


class Torch:
    """A process of another environment that trains on request."""

    def __init__(self, python, X, y):
        self.file = tempfile.NamedTemporaryFile(suffix=".npz")
        np.savez(self.file.name, X=X, y=y.astype(np.int64))
        self.process = subprocess.Popen(
            [python, "-c", TORCH, self.file.name, str(threads())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def seconds(self, hidden, batch_size, epochs, dropout=0.0, batch_norm=False):
        taken = []
        for fused in (False, True):
            order = (hidden, batch_size, dropout, batch_norm, epochs, fused)
            self.process.stdin.write(f"{order!r}\n")
            self.process.stdin.flush()
            taken.append(float(self.process.stdout.readline()))
        time.sleep(0.2)  # its threads go on looking for work, on our processors
        return min(taken)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.file.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--data",
        default=os.environ.get("SKLREG_BENCHMARK_DATA", "."),
        help="folder with fashion_mnist/",
    )
    parser.add_argument("--torch", help="Python of an environment with PyTorch")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, default=12800, help="of Fashion-MNIST")
    parser.add_argument("--only", help="words in the names of the comparisons to make")
    options = parser.parse_args()
    warnings.simplefilter("ignore")

    X, y = fashion_mnist(Path(options.data), options.rows)
    digits, labels = load_digits(return_X_y=True)
    digits = (digits / 16).astype(np.float32)
    for data, cases in (
        (
            (X, y),
            [
                ("Fashion-MNIST, batch 128", (256, 128), 128, 2),
                ("Fashion-MNIST, batch 32", (256, 128), 32, 1),
            ],
        ),
        (
            (digits, labels),
            [
                ("digits (50,), batch 32", (50,), 32, 10),
                ("digits (50,), batch 200", (50,), 200, 20),
            ],
        ),
    ):
        cases = [case for case in cases if not options.only or options.only in case[0]]
        if not cases:
            continue
        peer = Torch(options.torch, *data) if options.torch else None
        for name, hidden, batch_size, epochs in cases:
            compare(name, *data, hidden, batch_size, epochs, options.repeats, peer)
        if peer:
            peer.close()


def threads():
    """Return the threads that BLAS takes here, for PyTorch to take as many."""
    return int(os.environ.get("OMP_NUM_THREADS", os.cpu_count()))


def fashion_mnist(folder, n_rows):
    def read(name, offset):
        path = folder / "fashion_mnist" / f"train-{name}-ubyte.gz"
        with gzip.open(path) as file:
            return np.frombuffer(file.read(), np.uint8, offset=offset)

    X = read("images-idx3", 16).reshape(-1, 784)[:n_rows]
    return (X / 255).astype(np.float32), read("labels-idx1", 8)[:n_rows]


def compare(name, X, y, hidden, batch_size, epochs, repeats, peer):
    """Print seconds an epoch and their ratios."""
    arguments = {
        "hidden_layer_sizes": hidden,
        "batch_size": batch_size,
        "max_iter": epochs,
        "n_iter_no_change": np.inf,
        "random_state": 0,
    }
    variants = {
        "plain": {},
        "dropout": {"dropout": 0.5},
        "dropout + batch norm + max norm": ALL,
    }
    for extra in variants.values():  # compile
        small = arguments | extra | {"max_iter": 1}
        ours.MLPClassifier(**small).fit(X[:500], y[:500])
    seconds = {}

    def take(key, value):
        seconds[key] = min(value, seconds.get(key, np.inf))

    for turn in range(repeats):
        if peer:
            for variant in ("plain", "dropout"):
                extra = variants[variant]
                took = peer.seconds(hidden, batch_size, epochs, **extra)
                take(f"PyTorch {variant}", took)
        take("scikit-learn", timed(theirs.MLPClassifier(**arguments), X, y) / epochs)
        # ours one after the other, each of them first in turn: what follows a pause or
        # a peer finds the processor and its caches slower than what follows its like
        names = list(variants)
        for variant in names[turn % 3 :] + names[: turn % 3]:
            model = ours.MLPClassifier(**arguments, **variants[variant])
            take(variant, timed(model, X, y) / epochs)
    plain = seconds["plain"]
    print(f"\n{name}, {hidden}, float32, {threads()} threads: ms an epoch of {len(y)}")
    for key, value in seconds.items():
        print(f"  {key:34} {1e3 * value:9.1f}")
    report("plain / scikit-learn", plain / seconds["scikit-learn"], 0.8)
    together = seconds["dropout + batch norm + max norm"]
    report("dropout + batch norm + max norm / plain", together / plain, 1.35)
    if peer:
        report("plain / PyTorch", plain / seconds["PyTorch plain"], 1.0)
        dropout = seconds["dropout"] / seconds["PyTorch dropout"]
        report("dropout / PyTorch", dropout, 1.0)


def timed(model, X, y):
    start = time.perf_counter()
    model.fit(X, y)
    return time.perf_counter() - start


def report(name, ratio, target):
    verdict = "yes" if ratio <= target else "NO"
    print(f"    {name:42} {ratio:5.2f}   (<= {target}: {verdict})", flush=True)


if __name__ == "__main__":
    sys.exit(main())
