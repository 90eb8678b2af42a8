"""SMOTER: over-sampling rare values of a regression target."""

import numpy as np
from scipy.interpolate import PchipInterpolator
from sklearn.utils import check_random_state

from sklreg._validation import Interval, Real, StrOptions
from sklreg.augmentation._interpolation import NEIGHBORS, Draws, append_rows
from sklreg.augmentation._neighbors import kneighbors
from sklreg.augmentation._target import RowSampler


def boxplot_relevance(y):
    """Return how relevant each value is: 0 at the median, 1 from the whiskers on.

    A side without values beyond its fence, 1.5 interquartile ranges from the quartile,
    has nothing rare and relevance 0. Between median and whisker the relevance rises
    monotonically (Ribeiro, 2011).

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Target.

    Returns
    -------
    ndarray of shape (n_samples,)
        Relevance in [0, 1].
    """
    low, median, high = np.quantile(y, [0.25, 0.5, 0.75])
    reach = 1.5 * (high - low)
    relevance = np.zeros(len(y))
    for sign, fence in ((-1, low - reach), (1, high + reach)):
        side = sign * (y - median) > 0
        beyond = sign * (y - fence) > 0
        if not beyond.any():
            continue
        within = sign * (y[side & ~beyond] - median)
        whisker = within.max(initial=0.0)
        if whisker > 0:
            curve = PchipInterpolator([-whisker, 0.0, whisker], [1.0, 0.0, 1.0])
            relevance[side] = curve(np.minimum(sign * (y[side] - median), whisker))
        relevance[beyond] = 1.0
    return relevance


class SMOTER(RowSampler):
    """Over-sample rows with rare values of a continuous target.

    A value is rare if its relevance reaches `threshold`. The rare values below and
    above the median are two groups; each gets new rows ``x + u * (z - x)`` between a
    row and one of its `k_neighbors` nearest of the group, with target
    ``y + u * (y_z - y)``: the mean of the two targets weighted by the distance to the
    other, as in the paper.

    Parameters
    ----------
    relevance : "boxplot" or callable, default="boxplot"
        Function from `y` to relevances in [0, 1]. "boxplot" takes the extremes of a
        box plot for relevant.
    threshold : float, default=0.8
        Relevance from which a value is rare, in (0, 1].
    ratio : float, default=1.0
        Size each group of rare rows grows to, as a multiple of the number of ordinary
        rows. A larger group is left as it is.
    k_neighbors : int or neighbour search, default=5
        Neighbours to interpolate with.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Attributes
    ----------
    sampling_strategy_ : str
        Always "auto".
    n_rare_ : tuple of int
        Number of rare rows below and above the median.
    nn_k_ : estimator
        Neighbour search made from `k_neighbors`.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    ValueError
        If no value or every value is rare, if a group to grow has no more rows than
        `k_neighbors`, if `y` is not one column of numbers, if `relevance` returns
        anything but one value in [0, 1] a row, or if `X` holds NaN or infinity.

    See Also
    --------
    SMOTE : For class labels.

    References
    ----------
    Torgo, Ribeiro, Pfahringer & Branco (2013). SMOTE for Regression. Progress in
    Artificial Intelligence, 378-389.

    Ribeiro (2011). Utility-based Regression. PhD thesis, University of Porto.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.augmentation import SMOTER
    >>> rng = np.random.RandomState(0)
    >>> X = rng.normal(size=(200, 3))
    >>> y = np.exp(2 * X[:, 0])
    >>> X_res, y_res = SMOTER(random_state=0).fit_resample(X, y)
    >>> bool(np.mean(y_res > 10) > np.mean(y > 10))
    True
    """

    target = "continuous"
    _parameter_constraints: dict = {
        "relevance": [StrOptions({"boxplot"}), callable],
        "threshold": [Interval(Real, 0, 1, closed="right")],
        "ratio": [Interval(Real, 0, None, closed="neither")],
        "k_neighbors": NEIGHBORS,
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        relevance="boxplot",
        threshold=0.8,
        ratio=1.0,
        k_neighbors=5,
        random_state=None,
    ):
        self.relevance = relevance
        self.threshold = threshold
        self.ratio = ratio
        self.k_neighbors = k_neighbors
        self.random_state = random_state

    def _fit_resample(self, X, y):
        from imblearn.utils import check_neighbors_object

        if y.ndim > 1 and y.shape[1] > 1:
            raise ValueError(
                "Multilabel and multioutput targets are not supported: SMOTER needs "
                f"one column, got shape {y.shape}."
            )
        column, y = y.ndim > 1, y.reshape(-1)
        rare = self._relevance(y) >= self.threshold
        if not rare.any() or rare.all():
            what = "no value" if not rare.any() else "every value"
            raise ValueError(
                f"{what} of y is rare, so that there is nothing to balance (with one "
                "class or two, use SMOTE). Lower or raise threshold, or pass another "
                "relevance."
            )
        below = y < np.median(y)
        groups = [np.flatnonzero(rare & below), np.flatnonzero(rare & ~below)]
        wanted = round(self.ratio * np.count_nonzero(~rare))
        self.n_rare_ = tuple(len(rows) for rows in groups)
        self.nn_k_ = check_neighbors_object("k_neighbors", self.k_neighbors, 1)
        needed = getattr(self.nn_k_, "n_neighbors", 1)
        for rows in groups:
            if 0 < len(rows) < min(wanted, needed):
                raise ValueError(
                    f"A group of rare values has {len(rows)} rows, but k_neighbors "
                    f"needs {needed} with the row itself. Lower k_neighbors or "
                    "threshold."
                )
        rng = check_random_state(self.random_state)
        draws = [
            self._draw(X, rows, wanted - len(rows), rng)
            for rows in groups
            if 0 < len(rows) < wanted
        ]
        X_resampled, _ = append_rows(X, y, draws)
        y_new = [y[d.base] + d.steps * (y[d.other] - y[d.base]) for d in draws]
        y_resampled = np.concatenate([y, *y_new]).astype(y.dtype, copy=False)
        return X_resampled, y_resampled[:, None] if column else y_resampled

    def _relevance(self, y):
        y = y.astype(np.float64, copy=False)
        if self.relevance == "boxplot":
            return boxplot_relevance(y)
        relevance = np.asarray(self.relevance(y), dtype=np.float64)
        if relevance.shape != y.shape or not np.all(
            (relevance >= 0) & (relevance <= 1)
        ):
            raise ValueError(
                "relevance must return one value in [0, 1] for each row, got shape "
                f"{relevance.shape}."
            )
        return relevance

    def _draw(self, X, rows, n_samples, rng):
        X_rare = X[rows]
        neighbors = kneighbors(self.nn_k_, X_rare, X_rare)[:, 1:]
        picked = rng.randint(0, neighbors.size, size=n_samples)
        steps = rng.uniform(size=n_samples)
        start, column = np.divmod(picked, neighbors.shape[1])
        other = rows[neighbors[start, column]]
        return Draws(0, rows[start], other, steps)
