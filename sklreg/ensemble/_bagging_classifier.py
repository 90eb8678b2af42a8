"""Bagging for classification."""

import numpy as np
from sklearn import ensemble
from sklearn.metrics import accuracy_score

from sklreg._validation import StrOptions, _raise_for_params, routed_to_estimator
from sklreg._warnings import warn
from sklreg.ensemble._bagging import Bagging


class BaggingClassifier(Bagging, ensemble.BaggingClassifier):
    """Members fitted to bootstraps of the data; their vote predicts.

    Each member is fitted to rows, and where asked for columns, drawn at random. What
    one member takes from the chance of its sample the others do not share, so that
    the vote has less variance than one of them; its bias is that of the member [1]_.

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
          to `fit`, the classes if none are;
        - 'group': groups of rows, given to `fit`, are drawn whole, with replacement.
    bootstrap_features : bool, default=False
        Whether columns are drawn with replacement.
    oob_score : bool or callable, default=False
        Whether to score each row by the members that have not seen it. A callable has
        the signature ``metric(y_true, y_pred)``; True takes accuracy.
    warm_start : bool, default=False
        Whether to keep the members of the previous fit and add more.
    n_jobs : int, default=None
        Number of jobs. Trees and our linear models run on threads.
    random_state : int, RandomState instance or None, default=None
        Draws the rows and columns, and gives the members their seeds. With the same
        one the draws are those of scikit-learn.
    verbose : int, default=0
        How much to print.
    aggregation : {'soft', 'hard'}, default='soft'
        'soft' averages the members' probabilities, or counts votes where they have
        none; 'hard' counts votes.

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
    oob_decision_function_ : ndarray of shape (n_samples, n_classes)
        Probabilities, or shares of votes, from the members that have not seen the
        row, if `oob_score`; NaN where all have.
    classes_ : ndarray of shape (n_classes,)
        Labels of the classes.
    n_classes_ : int
        Number of classes.
    selection_frequencies_ : ndarray of shape (n_features,) or (n_targets, n_features)
        For linear members: of those that saw a feature, the share in which its
        coefficient is not zero.
    coef_interval_ : ndarray of shape (2, n_features) or (2, n_targets, n_features)
        For linear members: the 2.5 % and 97.5 % quantiles of the coefficients, on the
        scale of X also where they stand behind a scaler.

    See Also
    --------
    BaggingRegressor : Bagging for regression.
    GradientBoostingClassifier : Members fitted one after the other.

    Notes
    -----
    Members that are ours (logistic regression), alone or behind a StandardScaler,
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
    >>> from sklearn.datasets import load_iris
    >>> from sklreg.ensemble import BaggingClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = BaggingClassifier(
    ...     n_estimators=20, bootstrap="stratified", oob_score=True, random_state=0
    ... ).fit(X, y)
    >>> bool(model.oob_score_ > 0.9)
    True
    >>> model.predict(X[:2])
    array([0, 0])
    """

    _parameter_constraints: dict = {
        **ensemble.BaggingClassifier._parameter_constraints,
        **Bagging._more_constraints,
        "aggregation": [StrOptions({"soft", "hard"})],
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
        aggregation="soft",
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

    def predict_proba(self, X, **params):
        """Predict probabilities: averages of the members', or shares of their votes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        **params : dict
            Parameters for the members' ``predict_proba``, or ``predict`` where votes
            are counted, with metadata routing only.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of ``classes_``.
        """
        if self.aggregation == "soft":
            return super().predict_proba(X, **params)
        _raise_for_params(params, self, "predict_proba")
        X = self._rows_to_predict(X)
        votes = self._each_prediction(X, routed_to_estimator(self, params, "predict"))
        return _shares_of_votes(votes, self.n_classes_)

    def predict_log_proba(self, X, **params):
        """Predict logarithms of the probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        **params : dict
            Parameters for the members, with metadata routing only.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Logarithms; ``-inf`` for a class of probability 0.
        """
        with np.errstate(divide="ignore"):
            if self.aggregation == "soft":
                return super().predict_log_proba(X, **params)
            return np.log(self.predict_proba(X, **params))

    def _set_oob_score(self, X, y):
        totals = np.zeros((len(y), self.n_classes_))
        for member, features, unseen in self._out_of_bag():
            rows = (X[unseen, :])[:, features]
            if self.aggregation == "soft" and hasattr(member, "predict_proba"):
                totals[np.ix_(unseen, member.classes_)] += member.predict_proba(rows)
            else:
                votes = member.predict(rows)
                totals[unseen] += _shares_of_votes([votes], self.n_classes_)
        sums = totals.sum(axis=1, keepdims=True)
        if np.any(sums == 0):
            warn(
                "Some inputs do not have OOB scores. This probably means too few "
                "estimators were used to compute any reliable oob estimates.",
            )
        with np.errstate(invalid="ignore"):
            self.oob_decision_function_ = totals / sums
        winners = np.argmax(totals, axis=1)
        if callable(self.oob_score):
            self.oob_score_ = self.oob_score(self.classes_[y], self.classes_[winners])
        else:
            self.oob_score_ = accuracy_score(y, winners)


def _shares_of_votes(votes, n_classes):
    """Return shares, shape (n_samples, n_classes), of a list of votes."""
    shares = np.zeros((len(votes[0]), n_classes))
    for vote in votes:
        shares[np.arange(len(vote)), vote] += 1.0
    return shares / len(votes)
