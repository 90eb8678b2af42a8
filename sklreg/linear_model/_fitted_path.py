"""Looking up a fitted path: coefficients anywhere on it, and tables of it."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklreg._validation import feature_labels


def pandas_for(attribute):
    """Return pandas, or say which attribute wants it."""
    try:
        import pandas
    except ImportError:
        raise ImportError(
            f"{attribute} is a data frame and needs pandas, which is not installed; "
            "the arrays path_alphas_, path_coefs_ and path_intercepts_ do not."
        ) from None
    return pandas


class FittedPath:
    """Mixin for linear models that keep their coefficients for a grid of penalties.

    ``fit`` sets, through :meth:`_keep_path`, or leaves away when no path is kept:

    - ``path_alphas_``, of shape (n_alphas,), decreasing;
    - ``path_coefs_``, of shape (n_features, n_alphas) or
      (n_outputs, n_features, n_alphas);
    - ``path_intercepts_``, of shape (n_alphas,) or (n_outputs, n_alphas);
    - ``path_deviance_``, of shape (n_alphas,), the fraction of the null model's
      deviance that is explained;
    - ``path_dual_gaps_``, of shape (n_alphas,).
    """

    _path_attributes = (
        "path_alphas_",
        "path_coefs_",
        "path_intercepts_",
        "path_deviance_",
        "path_dual_gaps_",
    )

    def _keep_path(self, alphas, coefs, intercepts, deviance, gaps):
        """Store a path as the attributes of a fit."""
        values = (alphas, coefs, intercepts, deviance, gaps)
        for name, value in zip(self._path_attributes, values, strict=True):
            setattr(self, name, value)

    def _forget_path(self):
        """Remove what an earlier fit kept."""
        for name in self._path_attributes:
            vars(self).pop(name, None)

    def _need_path(self, wanted):
        check_is_fitted(self)
        if not hasattr(self, "path_alphas_"):
            raise AttributeError(
                f"{wanted} needs the path, which this {type(self).__name__} has not "
                "kept: fit it with store_path=True."
            )

    def _place(self, alpha):
        """Return ``(i, t)``: alpha is ``(1 - t) alphas[i] + t alphas[i + 1]``."""
        alphas = self.path_alphas_
        if not np.isscalar(alpha) or not np.isreal(alpha) or np.isnan(alpha):
            raise ValueError(f"alpha must be a number; got {alpha!r}.")
        last = len(alphas) - 1
        if alpha >= alphas[0]:
            at_top = np.isclose(alpha, alphas[0], rtol=1e-12, atol=0.0)
            if at_top or not np.any(self.path_coefs_[..., 0]):
                return 0, 0.0
        if alpha <= alphas[last] and np.isclose(
            alpha, alphas[last], rtol=1e-12, atol=0.0
        ):
            return max(last - 1, 0), float(last > 0)
        if not alphas[last] <= alpha <= alphas[0]:
            raise ValueError(
                f"alpha={alpha:g} is not on the fitted path, which reaches from "
                f"{alphas[0]:g} to {alphas[last]:g}."
            )
        i = int(np.searchsorted(-alphas, -alpha, side="right")) - 1
        i = min(max(i, 0), last - 1)
        return i, float((alphas[i] - alpha) / (alphas[i] - alphas[i + 1]))

    def coef_at(self, alpha):
        """Return the coefficients for any penalty on the fitted path.

        Between two penalties of the path the coefficients are interpolated linearly
        in alpha, as R's glmnet does. With the L1 penalty alone that is exact as long
        as no coefficient becomes zero or nonzero between the two.

        Parameters
        ----------
        alpha : float
            Penalty, between the smallest and the largest of `path_alphas_`; larger
            ones give the null model where the path starts with it.

        Returns
        -------
        coef : ndarray of shape (n_features,) or (n_outputs, n_features)
            Coefficients.
        intercept : float or ndarray of shape (n_outputs,)
            Intercept.

        Raises
        ------
        ValueError
            If the path does not reach as far as `alpha`.
        AttributeError
            If the path was not kept: fit with ``store_path=True``.
        """
        self._need_path("coef_at")
        i, t = self._place(alpha)
        coefs, intercepts = self.path_coefs_, self.path_intercepts_
        if t == 0.0:
            return coefs[..., i].copy(), intercepts[..., i]
        coef = (1.0 - t) * coefs[..., i] + t * coefs[..., i + 1]
        intercept = (1.0 - t) * intercepts[..., i] + t * intercepts[..., i + 1]
        return coef.astype(coefs.dtype, copy=False), intercept

    @property
    def path_table_(self):
        """The path as a data frame, a row for each penalty."""
        self._need_path("path_table_")
        coefs = self.path_coefs_.reshape(-1, len(self.path_alphas_))
        used = self.path_coefs_ != 0
        used = used if used.ndim == 2 else used.any(axis=0)
        return pandas_for("path_table_").DataFrame(
            {
                "alpha": self.path_alphas_,
                "n_nonzero": np.count_nonzero(used, axis=0),
                "deviance_explained": self.path_deviance_,
                "l1_norm": np.abs(coefs).sum(axis=0),
                "l2_norm": np.sqrt(np.einsum("jk,jk->k", coefs, coefs)),
                "dual_gap": self.path_dual_gaps_,
            }
        )

    @property
    def coef_table_(self):
        """The coefficients as a data frame, a row for the intercept and each feature.

        There is a column for each penalty of the path if it was kept, named by
        alpha; otherwise one for the model, or for each of its outputs.
        """
        check_is_fitted(self)
        pandas = pandas_for("coef_table_")
        rows = ["intercept", *feature_labels(self)]
        if not hasattr(self, "path_alphas_"):
            coef = np.atleast_2d(self.coef_)
            intercept = np.broadcast_to(self.intercept_, (len(coef),))
            columns = ["coef"] if len(coef) == 1 else self._output_labels(len(coef))
            values = np.vstack([intercept, coef.T])
        elif self.path_coefs_.ndim == 2:
            columns = pandas.Index(self.path_alphas_, name="alpha")
            values = np.vstack([self.path_intercepts_, self.path_coefs_])
        else:
            outputs = self._output_labels(len(self.path_coefs_))
            columns = pandas.MultiIndex.from_product(
                [outputs, self.path_alphas_], names=["output", "alpha"]
            )
            parts = zip(self.path_intercepts_, self.path_coefs_, strict=True)
            values = np.hstack([np.vstack(part) for part in parts])
        return pandas.DataFrame(values, index=rows, columns=columns)

    def _output_labels(self, n_outputs):
        classes = getattr(self, "classes_", ())
        return list(classes) if len(classes) == n_outputs else list(range(n_outputs))
