"""The parameters that the stochastic-descent estimators share, and their checks."""

from dataclasses import astuple
from numbers import Integral, Real

from scipy.sparse import issparse

from sklreg._validation import Interval, StrOptions, noise_parameter
from sklreg.losses import LOSSES
from sklreg.noise import NOISES
from sklreg.solvers.stochastic_state import Extras, make_settings

# Sparse rows rarely carry a feature, every row carries the intercept: without a smaller
# step it would swing (scikit-learn's value too).
SPARSE_INTERCEPT_DECAY = 0.01
ADDITIVE_NOISES = ("gaussian", "uniform", "laplace")


def loss_table(*names):
    """Return the losses as scikit-learn lists them: name to (class, parameter)."""
    return {name: (type(LOSSES[name]), *astuple(LOSSES[name])) for name in names}


class SGDParameters:
    """What the parameters may be, alone and together, and what they mean below."""

    _parameter_constraints: dict = {
        "penalty": [StrOptions({"l2", "l1", "elasticnet"}), None],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
        "fit_intercept": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "shuffle": ["boolean"],
        "verbose": ["verbose"],
        "epsilon": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
        "learning_rate": [
            StrOptions({"constant", "optimal", "invscaling", "adaptive", "pa1", "pa2"})
        ],
        "eta0": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, None, None, closed="neither")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "average": [Interval(Integral, 0, None, closed="neither"), "boolean"],
        "restore_best": ["boolean"],
        "early_stopping_scoring": [str, callable, None],
        "validation_split": ["cv_object", None],
        "max_norm": [Interval(Real, 0, None, closed="neither"), None],
        "weight_noise": [Interval(Real, 0, None, closed="left"), tuple],
        "gradient_noise": [Interval(Real, 0, None, closed="left"), tuple],
        "input_noise": [Interval(Real, 0, None, closed="left"), tuple],
        "input_dropout": [Interval(Real, 0, 1, closed="left")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "nesterov": ["boolean"],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "optimizer": [StrOptions({"sgd", "adam"})],
    }

    def _settings(self, X, tol):
        l1_ratio = {"l2": 0.0, "l1": 1.0}.get(self.penalty, self.l1_ratio)
        return make_settings(
            loss=self.loss,
            epsilon=self.epsilon,
            alpha=self.alpha,
            l1_ratio=0.0 if l1_ratio is None else l1_ratio,
            penalised=self.penalty is not None,
            learning_rate=self.learning_rate,
            eta0=float(self.eta0),
            power_t=float(self.power_t),
            fit_intercept=bool(self.fit_intercept),
            intercept_decay=SPARSE_INTERCEPT_DECAY if issparse(X) else 1.0,
            average=int(self.average),
            max_norm=self.max_norm,
            tol=tol,
            patience=int(self.n_iter_no_change),
            shuffle=bool(self.shuffle),
        )

    def _extras(self):
        return Extras(
            batch_size=int(self.batch_size),
            optimizer=self.optimizer,
            momentum=float(self.momentum),
            nesterov=bool(self.nesterov),
            weight_noise=self._noise("weight_noise", ADDITIVE_NOISES),
            gradient_noise=self._noise("gradient_noise", ADDITIVE_NOISES),
            input_noise=self._noise("input_noise", tuple(NOISES)),
            input_dropout=float(self.input_dropout),
        )

    def _noise(self, name, kinds):
        return noise_parameter(name, getattr(self, name), kinds)

    def _check_for_chunks(self):
        if self.early_stopping:
            raise ValueError("early_stopping should be False with partial_fit")

    def _check_together(self):
        """Check what no single parameter shows."""
        if self.learning_rate == "optimal" and self.alpha == 0:
            raise ValueError(
                "alpha must be > 0 since learning_rate is 'optimal'. alpha is used to "
                "compute the optimal learning rate."
            )
        if self.learning_rate in ("pa1", "pa2"):
            if self.loss != self._passive_aggressive_loss:
                raise ValueError(
                    f"Learning rate '{self.learning_rate}' only works with loss "
                    f"'{self._passive_aggressive_loss}'."
                )
            if self.batch_size > 1 or self.momentum or self.optimizer != "sgd":
                raise ValueError(
                    f"Learning rate '{self.learning_rate}' sets a step for each sample "
                    "and works only with batch_size=1, momentum=0 and optimizer='sgd'."
                )
        if self.penalty == "elasticnet" and self.l1_ratio is None:
            raise ValueError("l1_ratio must be set when penalty is 'elasticnet'")
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov=True needs momentum > 0.")
        if self.momentum and self.optimizer == "adam":
            raise ValueError("momentum has no meaning with optimizer='adam'.")
        self._extras()
