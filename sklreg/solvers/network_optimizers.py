"""Optimisers of a network: one pass over the vector of all its parameters.

The rules are those of :mod:`sklreg.solvers.optimizers`, in place and with the penalty
in the same pass. Adam's `epsilon` stands where scikit-learn has it, beside the root
of the second moment before the correction for its start.
"""

import numpy as np

from sklreg.solvers import _network_kernels as kernels

__all__ = ["NetworkAdam", "NetworkSGD"]


class _Optimizer:
    def __init__(self, learning_rate_init):
        self.learning_rate_init = learning_rate_init
        self.learning_rate = float(learning_rate_init)
        self._moments = None
        self._numbers = None

    def fits(self, theta):
        """Return whether the moments are those of such a vector, or none yet."""
        return self._moments is None or (
            self._moments[0].shape == theta.shape
            and self._moments[0].dtype == theta.dtype
        )

    def _start(self, theta):
        self._moments = [np.zeros_like(theta) for _ in range(self.n_moments)]
        self._numbers = np.zeros(kernels.N_NUMBERS, dtype=theta.dtype)
        self._set_constants(self._numbers)

    def _set_penalty(self, rate, l2, l1, decoupled):
        numbers = self._numbers
        numbers[kernels.L2] = 0.0 if decoupled else l2
        numbers[kernels.SHRINK] = max(0.0, 1.0 - rate * l2) if decoupled else 1.0

    def epoch_ends(self, n_seen):
        """Adapt the learning rate, after `n_seen` samples in all."""

    def cut_rate(self):
        """Divide an adaptive rate by 5; return False if there is none to cut."""
        return False


class NetworkSGD(_Optimizer):
    """Gradient steps with momentum.

    Parameters
    ----------
    learning_rate_init : float
        First learning rate.
    schedule : {'constant', 'invscaling', 'adaptive'}
        How it goes on, as in scikit-learn.
    momentum : float
        Share of the last move that is repeated.
    nesterov : bool
        Whether the momentum is Nesterov's.
    power_t : float
        Exponent of 'invscaling'.
    """

    n_moments = 1

    def __init__(self, learning_rate_init, schedule, momentum, nesterov, power_t):
        super().__init__(learning_rate_init)
        self.schedule = schedule
        self.momentum = momentum
        self.nesterov = nesterov
        self.power_t = power_t

    def _set_constants(self, numbers):
        numbers[kernels.DECAY_1] = self.momentum

    def step(self, theta, slope, n_weights, l2, l1, decoupled):
        """Move `theta` in place; return the squares and sizes of the weights before.

        Parameters
        ----------
        theta, slope : ndarray
            Parameters, the penalised weights first, and the slope of the loss.
        n_weights : int
            Number of the weights.
        l2, l1 : float
            Strengths of the penalties.
        decoupled : bool
            Whether the L2 part shrinks the weights beside the step instead of
            entering the slope.

        Returns
        -------
        tuple of float
            Sum of squares, sum of absolute values.
        """
        if self._moments is None:
            self._start(theta)
        numbers = self._numbers
        numbers[kernels.RATE] = self.learning_rate
        # as large as the step that momentum makes of a steady slope: only so do weights
        # come to rest where the penalised objective has its minimum
        reach = 1.0 - self.momentum if self.momentum < 1 else 1.0
        numbers[kernels.L1] = self.learning_rate * l1 / reach
        self._set_penalty(self.learning_rate, l2, l1, decoupled)
        return kernels.momentum(
            theta, slope, *self._moments, n_weights, self.nesterov, numbers
        )

    def epoch_ends(self, n_seen):
        if self.schedule == "invscaling":
            self.learning_rate = self.learning_rate_init / (n_seen + 1) ** self.power_t

    def cut_rate(self):
        if self.schedule != "adaptive" or self.learning_rate <= 1e-6:
            return False
        self.learning_rate /= 5.0
        return True


class NetworkAdam(_Optimizer):
    """Steps scaled by the running moments of the slopes (Kingma & Ba, 2015).

    Parameters
    ----------
    learning_rate_init : float
        Learning rate.
    beta_1, beta_2 : float
        Decay of the first and of the second moment.
    epsilon : float
        Keeps the division safe.
    """

    n_moments = 2

    def __init__(self, learning_rate_init, beta_1, beta_2, epsilon):
        super().__init__(learning_rate_init)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self._updates = 0

    def _set_constants(self, numbers):
        numbers[kernels.DECAY_1] = self.beta_1
        numbers[kernels.REST_1] = 1 - self.beta_1
        numbers[kernels.DECAY_2] = self.beta_2
        numbers[kernels.REST_2] = 1 - self.beta_2
        numbers[kernels.EPSILON] = self.epsilon

    def step(self, theta, slope, n_weights, l2, l1, decoupled):
        if self._moments is None:
            self._start(theta)
        self._updates += 1
        numbers = self._numbers
        late = self.learning_rate * (1 - self.beta_2**self._updates) ** 0.5
        numbers[kernels.RATE] = late / (1 - self.beta_1**self._updates)
        numbers[kernels.L1] = late * l1
        self._set_penalty(self.learning_rate, l2, l1, decoupled)
        return kernels.adam(theta, slope, *self._moments, n_weights, numbers)

    step.__doc__ = NetworkSGD.step.__doc__
