"""What over-sampling does to a logistic regression: AUC and log loss, cross-validated.

    python benchmarks/augmentation_pipelines.py FOLDER [--seeds 3]

The folder holds ``mammography.npz``, ``phoneme.npz``, ``satimage.npz`` and
``pima.npz``, each with arrays ``X`` and ``y`` (1 is the minority). Stratified five-fold
cross-validation, repeated over seeds; a pipeline of imbalanced-learn over-samples,
standardises and fits, and :class:`sklreg.augmentation.PriorCorrectedClassifier` gives
back probabilities for the prior of the training rows.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from imblearn.pipeline import make_pipeline
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from sklreg import linear_model
from sklreg.augmentation import SMOTE, PriorCorrectedClassifier

SETS = ("mammography", "phoneme", "satimage", "pima")


def logistic():
    """Ours; scikit-learn's in a version that has none."""
    if hasattr(linear_model, "LogisticRegression"):
        return linear_model.LogisticRegression()
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression()


def pipelines(seed):
    plain = make_pipeline(StandardScaler(), logistic())
    return {
        "plain": plain,
        "SMOTE": make_pipeline(SMOTE(random_state=seed), StandardScaler(), logistic()),
        "corrected": PriorCorrectedClassifier(plain, sampler=SMOTE(random_state=seed)),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    print("logistic regression:", type(logistic()).__module__)
    names = list(pipelines(0))
    print(f"{'set':12}" + "".join(f"{'AUC ' + n:>15}" for n in names), end="")
    print("".join(f"{'log loss ' + n:>20}" for n in names) + f"{'s':>7}")
    for set_ in SETS:
        data = np.load(Path(options.folder) / f"{set_}.npz")
        X, y = data["X"].astype(float), data["y"].astype(int)
        scores = {name: [] for name in names}
        start = time.perf_counter()
        for seed in range(options.seeds):
            folds = StratifiedKFold(5, shuffle=True, random_state=seed)
            for train, test in folds.split(X, y):
                for name, model in pipelines(seed).items():
                    p = model.fit(X[train], y[train]).predict_proba(X[test])[:, 1]
                    scores[name].append(
                        (roc_auc_score(y[test], p), log_loss(y[test], p))
                    )
        auc, loss = zip(*(np.mean(scores[name], axis=0) for name in names), strict=True)
        seconds = time.perf_counter() - start
        print(f"{set_:12}" + "".join(f"{v:15.3f}" for v in auc), end="")
        print("".join(f"{v:20.3f}" for v in loss) + f"{seconds:7.1f}", flush=True)


if __name__ == "__main__":
    main()
