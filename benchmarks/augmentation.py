"""Time and memory of the samplers against imbalanced-learn, and of the row changers.

    python benchmarks/augmentation.py [--data FOLDER] [--repeats 3] [--only NAME ...]

Each figure is a ratio. For the samplers: the time of ours over imbalanced-learn's, the
smallest of alternated runs in one process, and the peak memory above that of the data,
each in a process of its own. For what changes rows: the time over that of one copy of
the array, made in turn with it in one process. ``--data`` names a folder that holds
``adult.csv.gz`` (the UCI census table) and Fashion-MNIST's training files in
``fashion_mnist``; without it both are generated in the same shape.
"""

import argparse
import gzip
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

SAMPLERS = {
    # name: (sampler, arguments, maker of data, what the ratio should not exceed)
    "SMOTE x10": ("SMOTE", {}, ("blobs", 10), 0.4),
    "SMOTE x50": ("SMOTE", {}, ("blobs", 50), 0.4),
    "SMOTE x50 float32": ("SMOTE", {}, ("blobs32", 50), None),
    "BorderlineSMOTE x10": ("BorderlineSMOTE", {}, ("blobs", 10), 0.2),
    "BorderlineSMOTE x50": ("BorderlineSMOTE", {}, ("blobs", 50), 0.5),
    "ADASYN x10": ("ADASYN", {}, ("blobs", 10), 0.2),
    "ADASYN x50": ("ADASYN", {}, ("blobs", 50), 0.5),
    "SMOTENC adult": ("SMOTENC", {"categorical_features": "auto"}, ("adult", 0), 0.3),
    "RandomOverSampler x50": ("RandomOverSampler", {}, ("blobs", 50), None),
    "SMOTEN": ("SMOTEN", {}, ("categories", 8), None),
}
CHANGERS = {
    "Cutout": ("Cutout", {"image_shape": (28, 28)}),
    "CutMix": ("CutMix", {"image_shape": (28, 28), "keep_original": False}),
    "Mixup": ("Mixup", {"keep_original": False}),
    "gaussian": ("NoiseInjector", {"distribution": "gaussian"}),
    "gaussian, relative": ("NoiseInjector", {"relative": True}),
    "uniform": ("NoiseInjector", {"distribution": "uniform"}),
    "laplace": ("NoiseInjector", {"distribution": "laplace"}),
    "masking": ("NoiseInjector", {"distribution": "masking"}),
    "salt_and_pepper": ("NoiseInjector", {"distribution": "salt_and_pepper"}),
    "poisson": ("NoiseInjector", {"distribution": "poisson"}),
}


def blobs(n_features, dtype=np.float64, n=100_000):
    """Two overlapping normal classes, one row in ten of the minority."""
    rng = np.random.default_rng(0)
    y = (np.arange(n) % 10 == 0).astype(int)
    X = rng.standard_normal((n, n_features)) + 0.8 * y[:, None]
    return X.astype(dtype), y


def adult(folder):
    import pandas as pd

    if folder is not None:
        frame = pd.read_csv(Path(folder) / "adult.csv.gz")
        y = frame.pop("income")
        frame = frame.drop(columns="split", errors="ignore")
    else:
        rng = np.random.default_rng(0)
        n, levels = 48_842, (9, 16, 7, 15, 6, 5, 2, 42)
        y = pd.Series((rng.uniform(size=n) < 0.24).astype(int))
        frame = pd.DataFrame(
            np.round(rng.normal(size=(n, 6)) * [13, 105_000, 2.6, 7450, 400, 12])
        ).add_prefix("number")
        for i, k in enumerate(levels):
            frame[f"word{i}"] = pd.Series(rng.integers(k, size=n)).map("v{}".format)
    for name in frame.columns:
        if frame[name].dtype.kind not in "if":
            frame[name] = frame[name].fillna("?").astype("category")
    return frame, y


def make(kind, folder):
    name, size = kind
    if name == "blobs":
        return blobs(size)
    if name == "blobs32":
        return blobs(size, np.float32)
    if name == "adult":
        return adult(folder)
    rng = np.random.default_rng(0)
    y = (np.arange(20_000) % 4 == 0).astype(int)
    return rng.integers(6, size=(len(y), size)) + y[:, None], y


def samplers(name):
    import imblearn.over_sampling

    import sklreg.augmentation

    sampler, arguments, _, _ = SAMPLERS[name]
    return {
        "ours": getattr(sklreg.augmentation, sampler)(random_state=0, **arguments),
        "imblearn": getattr(imblearn.over_sampling, sampler)(
            random_state=0, **arguments
        ),
    }


