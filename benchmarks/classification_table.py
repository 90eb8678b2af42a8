"""Logistic regression on real data, beside scikit-learn's, on one table.

    python benchmarks/classification_table.py --data FOLDER [--only NAME ...]

FOLDER holds the local sets: three of gene expression (Golub, Singh, Alon), two of texts
as TF-IDF (SMS spam, sentence polarity), Adult (one-hot) and ijcnn1. A quarter of the
rows is kept for the test. Both libraries get the same C: for L1 twenty times the one
at which the first coefficient enters, for L2 one. The objective gap is the objective
above the least that any of them has found on this problem, over the null model's loss.
"""

import argparse
import gzip
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn import linear_model as theirs
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import logistic_certificate as certificate
from sklreg import linear_model as ours


def genes(folder, name):
    with np.load(folder / f"{name}.npz") as data:
        return StandardScaler().fit_transform(data["X"].astype(float)), data["y"]


def texts(folder, name):
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf8") as stream:
        rows = [json.loads(line) for line in stream]
    design = TfidfVectorizer(min_df=2, sublinear_tf=True)
    return design.fit_transform([row["text"] for row in rows]), np.array(
        [row["label"] for row in rows]
    )


def adult(folder, name):
    import pandas as pd

    table = pd.read_csv(folder / f"{name}.csv.gz", skipinitialspace=True)
    y = table.pop("income").astype(str).str.contains(">50K").to_numpy()
    table = table.drop(columns="split", errors="ignore")
    numbers = table.select_dtypes("number").columns
    table[numbers] = StandardScaler().fit_transform(table[numbers].fillna(0))
    design = pd.get_dummies(table, dtype=float)
    return sparse.csr_matrix(design.to_numpy()), y


def numbers(folder, name):
    with np.load(folder / f"{name}.npz") as data:
        return data["X"].astype(float), data["y"]


DATA = {
    "golub": genes,
    "singh": genes,
    "alon": genes,
    "sms_spam": texts,
    "sentence_polarity": texts,
    "adult": adult,
    "ijcnn1_train": numbers,
}


def models(l1_ratio, C):
    """Names and estimators, at the defaults of each but for twice the patience."""
    yield "sklreg", ours.LogisticRegression(C=C, l1_ratio=l1_ratio)
    for solver in ("liblinear", "saga") if l1_ratio else ("lbfgs",):
        yield (
            solver,
            theirs.LogisticRegression(
                C=C, l1_ratio=l1_ratio, solver=solver, max_iter=200, random_state=0
            ),
        )


def table(name, X, y):
    """Print a line for each model on one set."""
    y = np.unique(y, return_inverse=True)[1]
    parts = train_test_split(X, y, stratify=y, random_state=0)
    X, X_test, y, y_test = parts
    null = len(y) * certificate.null_loss(y)
    top = len(y) * certificate.alpha_max(X, y)
    print(f"{name}: {X.shape[0]} x {X.shape[1]} to train, {len(y_test)} to test")
    for penalty, l1_ratio, C in (("L1", 1, 20.0 / top), ("L2", 0, 1.0)):
        found = []
        for solver, model in models(l1_ratio, C):
            if solver == "sklreg":  # loads and compiles what this problem asks for
                model.fit(X, y)
            start = time.perf_counter()
            model.fit(X, y)
            seconds = time.perf_counter() - start
            alpha = 1.0 / (len(y) * C)
            coefs = model.coef_.T.astype(float), model.intercept_
            value = len(y) * certificate.objective(X, y, *coefs, alpha, l1_ratio)
            probabilities = model.predict_proba(X_test)
            found.append(
                (
                    solver,
                    value,
                    log_loss(y_test, probabilities),
                    accuracy_score(y_test, model.predict(X_test)),
                    np.count_nonzero(model.coef_),
                    seconds,
                )
            )
        best = min(row[1] for row in found)
        for solver, value, loss, accuracy, nonzeros, seconds in found:
            print(
                f"  {penalty} {solver:10s} log loss {loss:.4f}  accuracy {accuracy:.4f}"
                f"  nonzeros {nonzeros:6d}  gap {(value - best) / null:7.1e}"
                f"  {seconds:8.3f} s",
                flush=True,
            )


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=DATA, default=list(DATA))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in options.only:
        table(name, *DATA[name](options.data, name))


if __name__ == "__main__":
    main()
