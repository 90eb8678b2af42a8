"""Bias, variance and noise of a regressor, by fitting it to many samples."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from sklreg._validation import (
    HasMethods,
    Integral,
    Interval,
    StrOptions,
    validate_params,
)

_MAX_SEED = np.iinfo(np.int32).max


@dataclass(frozen=True)
class BiasVariance:
    """Mean squared error on test rows, and what it is made of.

    Parameters
    ----------
    error : float
        Mean squared error over rounds and test rows, the sum of the next two.
    bias : float
        Mean squared distance from the average prediction to the target.
    variance : float
        Mean variance of the predictions over the rounds.
    predictions : ndarray of shape (n_rounds, n_test)
        The predictions of each round.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.inspection import BiasVariance
    >>> found = BiasVariance(3.0, 2.0, 1.0, np.zeros((1, 1)))
    >>> found.error == found.bias + found.variance
    True
    """

    error: float
    bias: float
    variance: float
    predictions: np.ndarray


@validate_params(
    {
        "estimator": [HasMethods(["fit", "predict"])],
        "n_rounds": [Interval(Integral, 2, None, closed="left")],
        "resample": [StrOptions({"bootstrap", "half"}), callable],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def bias_variance_decomposition(
    estimator,
    X,
    y,
    X_test,
    y_test,
    *,
    n_rounds=50,
    resample="bootstrap",
    random_state=None,
):
    r"""Split a regressor's squared error into squared bias and variance.

    The estimator is fitted to `n_rounds` samples of the training data. With
    :math:`\hat f_r(x)` the prediction of round r and :math:`\bar f` their average,

    .. math:: \underbrace{\frac1{RT} \sum_{r,t} (\hat f_r(x_t) - y_t)^2}_{error}
        = \underbrace{\frac1T \sum_t (\bar f(x_t) - y_t)^2}_{bias}
        + \underbrace{\frac1{RT} \sum_{r,t} (\hat f_r(x_t) - \bar f(x_t))^2}_{variance}.

    Where the test targets are noisy their noise counts as bias: give the true means as
    `y_test` where they are known.

    Parameters
    ----------
    estimator : estimator
        A regressor; clones of it are fitted, with seeds of their own.
    X : array-like of shape (n_samples, n_features)
        Training data.
    y : array-like of shape (n_samples,)
        Training targets.
    X_test : array-like of shape (n_test, n_features)
        Test data.
    y_test : array-like of shape (n_test,)
        Test targets.
    n_rounds : int, default=50
        Number of samples.
    resample : {'bootstrap', 'half'} or callable, default='bootstrap'
        How a sample is made: n rows with replacement, half of the rows without, or
        ``resample(rng)``, which returns a fresh ``(X, y)``; that alone shows the
        variance over samples of the population.
    random_state : int, RandomState instance or None, default=None
        Draws the samples and seeds the estimators.

    Returns
    -------
    BiasVariance
        Error, squared bias, variance, and the predictions.

    Raises
    ------
    ValueError
        If `X`, `y` or the test data do not match.

    References
    ----------
    S. Geman, E. Bienenstock and R. Doursat (1992). Neural networks and the
    bias/variance dilemma. Neural Computation 4(1).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from sklreg.ensemble import BaggingRegressor
    >>> from sklreg.inspection import bias_variance_decomposition
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X, y, X_test, y_test = X[:300], y[:300], X[300:], y[300:]
    >>> given = dict(n_rounds=10, random_state=0)
    >>> tree = bias_variance_decomposition(
    ...     DecisionTreeRegressor(), X, y, X_test, y_test, **given
    ... )
    >>> bagged = bias_variance_decomposition(
    ...     BaggingRegressor(), X, y, X_test, y_test, **given
    ... )
    >>> bagged.variance < tree.variance / 2
    True
    """
    X, X_test = np.asarray(X), np.asarray(X_test)
    y, y_test = np.asarray(y), np.asarray(y_test, dtype=np.float64)
    for rows, targets, names in ((X, y, "X and y"), (X_test, y_test, "X_test, y_test")):
        if rows.ndim != 2 or targets.shape != (len(rows),) or not len(rows):
            raise ValueError(
                f"{names} must be a table and a vector of as many rows; got shapes "
                f"{rows.shape} and {targets.shape}."
            )
    rng = check_random_state(random_state)
    predictions = np.empty((n_rounds, len(y_test)))
    for found in predictions:
        if callable(resample):
            X_drawn, y_drawn = resample(rng)
        else:
            if resample == "half":
                drawn = rng.permutation(len(y))[: max(1, len(y) // 2)]
            else:
                drawn = rng.randint(len(y), size=len(y))
            X_drawn, y_drawn = X[drawn], y[drawn]
        model = clone(estimator)
        seeds = {
            name: rng.randint(_MAX_SEED)
            for name in sorted(model.get_params())
            if name == "random_state" or name.endswith("__random_state")
        }
        model.set_params(**seeds).fit(X_drawn, y_drawn)
        found[:] = model.predict(X_test)
    centre = predictions.mean(axis=0)
    return BiasVariance(
        float(np.mean((predictions - y_test) ** 2)),
        float(np.mean((centre - y_test) ** 2)),
        float(np.mean((predictions - centre) ** 2)),
        predictions,
    )
