"""Mixed rows, estimators fitted on them, and corrected probabilities."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsClassifier

from sklreg.augmentation import (
    SMOTE,
    CutMix,
    CutMixClassifier,
    Mixup,
    MixupClassifier,
    MixupRegressor,
    PriorCorrectedClassifier,
)


def labelled(n=300, **given):
    given = {"n_features": 6, "random_state": 0} | given
    return make_classification(n, **given)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
def test_mixup_mixes_rows_and_draws_labels_by_share(container):
    X = np.repeat([[0.0], [1.0]], 20_000, axis=0)
    y = np.repeat(["a", "b"], 20_000)
    sampler = Mixup(alpha=1.0, keep_original=False, random_state=0)
    X_new, y_new = sampler.fit_resample(container(X), y)
    X_new = X_new.toarray() if sp.issparse(X_new) else X_new
    share = X_new[:, 0]
    near = (share > 0.7) & (share < 0.8)
    assert np.mean(y_new[near] == "b") == pytest.approx(0.75, abs=0.03)


@pytest.mark.parametrize("sampler", [Mixup(random_state=0), CutMix(random_state=0)])
def test_new_rows_stand_below_the_old_ones(sampler):
    X, y = labelled()
    X_res, y_res = sampler.fit_resample(X, y)
    assert_array_equal(X_res[:300], X)
    assert_array_equal(y_res[:300], y)
    assert len(X_res) == len(y_res) == 600


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("kind", [Mixup, CutMix])
def test_nan_in_any_row_is_told_and_leaves_no_trace(kind, keep, container):
    X, y = labelled()
    sampler = kind(keep_original=keep, random_state=0)
    X[299, 5] = np.nan
    before = dict(vars(sampler))
    for call in (sampler.fit_resample, sampler.fit):
        with pytest.raises(ValueError, match="Input X contains NaN"):
            call(container(X), y)
        assert vars(sampler) == before


@pytest.mark.parametrize("kind", [Mixup, CutMix])
def test_labels_of_any_form_are_drawn_alike(kind):
    X, y = labelled(n_classes=3, n_informative=4)
    sampler = kind(random_state=0)
    X_res, y_res = sampler.fit_resample(X, y)
    assert y_res.dtype == y.dtype
    letters = np.array(list("abc"))
    for labels, expected in (
        (letters[y], letters[y_res]),
        (letters.astype(object)[y], letters[y_res]),
        (y.astype(float), y_res),
        (list(y), y_res.tolist()),
        (np.eye(3, dtype=int)[y], np.eye(3)[y_res]),
    ):
        X_new, y_new = sampler.fit_resample(X, labels)
        assert_array_equal(X_new, X_res)
        assert_array_equal(y_new, expected)
        assert type(y_new) is type(labels)
    with pytest.raises(ValueError, match="more than 1 class"):
        sampler.fit_resample(X, np.zeros(300, dtype=int))
    with pytest.raises(ValueError, match="1d array"):
        sampler.fit_resample(X, np.stack([y, y], axis=1))


def test_continuous_targets_are_mixed_like_their_rows():
    X = np.random.default_rng(0).normal(size=(50, 12))
    for sampler in (Mixup, CutMix):
        new = sampler(target="continuous", keep_original=False, random_state=0)
        X_new, y_new = new.fit_resample(
            X - X + np.arange(50.0)[:, None], np.arange(50.0)
        )
        assert_allclose(X_new.mean(axis=1), y_new)
        with pytest.raises(ValueError, match="target='continuous'"):
            sampler().fit_resample(X, X[:, 0])


def test_twins_are_soft_labels():
    """Twin rows with weights have the gradient of the soft label, at the optimum 0."""
    X, y = labelled()
    model = MixupClassifier(
        LogisticRegression(C=1.0, tol=1e-10, max_iter=1000), alpha=0.5, random_state=0
    ).fit(X, y)
    from sklreg.augmentation._mixup import mix_pairs

    mixed, partners, weights = mix_pairs(X, 0.5, np.random.RandomState(0))
    soft = weights * y + (1 - weights) * y[partners]
    gap = model.predict_proba(mixed)[:, 1] - soft
    gradient = mixed.T @ gap + model.estimator_.coef_[0]
    assert_allclose(gradient, 0, atol=1e-5)
    assert gap.sum() == pytest.approx(0, abs=1e-5)


def test_cutmix_classifier_learns_images():
    X = np.zeros((200, 16))
    y = np.arange(200) % 2
    X[y == 1] = 1.0
    inner = LogisticRegression()
    model = CutMixClassifier(inner, image_shape=(4, 4), random_state=0).fit(X, y)
    assert model.image_shape_ == (4, 4)
    assert model.score(X, y) == 1.0
    assert model.decision_function(X).shape == (200,)
    with pytest.raises(ValueError, match="image_shape"):
        CutMixClassifier(inner, image_shape=(5, 5)).fit(X, y)


class Recorder(RegressorMixin, BaseEstimator):
    """Keeps what it was fitted on."""

    def __init__(self, early_stopping=True, validation_fraction=0.25):
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction

    def fit(self, X, y, X_val=None, y_val=None):
        self.seen_ = X, y, X_val, y_val
        return self

    def predict(self, X):
        return np.zeros(len(X))


def test_validation_rows_are_split_off_before_mixing():
    X = np.random.default_rng(0).normal(size=(80, 3))
    y = X[:, 0]
    model = MixupRegressor(Recorder(), n_copies=2, random_state=0).fit(X, y)
    X_mixed, y_mixed, X_val, y_val = model.estimator_.seen_
    assert X_mixed.shape == (120, 3) and X_val.shape == (20, 3)
    assert_allclose(X_mixed[:, 0], y_mixed)
    originals = {tuple(row) for row in X}
    assert all(tuple(row) in originals for row in X_val)
    assert_array_equal(X_val[:, 0], y_val)
    with pytest.raises(ValueError, match="early stopping"):
        MixupClassifier(SGDClassifier(early_stopping=True)).fit(X, y > 0)


def test_mixup_needs_weights():
    X, y = labelled()
    with pytest.raises(ValueError, match="sample_weight"):
        MixupClassifier(KNeighborsClassifier()).fit(X, y)


def test_mixup_regressor_without_mixing_is_the_regressor():
    X, y = labelled()
    model = MixupRegressor(Ridge(), alpha=1e-6, random_state=0).fit(X, 1.0 * y)
    # with alpha this small every weight is 0 or 1: rows are copies of rows
    assert (
        abs(model.score(X, 1.0 * y) - Ridge().fit(X, 1.0 * y).score(X, 1.0 * y)) < 0.05
    )


def test_correction_is_exact_where_classes_are_repeated():
    X, y = labelled(4000, weights=[0.9], flip_y=0.05)
    plain = LogisticRegression(C=1e6).fit(X, y)
    corrected = PriorCorrectedClassifier(LogisticRegression(C=1e6), random_state=0)
    corrected.fit(X, y)
    assert_allclose(corrected.resampled_prior_, 0.5)
    assert_allclose(corrected.class_prior_, np.bincount(y) / len(y))
    biased = log_loss(y, corrected.estimator_.predict_proba(X))
    restored = log_loss(y, corrected.predict_proba(X))
    best = log_loss(y, plain.predict_proba(X))
    assert restored < best + 0.15 * (biased - best)
    odds = corrected.estimator_.predict_proba(X)
    prior = corrected.class_prior_
    expected = odds * prior / (odds * prior).sum(axis=1, keepdims=True)
    assert_allclose(corrected.predict_proba(X), expected)


def test_correction_after_smote_brings_the_mean_back():
    X, y = labelled(3000, weights=[0.95], flip_y=0.02)
    model = PriorCorrectedClassifier(
        LogisticRegression(), sampler=SMOTE(random_state=0)
    ).fit(X, y)
    before = model.estimator_.predict_proba(X)[:, 1].mean()
    after = model.predict_proba(X)[:, 1].mean()
    assert abs(after - y.mean()) < 0.3 * abs(before - y.mean())


def test_bad_priors_are_refused():
    X, y = labelled()
    for prior, message in [([0.5, 0.6], "sum to 1"), ([0.5], "class_prior must hold")]:
        with pytest.raises(ValueError, match=message):
            PriorCorrectedClassifier(LogisticRegression(), class_prior=prior).fit(X, y)
