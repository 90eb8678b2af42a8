"""From the parameters of an estimator to what its network and its training need."""

from numbers import Integral, Real

import numpy as np

from sklreg._validation import Interval, Options, StrOptions, noise_parameter
from sklreg._warnings import warn
from sklreg.layers import ACTIVATIONS
from sklreg.noise import NOISES
from sklreg.solvers.network import Architecture, residual_blocks
from sklreg.solvers.network_optimizers import NetworkAdam, NetworkSGD
from sklreg.solvers.network_training import Regularization

STOCHASTIC = ("sgd", "adam")
ADDITIVE_NOISES = ("gaussian", "uniform", "laplace")

_RATES = [Interval(Real, 0, 1, closed="left"), "array-like"]
_NOISE = [Interval(Real, 0, None, closed="left"), tuple]
_MIXING = [Interval(Real, 0, None, closed="left")]

CONSTRAINTS = {
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "solver": [StrOptions({"lbfgs", "sgd", "adam"})],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [
        Interval(Integral, 1, None, closed="left"),
        Options(Real, {np.inf}),
    ],
    "max_fun": [Interval(Integral, 1, None, closed="left")],
    "dropout": _RATES,
    "input_dropout": [Interval(Real, 0, 1, closed="left")],
    "structured_dropout": _RATES,
    "batch_norm": ["boolean"],
    "max_norm": [Interval(Real, 0, None, closed="neither"), None],
    "l1_ratio": [Interval(Real, 0, 1, closed="both")],
    "decoupled_weight_decay": ["boolean"],
    "weight_noise": _NOISE,
    "gradient_noise": _NOISE,
    "activation_noise": _NOISE,
    "input_noise": _NOISE,
    "residual": ["boolean"],
    "stochastic_depth": _RATES,
    "mixup_alpha": _MIXING,
    "cutmix_alpha": _MIXING,
    "image_shape": [tuple, list, None],
    "restore_best": ["boolean"],
    "early_stopping_scoring": [str, callable, None],
}


