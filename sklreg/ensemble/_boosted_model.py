"""What a fitted boosting predicts, stage by stage, and what its members show."""

from collections import deque

import numpy as np
from sklearn.base import is_classifier
from sklearn.tree import BaseDecisionTree
from sklearn.utils.validation import check_is_fitted

from sklreg._validation import validate_data
from sklreg.ensemble._boosting_stage import add_stage, tree_rows


class BoostedModel:
    """The side of both boosting estimators that is of use after fitting."""

    # --------------------------------------------------------------- predicting

    def _raw_start(self, X):
        """Return the raw predictions before the first stage."""
        columns = self._objective.n_columns
        if self._baseline is not None:
            raw = np.tile(self._baseline, (X.shape[0], 1))
        else:
            raw = np.asarray(self._initial_raw(X), dtype=np.float64)
            raw = raw.reshape(X.shape[0], columns)
        return raw[:, 0].copy() if columns == 1 else raw

    def _seen(self, X):
        """Return X as the members read it."""
        trees = len(self.estimators_) and isinstance(
            self.estimators_[0, 0], BaseDecisionTree
        )
        return tree_rows(X) if trees else X

    def _staged_raw(self, X):
        """Yield the raw predictions after each stage; the array is used again."""
        raw = self._raw_start(X)
        seen = self._seen(X)
        for member, step, used in zip(
            self.estimators_, self._steps, self._columns, strict=True
        ):
            add_stage(raw, seen, member, self.learning_rate * step, used)
            yield raw

    def _raw(self, X):
        """Return the raw predictions of all stages."""
        if not len(self.estimators_):
            return self._raw_start(X)
        return deque(self._staged_raw(X), maxlen=1).pop()

    def _rows_to_predict(self, X):
        check_is_fitted(self)
        return validate_data(
            self,
            X,
            accept_sparse=["csr", "csc", "coo"],
            dtype=[np.float64, np.float32],
            reset=False,
        )

    def _scores_of(self, X):
        """Return raw predictions for rows as a user gives them."""
        check_is_fitted(self)
        if hasattr(self, "_known_raw"):  # a view made for a scorer
            return self._known_raw
        return self._raw(self._rows_to_predict(X))

    # ------------------------------------------------------- what the members show

    @property
    def feature_importances_(self):
        """Importances: impurity for trees, summed absolute coefficients otherwise."""
        check_is_fitted(self)
        total = np.zeros(self.n_features_in_)
        for member, step, used in zip(
            self.estimators_, self._steps, self._columns, strict=True
        ):
            for regressor, length in zip(member, step, strict=True):
                if isinstance(regressor, BaseDecisionTree):
                    if regressor.tree_.node_count > 1:
                        own = regressor.tree_.compute_feature_importances(
                            normalize=False
                        )
                        np.add.at(total, used, own)
                elif hasattr(regressor, "coef_"):
                    np.add.at(total, used, np.abs(length * regressor.coef_))
                else:
                    raise AttributeError(
                        f"{type(regressor).__name__} tells nothing of importances."
                    )
        return total / total.sum() if total.any() else total

    @property
    def coef_path_(self):
        """Coefficients after each stage, for linear members and one column."""
        check_is_fitted(self)
        first = self.estimators_[0, 0]
        if self._objective.n_columns > 1 or not hasattr(first, "coef_"):
            raise AttributeError(
                "coef_path_ is for linear members and one column of raw predictions."
            )
        added = np.zeros((len(self.estimators_), self.n_features_in_))
        for i, (member, step, used) in enumerate(
            zip(self.estimators_, self._steps, self._columns, strict=True)
        ):
            coef = self.learning_rate * step[0] * np.ravel(member[0].coef_)
            np.add.at(added[i], used, coef)
        return np.cumsum(added, axis=0).T

    def apply(self, X):
        """Return the leaf that each sample falls into, for each tree.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_stages) or (n_samples, n_stages, n_columns)
            Indices of leaves.
        """
        X = self._rows_to_predict(X)
        if not isinstance(self.estimators_[0, 0], BaseDecisionTree):
            raise AttributeError("apply is for trees.")
        seen = self._seen(X)
        leaves = [
            [tree.tree_.apply(seen) for tree in member] for member in self.estimators_
        ]
        leaves = np.moveaxis(np.array(leaves, dtype=np.float64), 2, 0)
        return leaves if is_classifier(self) else leaves[:, :, 0]
