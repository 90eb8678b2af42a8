"""Which regulariser helps which network on which data: a table of test errors.

    python benchmarks/mlp_techniques.py [--data FOLDER] [--out FILE] [--seeds N]
                                        [--only WORDS] [--table]

Each row of the result is one fit: data set, technique, seed, test error in %, and the
setting that was chosen. A setting is chosen once for a data set, with the first seed,
by the error on a fifth of the training rows; then every seed fits on all of them. Rows
are written as they come; those that are there are not done again.
``--table`` only prints mean and standard deviation over the seeds of what is there.

Fashion-MNIST: 5000 training rows drawn by the seed, the 10000 test rows. USPS: its 7291
training and 2007 test rows, pixels moved to [0, 1]. Gene expressions: khan_srbct (4
tumours) and singh (prostate), split 60:40 by the seed, stratified, columns
standardised. Networks have (256, 128) hidden units, for the genes (64,); all do 30
epochs, for the genes 50, but for early stopping.
"""

import argparse
import ast
import csv
import gzip
import os
import sys
import time
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sklreg.augmentation import Cutout
from sklreg.neural_network import MLPClassifier

FIELDS = ("set", "technique", "seed", "error", "setting", "seconds")
DEEP = {"hidden_layer_sizes": (128,) * 6, "residual": True}


def techniques(image_shape):
    """Map each technique to the settings it is tried with."""

    def each(name, values, **fixed):
        return [{name: value, **fixed} for value in values]

    table = {
        "plain": [{}],
        "+ L2": each("alpha", (0.02, 0.2, 2.0)),
        "+ L1": each("alpha", (0.005, 0.05, 0.5), l1_ratio=1.0),
        "+ early stopping": [{"early_stopping": True, "n_iter_no_change": 10}],
        "+ dropout": [
            *each("dropout", (0.2, 0.5)),
            {"dropout": 0.5, "input_dropout": 0.2},
        ],
        "+ dropout + max norm": each("max_norm", (1.0, 2.0, 4.0), dropout=0.5),
        "+ batch norm": [{"batch_norm": True}],
        "+ weight noise": each("weight_noise", (0.01, 0.05)),
        "+ gradient noise": each("gradient_noise", (1e-4, 1e-3)),
        "+ activation noise": each("activation_noise", (0.1, 0.5)),
        "+ input noise": each("input_noise", (0.1, 0.3)),
        "+ mixup": each("mixup_alpha", (0.2, 1.0)),
        "+ stochastic depth": each("stochastic_depth", (0.2, 0.5), **DEEP),
        "(residual 6-layer, plain)": [DEEP],
    }
    if image_shape:
        table["+ cutmix"] = each(
            "cutmix_alpha", (0.3, 1.0), image_shape=tuple(image_shape)
        )
        side = image_shape[0] // 4
        table["+ cutout"] = [{"cutout": side}, {"cutout": 2 * side}]
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--data",
        default=os.environ.get("SKLREG_BENCHMARK_DATA", "."),
        help="folder with the data sets",
    )
    parser.add_argument("--out", default="mlp_techniques.csv")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", help="a data set")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    out = Path(options.out)
    done = {(row["set"], row["technique"], row["seed"]) for row in read(out)}
    known = {
        (row["set"], row["technique"]): ast.literal_eval(row["setting"])
        for row in read(out)
    }
    sets = {
        "fashion-mnist": fashion_mnist,
        "usps": usps,
        "khan": lambda folder, seed: genes(folder, "khan_srbct", seed),
        "singh": lambda folder, seed: genes(folder, "singh", seed),
    }
    for seed in range(0 if options.table else options.seeds):
        for name, load in sets.items():
            if options.only and options.only != name:
                continue
            X, X_test, y, y_test, shape, arguments = load(Path(options.data), seed)
            for technique, settings in techniques(shape).items():
                if (name, technique, str(seed)) in done:
                    continue
                if (name, technique) in known:
                    settings = [known[name, technique]]
                start = time.perf_counter()
                error, chosen = run(
                    X, X_test, y, y_test, shape, arguments, settings, seed
                )
                known[name, technique] = chosen
                seconds = round(time.perf_counter() - start, 2)
                write(out, (name, technique, seed, f"{error:.4f}", chosen, seconds))
    show(read(out))


