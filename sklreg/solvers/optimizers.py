"""Optimisers: from a gradient to the move that is added to the parameters.

Each keeps its moments for a list of arrays and returns moves of the same shapes. The
stochastic kernels inline the same rules; tests hold the two together. A new optimiser
is one class here and one line in :data:`OPTIMIZERS`.
"""

import numpy as np

__all__ = ["OPTIMIZERS", "SGD", "Adam"]


class SGD:
    """Gradient steps with momentum (Polyak, 1964), Nesterov's form if asked.

    Parameters
    ----------
    momentum : float, default=0.0
        Share of the last move that is repeated, in [0, 1).
    nesterov : bool, default=False
        Take the gradient as if at the point that momentum leads to (Sutskever et al.,
        2013, On the importance of initialization and momentum in deep learning).

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.solvers.optimizers import SGD
    >>> sgd = SGD(momentum=0.5)
    >>> [float(sgd.moves([np.ones(1)], 0.1)[0][0]) for _ in range(2)]
    [-0.1, -0.15000000000000002]
    """

    def __init__(self, momentum=0.0, nesterov=False):
        self.momentum = momentum
        self.nesterov = nesterov
        self._velocities = None

    def moves(self, gradients, learning_rate):
        """Return what to add to each parameter.

        Parameters
        ----------
        gradients : list of ndarray
            Slope of the objective in each parameter.
        learning_rate : float
            Step size.

        Returns
        -------
        list of ndarray
            One move a gradient.
        """
        steps = [-learning_rate * gradient for gradient in gradients]
        if not self.momentum:
            return steps
        if self._velocities is None:
            self._velocities = [np.zeros_like(step) for step in steps]
        for velocity, step in zip(self._velocities, steps, strict=True):
            velocity *= self.momentum
            velocity += step
        if not self.nesterov:
            return [velocity.copy() for velocity in self._velocities]
        return [
            self.momentum * velocity + step
            for velocity, step in zip(self._velocities, steps, strict=True)
        ]


class Adam:
    """Steps scaled by the gradients' running moments (Kingma & Ba, 2015).

    Parameters
    ----------
    beta_1, beta_2 : float, default=0.9 and 0.999
        Decay of the first and of the second moment.
    epsilon : float, default=1e-8
        Keeps the division safe.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.solvers.optimizers import Adam
    >>> Adam().moves([np.array([5.0, -0.2])], 0.1)[0].round(6)
    array([-0.1,  0.1])
    """

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self._first = None
        self._second = None
        self._updates = 0

    def moves(self, gradients, learning_rate):
        """Return what to add to each parameter.

        Parameters
        ----------
        gradients : list of ndarray
            Slope of the objective in each parameter.
        learning_rate : float
            Step size.

        Returns
        -------
        list of ndarray
            One move a gradient.
        """
        if self._first is None:
            self._first = [np.zeros_like(gradient) for gradient in gradients]
            self._second = [np.zeros_like(gradient) for gradient in gradients]
        self._updates += 1
        first_bias = 1 - self.beta_1**self._updates
        second_bias = 1 - self.beta_2**self._updates
        moves = []
        for gradient, first, second in zip(
            gradients, self._first, self._second, strict=True
        ):
            first += (1 - self.beta_1) * (gradient - first)
            second += (1 - self.beta_2) * (gradient**2 - second)
            spread = np.sqrt(second / second_bias) + self.epsilon
            moves.append(-learning_rate * (first / first_bias) / spread)
        return moves


OPTIMIZERS = {"sgd": SGD, "adam": Adam}
