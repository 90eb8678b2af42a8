"""lasso_path and enet_path."""

import inspect

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import linear_model as theirs

from sklreg.linear_model import ElasticNet, enet_path, lasso_path
from tests._certificates import EXTENDED, duality_gap

TIGHT = {"tol": 1e-12, "max_iter": 100_000}
LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "csc": sparse.csc_array,
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
every_shape = pytest.mark.parametrize("shape", [(50, 12), (40, 300)], ids=str)


def make_problem(n, p, n_targets=None, seed=0):
    rng = np.random.RandomState(seed)
    X = rng.randn(n, p) + 0.5 * rng.randn(n, 1)
    X[rng.rand(n, p) < 0.4] = 0.0
    w = np.zeros((p, n_targets or 1))
    w[:4] = rng.randn(4, n_targets or 1)
    y = X @ w + 0.5 * rng.randn(n, n_targets or 1)
    return X, y if n_targets else y[:, 0]


def grid(X, y, l1_ratio=1.0, eps=0.02):
    top = np.sqrt(((X.T @ y.reshape(len(y), -1)) ** 2).sum(axis=1)).max() / len(y)
    return np.geomspace(top / l1_ratio, eps * top / l1_ratio, 12)


@every_layout
@every_shape
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("precompute", [False, True])
def test_paths_equal_scikit_learns_and_certify_themselves(
    layout, shape, l1_ratio, positive, precompute
):
    X, y = make_problem(*shape)
    alphas = grid(X, y, l1_ratio)
    given = {"l1_ratio": l1_ratio, "positive": positive, "alphas": alphas}
    ours = enet_path(LAYOUTS[layout](X), y, precompute=precompute, **given, **TIGHT)
    reference = theirs.enet_path(X, y, **given, **TIGHT)
    assert_array_equal(ours[0], alphas)
    atol = 1e-7 * np.abs(reference[1]).max()
    assert_allclose(ours[1], reference[1], rtol=0, atol=atol)
    assert np.count_nonzero(ours[1][:, -1]) > 4
    assert np.all(ours[2] <= 1e-12 * np.mean(y**2))

    _, coefs, gaps = enet_path(LAYOUTS[layout](X), y, tol=1e-3, **given)
    again = [
        duality_gap(
            X,
            y,
            coefs[:, i],
            alpha=alpha,
            l1_ratio=l1_ratio,
            fit_intercept=False,
            positive=positive,
        )
        for i, alpha in enumerate(alphas)
    ]
    assert_allclose(gaps, again, rtol=1e-6, atol=1e-13 * np.mean(y**2))
    assert np.all(gaps <= 1e-3 * np.mean(y**2))


@every_layout
@every_shape
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_several_targets_share_their_features(layout, shape, l1_ratio):
    X, Y = make_problem(*shape, n_targets=3)
    alphas = grid(X, Y, l1_ratio, eps=0.1)
    given = {"l1_ratio": l1_ratio, "alphas": alphas}
    _, coefs, gaps = enet_path(LAYOUTS[layout](X), Y, **given, **TIGHT)
    _, reference, _ = theirs.enet_path(X, Y, **given, **TIGHT)
    assert coefs.shape == (3, shape[1], len(alphas))
    assert_allclose(coefs, reference, rtol=0, atol=1e-6 * np.abs(reference).max())
    used = np.any(coefs != 0, axis=0)
    assert 3 < np.count_nonzero(used[:, -1]) < shape[1]
    assert_array_equal(np.all(coefs != 0, axis=0), used)
    assert np.all(gaps <= 1e-12 * np.sum(Y**2) / len(Y))


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_dual_gaps_of_several_targets(l1_ratio):
    """For the norm of the rows, by the definition of its conjugate."""
    X, Y = make_problem(50, 12, n_targets=3)
    alphas = grid(X, Y, l1_ratio)
    n = EXTENDED(len(Y))
    _, coefs, gaps = enet_path(X, Y, alphas=alphas, l1_ratio=l1_ratio, tol=1e-3)
    for W, alpha, gap in zip(np.moveaxis(coefs, 2, 0), alphas, gaps, strict=True):
        W = W.T.astype(EXTENDED)
        l1, l2 = alpha * l1_ratio, alpha * (1 - l1_ratio)
        R = Y - X @ W
        U = X.T @ R / n - l2 * W
        scale = min(1.0, l1 / np.linalg.norm(U.astype(float), axis=1).max())
        primal = (R**2).sum() / (2 * n) + l2 / 2 * (W**2).sum()
        primal += l1 * np.sqrt((W**2).sum(axis=1)).sum()
        # the elastic net as a lasso with rows sqrt(l2) I and targets 0 beneath
        dual = scale * (R * Y).sum() / n
        dual -= scale**2 / 2 * ((R**2).sum() / n + l2 * (W**2).sum())
        assert -1e-12 <= gap <= float(primal - dual) * (1 + 1e-6) + 1e-12
        assert gap <= 1e-3 * (Y**2).sum() / len(Y)


