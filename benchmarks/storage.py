"""Problems and answers as raw binary files, which R reads as fast as Python does."""

from pathlib import Path

import numpy as np
from scipy import sparse

from benchmarks.problems import Problem


def write_problem(problem, folder):
    """Store `problem` in `folder`: arrays as raw numbers, the shape as text."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    X = problem.X
    n, p = X.shape
    if sparse.issparse(X):
        X.data.tofile(folder / "X_data.f64")
        X.indices.astype(np.int32).tofile(folder / "X_indices.i32")
        X.indptr.astype(np.int32).tofile(folder / "X_indptr.i32")
        shape = f"sparse {n} {p} {X.nnz}"
    else:
        X.ravel(order="K").tofile(folder / "X.f64")
        shape = f"dense {n} {p} {n * p}"
    problem.y.tofile(folder / "y.f64")
    (folder / "shape.txt").write_text(shape + "\n")  # last: marks it complete


def is_stored(folder):
    return (Path(folder) / "shape.txt").exists()


def read_problem(folder):
    """The inverse of :func:`write_problem`."""
    folder = Path(folder)
    kind, n, p, _ = (folder / "shape.txt").read_text().split()
    shape = int(n), int(p)
    if kind == "sparse":
        X = sparse.csc_matrix(
            (
                np.fromfile(folder / "X_data.f64"),
                np.fromfile(folder / "X_indices.i32", dtype=np.int32),
                np.fromfile(folder / "X_indptr.i32", dtype=np.int32),
            ),
            shape=shape,
        )
    else:
        X = np.fromfile(folder / "X.f64").reshape(shape, order="F")
    return Problem(folder.name, X, np.fromfile(folder / "y.f64"))


def write_answer(answer, folder):
    """Store coefficients (CSC), intercepts and, after cross-validation, the choice."""
    folder = Path(folder)
    coefs = sparse.csc_matrix(answer.coefs)
    coefs.data.astype(np.float64).tofile(folder / "coef_data.f64")
    coefs.indices.astype(np.int32).tofile(folder / "coef_indices.i32")
    coefs.indptr.astype(np.int32).tofile(folder / "coef_indptr.i32")
    np.asarray(answer.intercepts, dtype=np.float64).tofile(folder / "intercepts.f64")
    np.asarray(answer.chosen, dtype=np.float64).tofile(folder / "chosen.f64")


def read_answer(folder, n_features):
    """Return ``(coefs, intercepts, chosen)`` as a worker left them in `folder`."""
    folder = Path(folder)
    intercepts = np.fromfile(folder / "intercepts.f64")
    coefs = sparse.csc_matrix(
        (
            np.fromfile(folder / "coef_data.f64"),
            np.fromfile(folder / "coef_indices.i32", dtype=np.int32),
            np.fromfile(folder / "coef_indptr.i32", dtype=np.int32),
        ),
        shape=(n_features, len(intercepts)),
    )
    return coefs, intercepts, np.fromfile(folder / "chosen.f64")
