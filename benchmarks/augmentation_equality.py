"""Compare every sampler with imbalanced-learn's on real data, all cases crossed.

    OMP_NUM_THREADS=1 python benchmarks/augmentation_equality.py FILE.npz [--seeds 20]
        [--sets NAME ...]

Every sampler meets every seed, dense and sparse rows, two classes and more, and every
form of ``sampling_strategy``, on every set. The file holds arrays ``<name>/X``,
``<name>/y`` and ``<name>/nominal`` (True where a column is a category), as the KEEL
sets of imbalanced data do. These have two classes each; where several are the same rows
with another class set apart (glass0, glass1, ...), they give back the classes of the
original, and elsewhere the majority is split in two by its first column. Sparse rows
are a ``csr_array``: with a ``csr_matrix`` the second kind of imbalanced-learn's
BorderlineSMOTE multiplies matrices where it means to multiply entries.
"""

import argparse
import re
import time
import warnings
from collections import Counter
from itertools import product

import imblearn.over_sampling
import numpy as np
import scipy.sparse as sp

import sklreg.augmentation

CASES = [
    ("SMOTE", {}),
    ("BorderlineSMOTE", {}),
    ("BorderlineSMOTE", {"kind": "borderline-2"}),
    ("SVMSMOTE", {}),
    ("KMeansSMOTE", {"cluster_balance_threshold": 0.05}),
    ("ADASYN", {}),
    ("RandomOverSampler", {}),
    ("RandomOverSampler", {"shrinkage": 0.3}),
    ("SMOTENC", {}),
    ("SMOTEN", {}),
]
SETS = (
    "glass0 ecoli1 vehicle0 yeast1 haberman iris0 wisconsin pima "
    "abalone-3_vs_11 yeast-2_vs_4 ecoli-0-1_vs_2-3-5 abalone9-18"
).split()
# A set with two classes, and those that set apart other classes of the same rows.
FAMILIES = {
    "glass0": ["glass0", "glass1", "glass4", "glass5", "glass6"],
    "ecoli1": ["ecoli1", "ecoli2", "ecoli3", "ecoli4"],
    "vehicle0": ["vehicle0", "vehicle1", "vehicle2", "vehicle3"],
    "yeast1": ["yeast1", "yeast3", "yeast4", "yeast5", "yeast6"],
}


def strategies(y):
    """Every form of a strategy, by name."""
    labels, counts = np.unique(y, return_counts=True)
    order = np.argsort(counts)
    least, most = labels[order[0]], int(counts.max())
    wanted = {int(label): most for label in labels[order[:-1]]}
    forms = {
        name: name for name in ("auto", "minority", "not minority", "not majority")
    }
    forms |= {"all": "all", "dict": wanted, "callable": lambda y: {least: most - 1}}
    if len(labels) == 2:
        forms["float"] = 0.95
    return forms


def several_classes(data, name):
    """Return rows with more than two classes."""
    X, y = data[f"{name}/X"].astype(float), data[f"{name}/y"].astype(int)
    if name not in FAMILIES:
        y[(y == 0) & (X[:, 0] > np.median(X[:, 0]))] = 2
        return X, y
    order = np.lexsort(X.T)
    X, classes = X[order], np.zeros(len(X), dtype=int)
    for label, member in enumerate(FAMILIES[name], start=1):
        rows = data[f"{member}/X"].astype(float)
        order = np.lexsort(rows.T)
        assert np.array_equal(rows[order], X), f"{member} has other rows than {name}"
        classes[data[f"{member}/y"][order] == 1] = label
    return X, classes


def problems(data, name):
    X, y = data[f"{name}/X"].astype(float), data[f"{name}/y"].astype(int)
    nominal = np.flatnonzero(data[f"{name}/nominal"])
    for X_, y_ in ((X, y), several_classes(data, name)):
        for form, strategy in strategies(y_).items():
            yield X_, y_, nominal, form, strategy


def outcome(module, name, arguments, X, y):
    try:
        return getattr(module, name)(**arguments).fit_resample(X, y)
    except Exception as error:
        return error


def verdict(ours, theirs):
    failed = [isinstance(result, Exception) for result in (ours, theirs)]
    if all(failed):
        if type(ours) is not type(theirs):
            return "DIFFERENT"
        same = str(ours) == str(theirs)
        return "both raise" if same else "both raise, in other words"
    if any(failed):
        return "only theirs raises" if failed[1] else "DIFFERENT"
    if sp.issparse(ours[0]) != sp.issparse(theirs[0]):
        return "DIFFERENT"
    X_ours, X_theirs = (
        X.toarray() if sp.issparse(X) else X for X in (ours[0], theirs[0])
    )
    same = (
        X_ours.shape == X_theirs.shape
        and np.array_equal(ours[1], theirs[1])
        and np.allclose(X_ours, X_theirs, rtol=1e-10, atol=1e-12)
    )
    return "equal" if same else "DIFFERENT"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--sets", nargs="*", default=SETS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    data = np.load(options.file)
    total = Counter()
    for set_ in options.sets:
        counts, messages, start = Counter(), Counter(), time.perf_counter()
        for (name, arguments), (X, y, nominal, form, strategy), as_rows in product(
            CASES, list(problems(data, set_)), (np.asarray, sp.csr_array)
        ):
            given = {**arguments, "sampling_strategy": strategy}
            if name == "SMOTENC":
                given["categorical_features"] = nominal if nominal.size else [0]
            rows = as_rows(np.round(X[:, :4]).astype(int) if name == "SMOTEN" else X)
            for seed in range(options.seeds):
                given["random_state"] = seed
                ours = outcome(sklreg.augmentation, name, given, rows, y)
                theirs = outcome(imblearn.over_sampling, name, given, rows, y)
                found = verdict(ours, theirs)
                counts[name, found] += 1
                if found == "DIFFERENT":
                    what = f"{name} {arguments} {form} seed={seed} {as_rows.__name__}"
                    print("DIFFERENT", set_, what, repr(ours)[:200], flush=True)
                elif isinstance(theirs, Exception):
                    message = re.sub(r"k=\d+", "k", str(theirs))[:90]
                    messages[name, found, message] += 1
        seconds = time.perf_counter() - start
        print(f"{set_}: {counts.total()} comparisons in {seconds:.0f} s")
        for (name, found), n in sorted(counts.items()):
            print(f"    {name:20}{found:30}{n:8}", flush=True)
        for (name, found, message), n in sorted(messages.items()):
            print(f"    {n:8}  {name}, {found}: {message}", flush=True)
        for (_, found), n in counts.items():
            total[found] += n
    print("in all", dict(total))


if __name__ == "__main__":
    main()