@every_layout
@pytest.mark.parametrize("positive", [False, True])
def test_automatic_grid_starts_where_the_first_coefficient_does(layout, positive):
    X, y = make_problem(50, 12)
    alphas, coefs, _ = lasso_path(
        LAYOUTS[layout](X), y, alphas=30, eps=1e-2, positive=positive, **TIGHT
    )
    slopes = X.T @ y / len(y)
    top = slopes.max() if positive else np.abs(slopes).max()
    assert_allclose(alphas, np.geomspace(top, 1e-2 * top, 30))
    assert np.abs(coefs[:, 0]).max() <= 1e-12
    assert coefs[np.argmax(slopes if positive else np.abs(slopes)), 1] != 0


@every_shape
def test_a_path_is_its_single_fits(shape):
    X, y = make_problem(*shape)
    alphas, coefs, _ = lasso_path(X, y, alphas=grid(X, y), **TIGHT)
    for i in (3, 11):
        model = ElasticNet(
            alpha=alphas[i], l1_ratio=1.0, fit_intercept=False, **TIGHT
        ).fit(X, y)
        assert_allclose(coefs[:, i], model.coef_, atol=1e-7)


@pytest.mark.parametrize("layout", LAYOUTS)
@every_shape
@pytest.mark.parametrize("n_targets", [None, 2])
def test_float32_is_kept(layout, shape, n_targets):
    X, y = make_problem(*shape, n_targets=n_targets)
    alphas = grid(X, y)
    _, coefs, _ = lasso_path(LAYOUTS[layout](X), y, alphas=alphas, tol=1e-10)
    X, y = X.astype(np.float32), y.astype(np.float32)
    _, narrow, _ = lasso_path(LAYOUTS[layout](X), y, alphas=alphas, tol=1e-10)
    assert narrow.dtype == np.float32
    assert_allclose(narrow, coefs, rtol=0, atol=1e-4 * np.abs(coefs).max())


@pytest.mark.parametrize("n_targets", [None, 2])
def test_random_selection(n_targets):
    X, y = make_problem(50, 12, n_targets=n_targets)
    alphas = grid(X, y)
    cyclic = lasso_path(X, y, alphas=alphas, **TIGHT)
    given = {"alphas": alphas, "selection": "random"}
    one, two = (lasso_path(X, y, random_state=0, **given)[1] for _ in range(2))
    assert_array_equal(one, two)
    tight = lasso_path(X, y, random_state=0, **given, **TIGHT)[1]
    assert_allclose(tight, cyclic[1], atol=1e-6)


@pytest.mark.parametrize("n_targets", [None, 2])
def test_given_gram_and_correlations(n_targets):
    X, y = make_problem(50, 12, n_targets=n_targets)
    alphas = grid(X, y)
    expected = lasso_path(X, y, alphas=alphas, **TIGHT)[1]
    given = {"precompute": X.T @ X, "Xy": X.T @ y}
    assert_allclose(
        lasso_path(X, y, alphas=alphas, **given, **TIGHT)[1], expected, atol=1e-7
    )


