"""Bagging for regression."""

import numpy as np
from joblib import effective_n_jobs
from sklearn import ensemble
from sklearn.metrics import r2_score

from sklreg._validation import (
    Interval,
    Real,
    StrOptions,
    _raise_for_params,
    routed_to_estimator,
    validate_params,
)
from sklreg._warnings import warn
from sklreg.ensemble._bagging import Bagging


class BaggingRegressor(Bagging, ensemble.BaggingRegressor):
    """Members fitted to bootstraps of the data; their mean or median predicts.

    Each member is fitted to rows, and where asked for columns, drawn at random. What
    one member takes from the chance of its sample the others do not share, so that
    the mean has less variance than one of them; its bias is that of the member [1]_.

    Parameters
    ----------
    estimator : object, default=None
        What the members are clones of. None is a decision tree.
    n_estimators : int, default=10
        Number of members.
    max_samples : int or float, default=None
        Rows that each member draws. None draws as many as there are. A fraction is of
        the rows, or of the sum of `sample_weight` where it is given; with
        ``bootstrap="group"`` both are of groups.
    max_features : int or float, default=1.0
        Columns that each member draws, a fraction being rounded down to no less
        than 1.
    bootstrap : bool or {'bayesian', 'stratified', 'group'}, default=True
        - True: rows are drawn with replacement, False: without;
        - 'bayesian': every row gets an exponential weight [2]_, with sum the number
          of rows. The member must take `sample_weight`;
        - 'stratified': with replacement within each stratum given
          to `fit`;
        - 'group': groups of rows, given to `fit`, are drawn whole, with replacement.
    bootstrap_features : bool, default=False
        Whether columns are drawn with replacement.
    oob_score : bool or callable, default=False
        Whether to score each row by the members that have not seen it. A callable has
        the signature ``metric(y_true, y_pred)``; True takes R².
    warm_start : bool, default=False
        Whether to keep the members of the previous fit and add more.
    n_jobs : int, default=None
        Number of jobs. Trees and our linear models run on threads.
    random_state : int, RandomState instance or None, default=None
        Draws the rows and columns, and gives the members their seeds. With the same
        one the draws are those of scikit-learn.
    verbose : int, default=0
        How much to print.
    aggregation : {'mean', 'median'}, default='mean'
        What the prediction is of the members' predictions.

    Attributes
    ----------
    estimator_ : estimator
        What the members are clones of.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X has names that are all strings.
    estimators_ : list of estimators
        The members.
    estimators_samples_ : list of ndarray
        The rows drawn by each, made again from the seeds when asked for.
    estimators_features_ : list of ndarray
        The columns drawn by each.
    oob_score_ : float
        Score on the rows that a member has not seen, if `oob_score`.
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Prediction of each row by the members that have not seen it, if `oob_score`;
        0 where all have.
    selection_frequencies_ : ndarray of shape (n_features,) or (n_targets, n_features)
        For linear members: of those that saw a feature, the share in which its
        coefficient is not zero.
    coef_interval_ : ndarray of shape (2, n_features) or (2, n_targets, n_features)
        For linear members: the 2.5 % and 97.5 % quantiles of the coefficients, on the
        scale of X also where they stand behind a scaler.

    See Also
    --------
    BaggingClassifier : Bagging for classification.
    GradientBoostingRegressor : Members fitted one after the other.

    Notes
    -----
    Members that are ours (lasso, elastic net, ridge), alone or behind a StandardScaler,
    are fitted in one call. Counts of rows become sample weights on the same data,
    everything that is linear in them is computed for many members at once, and each
    member starts from the solution on all rows. Theirs are exact solutions, whatever
    their `tol`.

    References
    ----------
    .. [1] L. Breiman (1996). Bagging predictors. Machine Learning 24(2).
    .. [2] D. B. Rubin (1981). The Bayesian bootstrap. Ann. Statist. 9(1).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.ensemble import BaggingRegressor
    >>> from sklreg.linear_model import Lasso
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = BaggingRegressor(
    ...     Lasso(alpha=0.5), n_estimators=50, oob_score=True, random_state=0
    ... ).fit(X, y)
    >>> print(f"{model.oob_score_:.2f}")
    0.44
    >>> model.selection_frequencies_
    array([0.  , 0.  , 1.  , 0.96, 0.  , 0.  , 0.7 , 0.04, 1.  , 0.2 ])
    >>> low, high = model.predict_interval(X[:1])[0]
    >>> bool(low < model.predict(X[:1])[0] < high)
    True
    """

    _parameter_constraints: dict = {
        **ensemble.BaggingRegressor._parameter_constraints,
        **Bagging._more_constraints,
        "aggregation": [StrOptions({"mean", "median"})],
    }

    def __init__(
        self,
        estimator=None,
        n_estimators=10,
        *,
        max_samples=None,
        max_features=1.0,
        bootstrap=True,
        bootstrap_features=False,
        oob_score=False,
        warm_start=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
        aggregation="mean",
    ):
        super().__init__(
            estimator=estimator,
            n_estimators=n_estimators,
            max_samples=max_samples,
            max_features=max_features,
            bootstrap=bootstrap,
            bootstrap_features=bootstrap_features,
            oob_score=oob_score,
            warm_start=warm_start,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
        )
        self.aggregation = aggregation

    def predict(self, X, **params):
        """Predict the mean or the median of the members' predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        **params : dict
            Parameters for the members' ``predict``, with metadata routing only.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predicted values.
        """
        _raise_for_params(params, self, "predict")
        X = self._rows_to_predict(X)
        params = routed_to_estimator(self, params, "predict")
        each = self._each_prediction(X, params)
        if self.aggregation == "median":
            return np.median(each, axis=0)
        # added up in the order in which scikit-learn's jobs do, to the last digit
        jobs = min(effective_n_jobs(self.n_jobs), len(each))
        parts = np.array_split(np.arange(len(each)), jobs)
        return sum(sum(each[i] for i in part) for part in parts) / len(each)

    @validate_params(
        {"coverage": [Interval(Real, 0, 1, closed="neither")]},
        prefer_skip_nested_validation=True,
    )
    def predict_interval(self, X, coverage=0.95):
        """Return quantiles of the members' predictions.

        They tell how much the prediction moves with the sample that it was learnt
        from. The noise of a new observation is not in them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        coverage : float, default=0.95
            Share of the members' predictions between the two, in (0, 1).

        Returns
        -------
        ndarray of shape (n_samples, 2) or (n_samples, 2, n_outputs)
            The lower and the upper quantile.
        """
        X = self._rows_to_predict(X)
        outside = (1.0 - coverage) / 2.0
        each = self._each_prediction(X, {})
        quantiles = np.quantile(each, [outside, 1.0 - outside], axis=0)
        return np.moveaxis(quantiles, 0, 1)

    def _set_oob_score(self, X, y):
        predictions, count = np.zeros(y.shape), np.zeros(len(y))
        each = []
        for member, features, unseen in self._out_of_bag():
            found = member.predict((X[unseen, :])[:, features])
            predictions[unseen] += found
            count[unseen] += 1
            if self.aggregation == "median":
                each.append(np.full(y.shape, np.nan))
                each[-1][unseen] = found
        if (count == 0).any():
            warn(
                "Some inputs do not have OOB scores. This probably means too few "
                "estimators were used to compute any reliable oob estimates.",
            )
        seen = count > 0
        if self.aggregation == "median":
            predictions[seen] = np.nanmedian(np.array(each)[:, seen], axis=0)
        else:
            predictions[seen] = (predictions[seen].T / count[seen]).T
        self.oob_prediction_ = predictions
        metric = self.oob_score if callable(self.oob_score) else r2_score
        self.oob_score_ = metric(y, predictions)
