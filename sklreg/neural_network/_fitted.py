"""What the multi-layer perceptrons share once they are fitted."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklreg._base import DocLinkMixin
from sklreg._validation import validate_data
from sklreg.layers import SAMPLE, RandomSource
from sklreg.losses import LOSSES
from sklreg.neural_network._parameters import architecture
from sklreg.solvers.network import Network

LOSS_OF = {
    "softmax": "multinomial",
    "logistic": "log_loss",
    "identity": "squared_error",
    "exp": "poisson",
}


class FittedMLP(DocLinkMixin, BaseEstimator):
    """Between the fitted attributes and a network; predictions from it."""

    def _loss_name(self):
        return LOSS_OF[self.out_activation_]

    def _load(self, network):
        """Fill a network with the fitted parameters."""
        known = network.scales and hasattr(self, "batch_norm_scales_")
        network.load(
            self.coefs_,
            self.intercepts_,
            self.batch_norm_scales_ if known else (),
            self._statistics if known else None,
        )

    def _attributes_of(self, network):
        """Return the fitted attributes that a network stands for, copied."""
        fitted = {
            "coefs_": [coef.copy() for coef in network.coefs],
            "intercepts_": [intercept.copy() for intercept in network.intercepts],
        }
        if network.norms:
            fitted |= {
                "batch_norm_scales_": [scale.copy() for scale in network.scales],
                "batch_norm_means_": [norm.mean.copy() for norm in network.norms],
                "batch_norm_variances_": [
                    norm.variance.copy() for norm in network.norms
                ],
                "_statistics": network.statistics.copy(),
            }
        return fitted

    def _fitted_network(self):
        sizes = [len(self.coefs_[0]), *(coef.shape[1] for coef in self.coefs_)]
        network = Network(architecture(self, sizes), self.coefs_[0].dtype)
        self._load(network)
        return network

    def _raw(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", reset=False)
        return self._fitted_network().raw(X)

    def _outputs(self, X):
        """Return the activations of the output layer, (n_samples, n_outputs)."""
        return self._link(self._raw(X))

    def _link(self, raw):
        return LOSSES[self._loss_name()].inverse_link(raw)

    def predict_uncertainty(self, X, n_passes=50, random_state=None):
        """Predict by Monte-Carlo dropout: the mean and the spread of random passes.

        Each pass drops anew, as in training (Gal & Ghahramani, 2016); noise stays off
        and batch norm uses its running statistics. The spread tells how much the
        network's answer hangs on single units; it is larger away from the data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        n_passes : int, default=50
            Number of passes, at least 2.
        random_state : int, RandomState instance or None, default=None
            Draws what is dropped; None for the estimator's own `random_state`.

        Returns
        -------
        mean : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Mean of what `predict_proba` (of a regressor: `predict`) gives in a pass.
        std : ndarray of the same shape
            Its standard deviation over the passes.

        Raises
        ------
        ValueError
            If nothing is dropped, or `n_passes` is below 2.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", reset=False)
        if n_passes < 2:
            raise ValueError(f"n_passes must be at least 2, got {n_passes}.")
        network = self._fitted_network()
        if not network.architecture.drops:
            raise ValueError(
                "predict_uncertainty needs dropout, input_dropout, structured_dropout "
                "or stochastic_depth above 0: without them all passes are the same."
            )
        if random_state is None:
            random_state = self.random_state
        seed = check_random_state(random_state).randint(1 << 31, size=8)
        source = RandomSource(np.random.default_rng(seed))
        mean = square = 0.0
        for i in range(n_passes):
            out = self._shape(self._link(network.raw(X, SAMPLE, source)))
            step = out.astype(np.float64) - mean
            mean = mean + step / (i + 1)
            square = square + step * (out - mean)
        std = np.sqrt(square / n_passes)
        return mean.astype(out.dtype), std.astype(out.dtype)