def run(X, X_test, y, y_test, shape, arguments, settings, seed):
    """Return the test error in % of the setting that validation prefers, and it."""
    best = settings[0]
    if len(settings) > 1:
        X_train, X_val, y_train, y_val = train_test_split(
            X, y, test_size=0.2, stratify=y, random_state=seed
        )
        scores = [
            model(arguments | setting, shape, seed)
            .fit(X_train, y_train)
            .score(X_val, y_val)
            for setting in settings
        ]
        best = settings[int(np.argmax(scores))]
    fitted = model(arguments | best, shape, seed).fit(X, y)
    return 100 * (1 - fitted.score(X_test, y_test)), best


def model(arguments, shape, seed):
    """Return a network, in a pipeline with Cutout if that is asked for."""
    side = arguments.get("cutout")
    arguments = {name: arguments[name] for name in arguments if name != "cutout"}
    net = MLPClassifier(random_state=seed, **arguments)
    return net if side is None else CutoutNetwork(net, shape, side, seed)


class CutoutNetwork:
    """A network that sees the rows with new holes every epoch."""

    def __init__(self, net, shape, side, seed):
        self.net, self.shape, self.side = net, shape, side
        self.random_state = np.random.RandomState(seed)

    def fit(self, X, y):
        # an instance goes on from call to call; an integer would start anew
        self.net.set_params(random_state=self.random_state)
        cut = Cutout(
            image_shape=self.shape, size=self.side, random_state=self.random_state
        )
        classes = np.unique(y)
        for _ in range(self.net.max_iter):
            self.net.partial_fit(cut.fit_transform(X), y, classes=classes)
        return self

    def score(self, X, y):
        return self.net.score(X, y)


IMAGES = {
    "hidden_layer_sizes": (256, 128),
    "batch_size": 128,
    "max_iter": 30,
    "n_iter_no_change": 10_000,
}
GENES = IMAGES | {"hidden_layer_sizes": (64,), "batch_size": 16, "max_iter": 50}


def fashion_mnist(folder, seed):
    def images(part):
        file = folder / "fashion_mnist" / f"{part}-images-idx3-ubyte.gz"
        with gzip.open(file) as f:
            rows = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 784)
        file = folder / "fashion_mnist" / f"{part}-labels-idx1-ubyte.gz"
        with gzip.open(file) as f:
            return rows, np.frombuffer(f.read(), np.uint8, offset=8)

    (X, y), (X_test, y_test) = images("train"), images("t10k")
    rows = np.random.RandomState(seed).permutation(len(X))[:5000]
    X, X_test = ((part / 255).astype(np.float32) for part in (X[rows], X_test))
    return X, X_test, y[rows], y_test, (28, 28), IMAGES


def usps(folder, seed):
    d = np.load(folder / "usps_zip.npz")
    X, train = (d["X_milli"] / 1000 + 1) / 2, d["train"]
    X = X.reshape(len(X), -1).astype(np.float32)
    y = d["y"].astype(int)
    return X[train], X[~train], y[train], y[~train], (16, 16), IMAGES


def genes(folder, name, seed):
    d = np.load(folder / f"{name}.npz")
    X, X_test, y, y_test = train_test_split(
        d["X"], d["y"], test_size=0.4, stratify=d["y"], random_state=seed
    )
    scaler = StandardScaler().fit(X)
    X, X_test = (scaler.transform(part).astype(np.float32) for part in (X, X_test))
    return X, X_test, y, y_test, None, GENES


def read(path):
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write(path, row):
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(FIELDS)
        writer.writerow(row)


def show(rows):
    """Print the mean and the standard deviation of the errors over the seeds."""
    errors = defaultdict(list)
    for row in rows:
        errors[row["technique"], row["set"]].append(float(row["error"]))
    sets = list(dict.fromkeys(row["set"] for row in rows))
    print(f"{'test error in %':28}" + "".join(f"{name:>20}" for name in sets))
    for technique in dict.fromkeys(row["technique"] for row in rows):
        cells = []
        for name in sets:
            found = errors.get((technique, name))
            if not found:
                cells.append("-")
                continue
            spread = np.std(found, ddof=1) if len(found) > 1 else 0.0
            cells.append(f"{np.mean(found):.2f} ± {spread:.2f} ({len(found)})")
        print(f"{technique:28}" + "".join(f"{cell:>20}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
