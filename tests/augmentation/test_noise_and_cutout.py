"""Noise and holes at fit_transform, identity at transform; noisy copies."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklreg.augmentation import Cutout, NoiseInjector, NoiseSampler
from sklreg.noise import NOISES

TRANSFORMERS = [
    NoiseInjector(scale=0.5, random_state=0),
    NoiseInjector("masking", scale=0.3, random_state=0),
    Cutout((2, 3), size=1, random_state=0),
]
every_transformer = pytest.mark.parametrize("transformer", TRANSFORMERS)


def rows(n=80, dtype=np.float64):
    return np.random.default_rng(0).uniform(1, 3, (n, 6)).astype(dtype)


# what stands in for the checks that the non_deterministic tag switches off


@every_transformer
def test_training_rows_change_and_others_do_not(transformer):
    X = rows()
    changed = transformer.fit_transform(X)
    assert not np.array_equal(changed, X)
    assert_array_equal(changed, transformer.fit_transform(X))
    assert_array_equal(transformer.transform(X), X)
    assert_array_equal(transformer.fit(X).transform(X[::-3]), X[::-3])


@every_transformer
def test_other_seeds_give_other_rows(transformer):
    X = rows()
    other = transformer.__class__(**transformer.get_params() | {"random_state": 1})
    assert not np.array_equal(transformer.fit_transform(X), other.fit_transform(X))


@every_transformer
def test_pipelines_train_on_changed_rows_and_predict_on_clean_ones(transformer):
    X = rows()
    y = X @ np.arange(6)
    pipeline = make_pipeline(transformer, Ridge()).fit(X, y)
    alone = Ridge().fit(transformer.fit_transform(X), y)
    assert_allclose(pipeline.predict(X), alone.predict(X))
    assert_array_equal(pipeline.predict(X), pipeline.predict(X))


def test_grid_search_over_scale_scores_clean_rows():
    X = rows(200)
    y = X @ np.arange(6) + np.random.default_rng(1).normal(size=200)
    pipeline = make_pipeline(NoiseInjector(random_state=0), Ridge())
    grid = {"noiseinjector__scale": [0.0, 0.3, 3.0]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    plain = GridSearchCV(Ridge(), {}, cv=3).fit(X, y)
    assert scores[0] == pytest.approx(plain.cv_results_["mean_test_score"][0])
    assert scores[0] > scores[2]
    assert search.best_params_["noiseinjector__scale"] < 3.0


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("n", [40, 200_000])
def test_noise_does_not_depend_on_threads_and_keeps_the_dtype(name, n, monkeypatch):
    X = rows(n, np.float32)
    injector = NoiseInjector(name, scale=0.2, random_state=0)
    monkeypatch.setattr("sklreg._threads.n_threads", lambda: 3)
    noisy = injector.fit_transform(X)
    assert noisy.dtype == np.float32
    monkeypatch.setattr("sklreg._threads.n_threads", lambda: 1)
    assert_array_equal(injector.fit_transform(X), noisy)


def test_strength_of_the_noise():
    X = np.random.default_rng(0).normal(size=(20_000, 3)) * [1, 10, 100]
    gap = NoiseInjector(scale=0.5, random_state=0).fit_transform(X) - X
    assert_allclose(gap.std(axis=0), 0.5, rtol=0.03)
    injector = NoiseInjector(scale=0.5, relative=True, random_state=0)
    gap = injector.fit_transform(X) - X
    assert_allclose(gap.std(axis=0), [0.5, 5, 50], rtol=0.03)
    assert_allclose(injector.scale_, 0.5 * X.std(axis=0))
    gap = NoiseInjector(p=0.25, random_state=0).fit_transform(X) - X
    assert np.any(gap, axis=1).mean() == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_relative_scale_is_the_deviation_far_from_zero_and_after_an_outlier(
    dtype, order, monkeypatch
):
    X = np.random.default_rng(0).normal(1000.0, 1.0, (90_001, 5)) * [1, 9, 1, 1, 0]
    X[0] = 1e6
    X = np.asarray(X, dtype, order=order)
    expected = np.std(X.astype(np.longdouble), axis=0).astype(np.float64)
    for n in (1, 3):
        monkeypatch.setattr("sklreg._threads.n_threads", lambda n=n: n)
        found = NoiseInjector(relative=True, scale=1.0).fit(X).scale_
        assert_allclose(found, expected, rtol=1e-12)


def test_salt_and_pepper_takes_the_extremes_of_whole_columns():
    X = np.random.default_rng(0).normal(size=(100_000, 6))
    noisy = NoiseInjector("salt_and_pepper", scale=0.2, random_state=0).fit_transform(X)
    changed = noisy != X
    extremes = np.where(noisy == X.min(axis=0), 1, 0) + (noisy == X.max(axis=0))
    assert np.all(extremes[changed] == 1)
    assert changed.mean() == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("columns", [[1, 3], ["b", "d"]])
@pytest.mark.parametrize("kind", [NoiseInjector, NoiseSampler])
def test_columns_alone_get_noise(columns, kind):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(rows(), columns=list("abcdef"))
    noise = kind(columns=columns, random_state=0)
    if kind is NoiseSampler:
        y = np.arange(len(frame)) % 2
        noisy = noise.fit_resample(frame, y)[0].to_numpy()[len(frame) :]
    else:
        noisy = noise.fit_transform(frame)
    assert_array_equal(np.any(noisy != frame, axis=0), [False, True] * 2 + [False] * 2)


@pytest.mark.parametrize("name", ["gaussian", "uniform", "masking", "poisson"])
def test_sparse_rows_get_noise_on_stored_values(name):
    X = rows()
    X[X < 1.7] = 0
    noisy = NoiseInjector(name, random_state=0).fit_transform(sp.csc_matrix(X))
    assert noisy.format == "csc"
    noisy = noisy.toarray()
    assert np.all(noisy[X == 0] == 0)
    assert np.any(noisy != X)
    with pytest.raises(ValueError, match="dense"):
        NoiseInjector("salt_and_pepper").fit_transform(sp.csc_matrix(X))


def test_callables_are_noises():
    injector = NoiseInjector(lambda X, scale, rng: X + scale, scale=2.0)
    assert_array_equal(injector.fit_transform(rows()), rows() + 2)
    with pytest.raises(ValueError, match="returned shape"):
        NoiseInjector(lambda X, scale, rng: X[:1]).fit_transform(rows())


def test_sampler_appends_copies_and_noise_on_targets():
    X, y = rows(), np.linspace(0, 1, 80)
    sampler = NoiseSampler(
        n_copies=3, target="continuous", target_scale=0.1, random_state=0
    )
    X_res, y_res = sampler.fit_resample(X, y)
    assert X_res.shape == (320, 6)
    assert_array_equal(X_res[:80], X)
    gap = y_res[80:] - np.tile(y, 3)
    assert gap.std() == pytest.approx(0.1, rel=0.2)
    with pytest.raises(ValueError, match="target='continuous'"):
        NoiseSampler().fit_resample(X, y)
    with pytest.raises(ValueError, match="target_scale"):
        NoiseSampler(target_scale=1.0).fit_resample(X, np.arange(80) % 2)


@pytest.mark.parametrize(
    "transformer, message",
    [
        (NoiseInjector("poisson"), "Negative values"),
        (NoiseInjector("masking", scale=1.5), "probability"),
        (NoiseInjector("masking", relative=True), "relative"),
        (NoiseInjector(p=1.5), "'p' parameter"),
        (NoiseInjector(scale=-1), "'scale' parameter"),
        (NoiseInjector(columns=[9]), "features"),
        (NoiseInjector("snow"), "'distribution' parameter"),
        (Cutout((4, 4)), "image_shape"),
        (Cutout((2, 3), size=1.5), "size"),
        (Cutout((2, 3), p=-0.1), "'p' parameter"),
        (Cutout((1, 2, 3), fill=[1.0, 2.0]), "fill"),
    ],
)
def test_bad_input_is_refused(transformer, message):
    with pytest.raises(ValueError, match=message):
        transformer.fit_transform(-rows())
    with pytest.raises(ValueError, match="NaN"):
        NoiseInjector().fit_transform(np.full((3, 3), np.nan))


def test_holes_have_the_size_asked_for():
    X = np.ones((2000, 48))
    cutout = Cutout((4, 4, 3), size=(2, 0.25), p=0.5, fill=[7, 8, 9], random_state=0)
    holed = cutout.fit_transform(X).reshape(-1, 4, 4, 3)
    assert set(np.unique(holed[..., 1])) == {1, 8}
    area = np.sum(holed[..., 0] == 7, axis=(1, 2))
    assert set(area) <= {0, 1, 2}
    assert np.mean(area > 0) == pytest.approx(0.5, abs=0.05)


FUSED = [NoiseInjector(name, scale=0.2, random_state=0) for name in NOISES]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bad, told", [(np.nan, "NaN"), (np.inf, "infinity")])
@pytest.mark.parametrize(
    "transformer",
    [
        *FUSED,
        NoiseInjector(scale=0.0),
        NoiseInjector(relative=True),
        NoiseInjector(p=0.0),
        NoiseInjector(columns=[0]),
        Cutout((2, 3), size=2),
    ],
)
def test_nan_found_on_the_way_is_told_as_anywhere_and_leaves_no_trace(
    transformer, bad, told, dtype
):
    transformer = clone(transformer).fit(rows(5))
    before = dict(vars(transformer))
    X = rows(3000, dtype)
    X[2999, 3] = bad
    with pytest.raises(ValueError, match=f"Input X contains {told}"):
        transformer.fit_transform(X)
    assert vars(transformer).keys() == before.keys()
    assert all(vars(transformer)[key] is before[key] for key in before)


def test_nan_is_told_before_what_else_is_wrong():
    X = -rows()
    X[7, 2] = np.nan
    for transformer in (NoiseInjector("poisson"), NoiseInjector(columns=[9])):
        with pytest.raises(ValueError, match="Input X contains NaN"):
            transformer.fit_transform(X)