def hidden_sizes(estimator):
    """Return the numbers of units in the hidden layers.

    Raises
    ------
    ValueError
        If one is not positive.
    """
    sizes = estimator.hidden_layer_sizes
    sizes = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
    if any(size <= 0 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return [int(size) for size in sizes]


def architecture(estimator, sizes):
    """Return the Architecture of a network with these sizes."""
    n_hidden = len(sizes) - 2
    blocks = residual_blocks(sizes) if estimator.residual else []
    if estimator.residual and not blocks:
        raise ValueError(
            "residual=True needs two hidden layers of the same width in a row; "
            f"hidden_layer_sizes is {tuple(sizes[1:-1])}."
        )
    depth = estimator.stochastic_depth
    if np.any(np.asarray(depth) != 0) and not estimator.residual:
        raise ValueError(
            "stochastic_depth drops residual blocks: it needs residual=True."
        )
    if isinstance(depth, Real):
        # the later a block, the more often it is dropped (Huang et al., 2016)
        depth = [depth * (i + 1) / len(blocks) for i in range(len(blocks))]
    return Architecture(
        sizes=tuple(sizes),
        activation=estimator.activation,
        input_dropout=float(estimator.input_dropout),
        dropout=_rates("dropout", estimator.dropout, n_hidden, "hidden layers"),
        structured_dropout=_rates(
            "structured_dropout",
            estimator.structured_dropout,
            n_hidden,
            "hidden layers",
        ),
        batch_norm=bool(estimator.batch_norm),
        activation_noise=noise_parameter(
            "activation_noise", estimator.activation_noise, ADDITIVE_NOISES
        ),
        residual=bool(estimator.residual),
        stochastic_depth=_rates(
            "stochastic_depth", depth, len(blocks), "residual blocks"
        ),
    )


def _rates(name, rates, n, places):
    """Return one rate for each of `n` places."""
    if isinstance(rates, Real):
        return (float(rates),) * n
    rates = tuple(rates)
    if len(rates) != n:
        raise ValueError(
            f"{name} must be one rate or one for each of the {n} {places}, got "
            f"{len(rates)} rates."
        )
    for rate in rates:
        if not isinstance(rate, Real) or not 0 <= rate < 1:
            raise ValueError(f"{name} must hold rates in [0, 1), got {rate!r}.")
    return tuple(float(rate) for rate in rates)


def regularization(estimator, n_features):
    """Return the Regularization of a fit."""
    shape = estimator.image_shape
    if shape is not None:
        shape = tuple(shape)
        if len(shape) not in (2, 3) or not all(
            isinstance(side, Integral) and side > 0 for side in shape
        ):
            raise ValueError(
                f"image_shape must be (H, W) or (H, W, C), got {estimator.image_shape}."
            )
        if np.prod(shape) != n_features:
            raise ValueError(
                f"image_shape {shape} has {np.prod(shape)} values, but X has "
                f"{n_features} features."
            )
    elif estimator.cutmix_alpha:
        raise ValueError("cutmix_alpha > 0 needs image_shape.")
    return Regularization(
        l2=float(estimator.alpha * (1 - estimator.l1_ratio)),
        l1=float(estimator.alpha * estimator.l1_ratio),
        decoupled=bool(estimator.decoupled_weight_decay),
        max_norm=None if estimator.max_norm is None else float(estimator.max_norm),
        weight_noise=noise_parameter(
            "weight_noise", estimator.weight_noise, ADDITIVE_NOISES
        ),
        gradient_noise=noise_parameter(
            "gradient_noise", estimator.gradient_noise, ADDITIVE_NOISES
        ),
        input_noise=noise_parameter("input_noise", estimator.input_noise, NOISES),
        mixup_alpha=float(estimator.mixup_alpha),
        cutmix_alpha=float(estimator.cutmix_alpha),
        image_shape=shape,
    )


def check_for_lbfgs(plan, regular, validation):
    """Raise if the solver 'lbfgs', whose objective must not change, cannot do it."""
    refused = {
        "dropout": any(plan.dropout),
        "structured_dropout": any(plan.structured_dropout),
        "input_dropout": plan.input_dropout,
        "stochastic_depth": any(plan.stochastic_depth),
        "activation_noise": plan.activation_noise,
        "input_noise": regular.input_noise,
        "weight_noise": regular.weight_noise,
        "gradient_noise": regular.gradient_noise,
        "mixup_alpha": regular.mixup_alpha,
        "cutmix_alpha": regular.cutmix_alpha,
        "max_norm": regular.max_norm is not None,
        "l1_ratio": regular.l1,
        "decoupled_weight_decay": regular.decoupled,
        "X_val": validation,
    }
    for name, given in refused.items():
        if given:
            raise ValueError(f"{name} needs solver='adam' or solver='sgd'.")


def make_optimizer(estimator):
    """Return a new optimiser."""
    if estimator.solver == "sgd":
        return NetworkSGD(
            estimator.learning_rate_init,
            estimator.learning_rate,
            estimator.momentum,
            bool(estimator.nesterovs_momentum),
            estimator.power_t,
        )
    return NetworkAdam(
        estimator.learning_rate_init,
        estimator.beta_1,
        estimator.beta_2,
        estimator.epsilon,
    )


def rows_a_batch(estimator, n_samples):
    """Return the batch size for so many samples, with scikit-learn's warning."""

    if estimator.batch_size == "auto":
        size = min(200, n_samples)
    else:
        if estimator.batch_size > n_samples:
            warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going "
                "to be clipped",
            )
        size = min(int(estimator.batch_size), n_samples)
    if estimator.batch_norm and size < 2:
        raise ValueError(
            "batch_norm needs batches of two rows or more; batch_size is "
            f"{estimator.batch_size} and there are {n_samples} training rows."
        )
    return size