@pytest.mark.parametrize("n_targets", [None, 2])
def test_coef_init_and_n_iter(n_targets):
    X, y = make_problem(50, 12, n_targets=n_targets)
    alpha = grid(X, y)[6:7]
    given = {"alphas": alpha, "return_n_iter": True, "tol": 1e-8}
    _, coefs, _, cold = lasso_path(X, y, **given)
    _, again, _, warm = lasso_path(X, y, coef_init=coefs[..., 0], **given)
    assert len(cold) == len(warm) == 1
    assert warm[0] < cold[0]
    assert_allclose(again, coefs, atol=1e-6)


def test_alphas_come_out_in_decreasing_order():
    X, y = make_problem(50, 12)
    alphas, coefs, _ = lasso_path(X, y, alphas=[0.01, 1.0, 0.1], **TIGHT)
    assert_array_equal(alphas, [1.0, 0.1, 0.01])
    sizes = np.abs(coefs).sum(axis=0)
    assert np.all(np.diff(sizes) > 0)


@pytest.mark.parametrize("y", [np.zeros(20), np.zeros((20, 2))], ids=["1-D", "2-D"])
def test_zero_target(y):
    X, _ = make_problem(20, 5)
    alphas, coefs, gaps = lasso_path(X, y, alphas=4)
    assert alphas.shape == (4,)
    assert not coefs.any()
    assert not gaps.any()


@pytest.mark.parametrize("path", [lasso_path, enet_path])
@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"selection": "alphabetical"}, "selection"),
        ({"a_word": 1}, "a_word"),
        ({"alphas": []}, "alphas"),
        ({"alphas": [1.0, -1.0]}, "alphas"),
        ({"alphas": [np.nan]}, "alphas"),
        ({"Xy": np.ones(3)}, "Xy"),
        ({"eps": -1.0}, "eps"),
        ({"precompute": np.eye(2)}, "precompute"),
    ],
)
def test_bad_parameters_are_named(path, arguments, message):
    X, y = make_problem(20, 5)
    with pytest.raises(ValueError, match=message):
        path(X, y, **({"alphas": 3} | arguments))


@pytest.mark.parametrize("path", [lasso_path, enet_path])
def test_errors_name_the_function_that_was_called(path):
    with pytest.raises(ValueError, match=f"of {path.__name__} must be"):
        path(np.eye(3), np.arange(3.0), eps=-1)


def test_bad_data():
    X, y = make_problem(20, 5)
    with pytest.raises(ValueError, match="positive"):
        lasso_path(X, np.column_stack([y, y]), positive=True, alphas=3)
    with pytest.raises(ValueError, match="samples"):
        lasso_path(X, y[:-1], alphas=3)
    with pytest.raises(ValueError, match="l1_ratio"):
        enet_path(X, y, l1_ratio=0.0, alphas=3)
    X[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        lasso_path(X, y, alphas=3)


def test_verbose_prints_a_line_for_every_alpha(capsys):
    X, y = make_problem(20, 5)
    lasso_path(X, y, alphas=4, verbose=True)
    assert len(capsys.readouterr().out.splitlines()) == 4


@pytest.mark.parametrize("path", ["lasso_path", "enet_path"])
def test_parameters_of_the_namesake_are_taken(path):
    ours = inspect.signature({"lasso_path": lasso_path, "enet_path": enet_path}[path])
    reference = inspect.signature(getattr(theirs, path))
    assert set(reference.parameters) - {"params"} <= set(ours.parameters)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_too_few_iterations_show_in_the_gaps():
    X, y = make_problem(40, 20)
    alphas = grid(X, y)
    _, coefs, gaps = lasso_path(X, y, alphas=alphas, max_iter=1, tol=0.0)
    gap = duality_gap(X, y, coefs[:, -1], alpha=alphas[-1], fit_intercept=False)
    assert gap > 1e-6 * np.mean(y**2)
    assert_allclose(gaps[-1], gap, rtol=1e-6)
