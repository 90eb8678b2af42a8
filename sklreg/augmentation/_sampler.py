"""What every sampler does: it stays as it was when a fit fails."""

from contextlib import contextmanager

from sklreg._base import DocLinkMixin
from sklreg._validation import restored_on_error


class CarefulSampler(DocLinkMixin):
    """Mixin before imbalanced-learn's base class."""

    def fit(self, X, y, **params):
        """Check the parameters and the rows; call `fit_resample` to get new ones.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Target.
        **params : dict
            Ignored.

        Returns
        -------
        self : estimator
            The sampler.
        """
        with restored_on_error(self):
            return super().fit(X, y, **params)

    def fit_resample(self, X, y, **params):
        """Return the rows and new ones, with their labels.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Class labels.
        **params : dict
            Ignored.

        Returns
        -------
        X_resampled : of the type of `X`, of shape (n_resampled, n_features)
            Rows.
        y_resampled : of the type of `y`
            Their labels.
        """
        with restored_on_error(self):
            return super().fit_resample(X, y, **params)


@contextmanager
def naming(parameter, label):
    """Tell by which parameter, for which class, a search wants too many neighbours."""
    try:
        yield
    except ValueError as error:
        if "n_neighbors" not in str(error):
            raise
        raise ValueError(
            f"{parameter} needs more rows than there are to search for class {label}: "
            f"{error}. Lower {parameter}, or leave the class out of sampling_strategy."
        ) from error
