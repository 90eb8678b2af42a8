"""KMeans-SMOTE: over-sampling within clusters."""

import math

import numpy as np
from sklearn.base import clone
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import pairwise_distances, pairwise_distances_chunked

from sklreg._validation import HasMethods, Integral, Interval, Real, StrOptions
from sklreg.augmentation._interpolation import BaseSMOTE, append_rows
from sklreg.augmentation._neighbors import kneighbors

# Rows whose distances are summed at once; larger clusters are summed in chunks.
_AT_ONCE = 4096


class KMeansSMOTE(BaseSMOTE):
    """Over-sample within the clusters in which a class is well represented.

    Rows are clustered first. A cluster takes part if the share of the class in it
    reaches `cluster_balance_threshold` and it has more rows of the class than
    `k_neighbors`; it gets new rows in proportion to the sparsity of the class in it,
    ``mean_distance**density_exponent / n_rows``. The same `random_state` gives the rows
    that :class:`imblearn.over_sampling.KMeansSMOTE` gives.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes to grow and to what size; see :class:`SMOTE`. Sizes are met up to
        rounding, one row a cluster.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.
    k_neighbors : int or neighbour search, default=2
        Neighbours to interpolate with.
    n_jobs : int or None, default=None
        Processes for the distances within clusters.
    kmeans_estimator : int, estimator or None, default=None
        Clustering, or the number of clusters of a
        :class:`~sklearn.cluster.MiniBatchKMeans`.
    cluster_balance_threshold : "auto" or float, default="auto"
        Share of the class from which a cluster takes part. "auto" is half of the
        class's share in the rows to make.
    density_exponent : "auto" or float, default="auto"
        Exponent of the mean distance. "auto" grows with the number of rows:
        ``0.16 * log(n_rows, 1.6)**1.8``.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows to make by class.
    kmeans_estimator_ : estimator
        Fitted clustering.
    nn_k_ : estimator
        Neighbour search made from `k_neighbors`.
    cluster_balance_threshold_ : "auto" or float
        Threshold used.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    RuntimeError
        If no cluster takes part for a class.
    ValueError
        If `y` has one class, or if `X` holds NaN or infinity.

    See Also
    --------
    SMOTE : Interpolate within the whole class.

    References
    ----------
    Last, Douzas & Bacao (2017). Oversampling for Imbalanced Learning Based on K-Means
    and SMOTE. arXiv:1711.00837.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_blobs
    >>> from sklreg.augmentation import KMeansSMOTE
    >>> X, y = make_blobs([100, 800, 100], centers=[(-10, 0), (0, 0), (10, 0)],
    ...                   random_state=0)
    >>> sampler = KMeansSMOTE(kmeans_estimator=3, random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y == 1)
    >>> np.bincount(y_res)
    array([801, 800])
    """

    _parameter_constraints: dict = {
        **BaseSMOTE._parameter_constraints,
        "kmeans_estimator": [
            HasMethods(["fit", "predict"]),
            Interval(Integral, 1, None, closed="left"),
            None,
        ],
        "cluster_balance_threshold": [StrOptions({"auto"}), Real],
        "density_exponent": [StrOptions({"auto"}), Real],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        random_state=None,
        k_neighbors=2,
        n_jobs=None,
        kmeans_estimator=None,
        cluster_balance_threshold="auto",
        density_exponent="auto",
    ):
        super().__init__(sampling_strategy, random_state, k_neighbors)
        self.kmeans_estimator = kmeans_estimator
        self.cluster_balance_threshold = cluster_balance_threshold
        self.density_exponent = density_exponent
        self.n_jobs = n_jobs

    def _fit_resample(self, X, y):
        self.nn_k_ = self._new_search("k_neighbors")
        self.kmeans_estimator_ = self._new_clustering()
        n_clusters = self.kmeans_estimator_.n_clusters
        self.cluster_balance_threshold_ = (
            self.cluster_balance_threshold if n_clusters != 1 else -np.inf
        )
        # a clustering with a generator or none of its own differs from fit to fit
        seed = getattr(self.kmeans_estimator_, "random_state", None)
        same_every_time = isinstance(seed, Integral)
        n_all = sum(self.sampling_strategy_.values())
        labels = None
        draws = []
        for label, n_samples in self.sampling_strategy_.items():
            if n_samples == 0:
                continue
            if labels is None or not same_every_time:
                labels = self.kmeans_estimator_.fit_predict(X)
            groups = self._well_filled(labels, y, label, n_samples / n_all / 2)
            sparsity = np.array([self._sparsity(X[rows]) for rows in groups])
            weights = sparsity / sparsity.sum()
            for rows, weight in zip(groups, weights, strict=True):
                n_new = math.ceil(n_samples * weight)
                X_group = X[rows]
                neighbors = kneighbors(self.nn_k_, X_group, X_group)[:, 1:]
                draws.append(self._draw(label, rows, neighbors, rows, n_new))
        return append_rows(X, y, draws)

    def _new_clustering(self):
        if self.kmeans_estimator is None:
            return MiniBatchKMeans(random_state=self.random_state)
        if isinstance(self.kmeans_estimator, Integral):
            return MiniBatchKMeans(
                n_clusters=self.kmeans_estimator, random_state=self.random_state
            )
        return clone(self.kmeans_estimator)

    def _well_filled(self, labels, y, label, automatic):
        """Return the rows of the class in each cluster that takes part."""
        threshold = self.cluster_balance_threshold_
        if threshold == "auto":
            threshold = automatic
        groups = []
        for cluster in range(self.kmeans_estimator_.n_clusters):
            rows = np.flatnonzero(labels == cluster)
            of_class = rows[y[rows] == label]
            if not rows.size:
                continue
            share = of_class.size / rows.size
            # share * size, not the count: imbalanced-learn rounds this way
            if share >= threshold and share * rows.size >= self.nn_k_.n_neighbors:
                groups.append(of_class)
        if not groups:
            raise RuntimeError(
                f"No clusters found with sufficient samples of class {label}. Try "
                "lowering the cluster_balance_threshold or increasing the number of "
                "clusters."
            )
        return groups

    def _sparsity(self, X):
        n = X.shape[0]
        if n <= _AT_ONCE:
            distances = pairwise_distances(X, metric="euclidean", n_jobs=self.n_jobs)
            np.fill_diagonal(distances, 0)
            total = distances.sum()
        else:
            chunks = pairwise_distances_chunked(
                X, metric="euclidean", n_jobs=self.n_jobs
            )
            total = sum(chunk.sum() for chunk in chunks)
        exponent = self.density_exponent
        if exponent == "auto":
            exponent = math.log(n, 1.6) ** 1.8 * 0.16
        return (total / (n**2 - n)) ** exponent / n
