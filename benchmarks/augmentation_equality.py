"""Compare every sampler with imbalanced-learn's on real data, seed by seed.

    python benchmarks/augmentation_equality.py FILE.npz [--seeds 20] [--sets NAME ...]

The file holds arrays ``<name>/X``, ``<name>/y`` and ``<name>/nominal`` (True where a
column is a category), as the KEEL sets of imbalanced data do.
"""

import argparse
import warnings
from collections import Counter

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
    "abalone19 abalone9-18 ecoli1 glass1 haberman pima segment0 vehicle0 wisconsin "
    "yeast1 yeast4 abalone-3_vs_11"
).split()


def strategies(y):
    """Every form a strategy takes, by turns over the seeds."""
    labels, counts = np.unique(y, return_counts=True)
    least, most = labels[counts.argmin()], counts.max()
    forms = ["auto", "minority", "not minority", "not majority", "all"]
    forms += [{least: int(most)}, lambda y: {least: int(most) - 1}]
    if len(labels) == 2:
        forms.append(0.95)
    return forms


def third_class(X, y):
    """Split the majority by its first column, for a multiclass problem."""
    y = y.copy()
    y[(y == 0) & (X[:, 0] > np.quantile(X[:, 0], 0.7))] = 2
    return y


def outcome(module, name, arguments, X, y):
    try:
        return getattr(module, name)(**arguments).fit_resample(X, y)
    except Exception as error:
        return error


def same(ours, theirs):
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        return type(ours) is type(theirs)
    dense = [X.toarray() if sp.issparse(X) else X for X in (ours[0], theirs[0])]
    return (
        dense[0].shape == dense[1].shape
        and np.array_equal(ours[1], theirs[1])
        and np.allclose(*dense, rtol=1e-10, atol=1e-12)
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--sets", nargs="*", default=SETS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    data = np.load(options.file)
    counts = Counter()
    for set_ in options.sets:
        X, y = data[f"{set_}/X"].astype(float), data[f"{set_}/y"].astype(int)
        nominal = np.flatnonzero(data[f"{set_}/nominal"])
        for name, arguments in CASES:
            for seed in range(options.seeds):
                target = third_class(X, y) if seed % 3 == 2 else y
                forms = strategies(target)
                given = {**arguments, "random_state": seed}
                given["sampling_strategy"] = forms[seed % len(forms)]
                rows = sp.csr_matrix(X) if seed % 2 else X
                if name == "SMOTENC":
                    given["categorical_features"] = nominal if nominal.size else [0]
                if name == "SMOTEN":
                    rows = np.round(X[:, :4]).astype(int)
                    rows = sp.csr_matrix(rows) if seed % 2 else rows
                ours = outcome(sklreg.augmentation, name, given, rows, target)
                theirs = outcome(imblearn.over_sampling, name, given, rows, target)
                if isinstance(theirs, Exception) and not isinstance(ours, Exception):
                    counts[name, "only theirs fails"] += 1
                elif same(ours, theirs):
                    kind = "both fail" if isinstance(ours, Exception) else "equal"
                    counts[name, kind] += 1
                else:
                    counts[name, "DIFFERENT"] += 1
                    print("DIFFERENT", set_, name, given, repr(ours)[:100])
        print("done", set_, flush=True)
    for (name, kind), n in sorted(counts.items()):
        print(f"{name:20}{kind:20}{n:6}")


if __name__ == "__main__":
    main()
