"""SVM-SMOTE: over-sampling from the support vectors of a class."""

import numpy as np
from sklearn.base import clone
from sklearn.svm import SVC
from sklearn.utils import check_random_state

from sklreg._validation import HasMethods, Interval, Real
from sklreg.augmentation._borderline_smote import in_danger, share_of_others
from sklreg.augmentation._interpolation import NEIGHBORS, BaseSMOTE, append_rows
from sklreg.augmentation._neighbors import kneighbors
from sklreg.augmentation._sampler import naming


class SVMSMOTE(BaseSMOTE):
    """Over-sample from the support vectors of the minority class.

    Support vectors all of whose `m_neighbors` are of other classes are noise and left
    out. From those in danger (at least half of the neighbours of other classes) new
    rows are interpolated towards neighbours of the class; from the safe ones they are
    extrapolated, up to `out_step` beyond the row and away from the neighbour. The same
    `random_state` gives the rows that :class:`imblearn.over_sampling.SVMSMOTE` gives.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes to grow and to what size; see :class:`SMOTE`.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.
    k_neighbors : int or neighbour search, default=5
        Neighbours to interpolate with.
    m_neighbors : int or neighbour search, default=10
        Neighbours that tell noise and danger.
    svm_estimator : estimator, default=SVC(gamma="scale")
        Classifier with a fitted attribute `support_`.
    out_step : float, default=0.5
        Largest step of an extrapolation, in [0, 1].

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows to make by class.
    nn_k_, nn_m_ : estimator
        Neighbour searches made from the parameters.
    svm_estimator_ : estimator
        Fitted classifier.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where `X` has them and all are strings.

    Raises
    ------
    RuntimeError
        If `svm_estimator` has no `support_` after `fit`.
    ValueError
        If every support vector of a class is noise, if there are fewer rows than
        neighbours, if `y` has one class, or if `X` holds NaN or infinity.

    See Also
    --------
    BorderlineSMOTE : The border from neighbours alone.

    Notes
    -----
    Most of the time goes into the classifier. It is fitted once for all classes where
    that cannot change the result.

    References
    ----------
    Nguyen, Cooper & Kamei (2009). Borderline Over-sampling for Imbalanced Data
    Classification. International Journal of Knowledge Engineering and Soft Data
    Paradigms 3(1), 4-21.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_classification
    >>> from sklreg.augmentation import SVMSMOTE
    >>> X, y = make_classification(weights=[0.9], flip_y=0, random_state=0)
    >>> X_res, y_res = SVMSMOTE(random_state=0).fit_resample(X, y)
    >>> np.bincount(y_res)
    array([91, 91])
    """

    _parameter_constraints: dict = {
        **BaseSMOTE._parameter_constraints,
        "m_neighbors": NEIGHBORS,
        "svm_estimator": [HasMethods(["fit", "predict"]), None],
        "out_step": [Interval(Real, 0, 1, closed="both")],
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        random_state=None,
        k_neighbors=5,
        m_neighbors=10,
        svm_estimator=None,
        out_step=0.5,
    ):
        super().__init__(sampling_strategy, random_state, k_neighbors)
        self.m_neighbors = m_neighbors
        self.svm_estimator = svm_estimator
        self.out_step = out_step

    def _fit_resample(self, X, y):
        self.nn_k_ = self._new_search("k_neighbors")
        self.nn_m_ = self._new_search("m_neighbors")
        if self.svm_estimator is None:
            self.svm_estimator_ = SVC(gamma="scale", random_state=self.random_state)
        else:
            self.svm_estimator_ = clone(self.svm_estimator)
        # a fit that draws from a shared generator must not be skipped
        same_every_time = self.svm_estimator is None and not isinstance(
            self.random_state, np.random.RandomState
        )
        random_state = check_random_state(self.random_state)
        support = None
        draws = []
        for label, n_samples in self.sampling_strategy_.items():
            if n_samples == 0:
                continue
            if support is None or not same_every_time:
                support = self._support(X, y)
            danger, safe = self._sort_support(X, y, label, support)
            rows = np.flatnonzero(y == label)
            X_class = X[rows]
            n_inside = int(random_state.beta(10, 10) * (n_samples + 1))
            for base, n_new, step_size in (
                (danger, n_inside, 1.0),
                (safe, n_samples - n_inside, -self.out_step),
            ):
                if base.size:
                    with naming("k_neighbors", label):
                        neighbors = kneighbors(self.nn_k_, X_class, X[base])[:, 1:]
                    draws.append(
                        self._draw(label, base, neighbors, rows, n_new, step_size)
                    )
        return append_rows(X, y, draws)

    def _support(self, X, y):
        self.svm_estimator_.fit(X, y)
        if not hasattr(self.svm_estimator_, "support_"):
            raise RuntimeError(
                "`svm_estimator` is required to exposed a `support_` fitted attribute. "
                "Such estimator belongs to the family of Support Vector Machine."
            )
        return self.svm_estimator_.support_

    def _sort_support(self, X, y, label, support):
        """Return the support vectors of a class in danger, and the safe ones."""
        support = support[y[support] == label]
        with naming("m_neighbors", label):
            n_others, n_neighbors = share_of_others(self.nn_m_, X, support, y, label)
        support = support[n_others < n_neighbors]
        if not support.size:
            raise ValueError(
                "All support vectors are considered as noise. SVM-SMOTE is not adapted "
                "to your dataset. Try another SMOTE variant."
            )
        danger = in_danger(*share_of_others(self.nn_m_, X, support, y, label))
        return support[danger], support[~danger]