def time_samplers(name, folder, repeats):
    X, y = make(SAMPLERS[name][2], folder)
    both = samplers(name)
    best = dict.fromkeys(both, np.inf)
    results = {}
    both["ours"].fit_resample(X, y)  # compiles, where nothing was cached
    for _ in range(repeats):
        for who, sampler in both.items():
            start = time.perf_counter()
            results[who] = sampler.fit_resample(X, y)
            best[who] = min(best[who], time.perf_counter() - start)
    ours, theirs = (np.asarray(results[who][0]) for who in ("ours", "imblearn"))
    same = ours.shape == theirs.shape and bool(
        np.allclose(ours, theirs, rtol=1e-5)
        if ours.dtype != object
        else (ours == theirs).all()
    )
    return best | {"same": same}


def memory_of(name, who, folder):
    """Peak memory above that before the call, in MB."""
    X, y = make(SAMPLERS[name][2], folder)
    sampler = samplers(name)[who]
    small = np.flatnonzero(np.arange(len(y)) % 50 < 10)
    part = X.iloc[small] if hasattr(X, "iloc") else X[small]
    sampler.fit_resample(part, y.iloc[small] if hasattr(y, "iloc") else y[small])
    return _peak(lambda: sampler.fit_resample(X, y))


def _status(field):
    text = Path("/proc/self/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", text)[1]) / 1024


def _peak(call):
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    kept = call()
    peak = _status("VmHWM") - before
    del kept
    return peak


def images(dtype, folder):
    """Return 60000 images of 28 by 28 grey values in [0, 1], and their classes."""
    if folder is None:
        rng = np.random.default_rng(0)
        grey, y = rng.integers(0, 256, (60_000, 784)), rng.integers(10, size=60_000)
    else:
        grey, y = (
            np.frombuffer(
                gzip.decompress(Path(folder, "fashion_mnist", file).read_bytes()),
                dtype=np.uint8,
                offset=offset,
            )
            for file, offset in (
                ("train-images-idx3-ubyte.gz", 16),
                ("train-labels-idx1-ubyte.gz", 8),
            )
        )
    return grey.reshape(-1, 784).astype(dtype) / dtype(255), y.astype(np.int64)


def time_changer(name, dtype, folder, repeats):
    import sklreg.augmentation

    X, y = images(dtype, folder)
    kind, arguments = CHANGERS[name]
    changer = getattr(sklreg.augmentation, kind)(random_state=0, **arguments)
    if hasattr(changer, "fit_resample"):

        def call(X, y):
            return changer.fit_resample(X, y)
    else:

        def call(X, y):
            return changer.fit_transform(X)

    call(X[:1000], y[:1000])
    best = {"ours": np.inf, "copy": np.inf}
    for _ in range(repeats):
        # into fresh memory, as what is compared with it
        for who, function in {
            "copy": lambda: X.copy(),
            "ours": lambda: call(X, y),
        }.items():
            start = time.perf_counter()
            kept = function()
            best[who] = min(best[who], time.perf_counter() - start)
            del kept
    return best | {"peak": _peak(lambda: call(X, y)), "size": X.nbytes / 2**20}


def child(*arguments):
    """Run one measurement in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", __file__, "--child", json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(run.stderr)
    return json.loads(run.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder with the data sets")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        function, *arguments = json.loads(options.child)
        if function == "time_changer":
            arguments[1] = getattr(np, arguments[1])
        print(json.dumps(globals()[function](*arguments)))
        return
    chosen = options.only or [*SAMPLERS, *CHANGERS]
    print(
        f"{'sampler':24}{'ours s':>9}{'theirs s':>10}{'ratio':>8}{'goal':>6}"
        f"{'ours MB':>9}{'theirs MB':>10}{'ratio':>7}  same rows"
    )
    for name, (*_, goal) in SAMPLERS.items():
        if name not in chosen:
            continue
        t = child("time_samplers", name, options.data, options.repeats)
        ours, theirs = (
            child("memory_of", name, who, options.data) for who in ("ours", "imblearn")
        )
        print(
            f"{name:24}{t['ours']:9.3f}{t['imblearn']:10.3f}"
            f"{t['ours'] / t['imblearn']:8.3f}{goal or '':>6}"
            f"{ours:9.0f}{theirs:10.0f}{ours / theirs:7.2f}  {t['same']}",
            flush=True,
        )
    print(
        f"\n{'60000 x 784':24}{'ours s':>9}{'copy s':>10}{'ratio':>8}{'goal':>6}"
        f"{'peak MB':>9}{'array MB':>10}"
    )
    for name in CHANGERS:
        if name not in chosen:
            continue
        for dtype in ("float64", "float32"):
            t = child("time_changer", name, dtype, options.data, 3 * options.repeats)
            print(
                f"{name + ' ' + dtype:24}{t['ours']:9.3f}{t['copy']:10.3f}"
                f"{t['ours'] / t['copy']:8.2f}{2.0:6}{t['peak']:9.0f}{t['size']:10.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
