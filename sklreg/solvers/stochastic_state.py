"""What a stochastic descent is told, and what it changes: settings, extras, state."""

import math
from dataclasses import dataclass, field

import numpy as np

from sklreg._losses_kernels import CODES, PARAMETERS
from sklreg.solvers import _stochastic_kernels as kernels


def make_settings(
    *, loss, epsilon, penalised, alpha, l1_ratio, learning_rate, tol, max_norm, **others
):
    """Put the parameters of a fit in the kernels' terms."""
    loss_param = (
        epsilon if PARAMETERS.get(loss) == "epsilon" else float(loss == "hinge")
    )
    return kernels.Settings(
        loss=CODES[loss],
        loss_param=float(loss_param),
        l1=float(alpha * l1_ratio) if penalised else 0.0,
        l2=float(alpha * (1 - l1_ratio)) if penalised else 0.0,
        alpha=float(alpha),
        schedule=kernels.SCHEDULES[learning_rate],
        # 1 / (alpha * first rate), with Bottou's first rate: the typical size of a
        # weight, alpha**-1/4 (over the slope there, which no loss has above 1)
        optimal_offset=float(alpha**-0.75) if alpha > 0 else 0.0,
        max_norm=math.inf if max_norm is None else float(max_norm),
        tol=-math.inf if tol is None else float(tol),
        **others,
    )


@dataclass(frozen=True)
class Extras:
    """What takes a descent beyond one plain step a sample.

    A noise is a pair of a name in :data:`sklreg.noise.NOISES` and its scale, or None.
    """

    batch_size: int = 1
    optimizer: str = "sgd"
    momentum: float = 0.0
    nesterov: bool = False
    weight_noise: tuple | None = None
    gradient_noise: tuple | None = None
    input_noise: tuple | None = None
    input_dropout: float = 0.0

    def __bool__(self):
        return self != Extras()


@dataclass
class State:
    """Weights, their average, what the optimiser remembers: all that a fit changes."""

    w: np.ndarray
    q: np.ndarray
    aw: np.ndarray
    first: np.ndarray
    second: np.ndarray
    scalars: np.ndarray
    streams: dict = field(default_factory=dict)

    @classmethod
    def start(cls, coef, intercept, settings, extras, *, average=None):
        """Return the state of a fit that starts from these weights.

        `average` is the pair of averaged weights and intercept to go on from.
        """
        p = len(coef)
        adam = extras.optimizer == "adam"
        scalars = np.zeros(kernels.N_SCALARS)
        scalars[kernels.INTERCEPT] = intercept
        scalars[kernels.WSCALE] = 1.0
        scalars[kernels.AVERAGE_B] = 1.0
        averaged = np.zeros(p if settings.average else 0)
        if average is not None:
            averaged[:] = average[0]
            scalars[kernels.AVERAGE_INTERCEPT] = average[1]
        return cls(
            w=np.array(coef, dtype=np.float64),
            q=np.zeros(p if settings.l1 > 0 else 0),
            aw=averaged,
            first=np.zeros(p + 1 if adam or extras.momentum else 0),
            second=np.zeros(p + 1 if adam else 0),
            scalars=scalars,
        )

    def fits(self, settings, extras):
        """Return whether the state can go on under these settings."""
        scalars = self.scalars
        scaled = scalars[kernels.WSCALE] != 1.0 or scalars[kernels.AVERAGE_A] != 0.0
        if extras and scaled:
            return False  # batches keep weights and averages in full
        fresh = State.start(self.w, 0.0, settings, extras)
        return all(
            getattr(self, name).shape == getattr(fresh, name).shape
            for name in ("q", "aw", "first", "second")
        )

    def copy(self):
        """Return a copy; the random streams are shared."""
        arrays = (self.w, self.q, self.aw, self.first, self.second, self.scalars)
        return State(*(array.copy() for array in arrays), self.streams)

    def begin(self, settings, t):
        """Prepare for a call whose first update is number `t`."""
        scalars = self.scalars
        scalars[kernels.T] = t
        scalars[kernels.ETA] = settings.eta0
        scalars[kernels.BEST] = math.inf
        scalars[kernels.STALE] = 0
        w, _ = self.plain()
        scalars[kernels.SQ_NORM] = norm(w) ** 2
        scalars[kernels.L1_NORM] = np.abs(w).sum()

    def plain(self):
        """Return the weights and the intercept, not averaged."""
        w = self.w * self.scalars[kernels.WSCALE] + 0.0  # no negative zeros
        return w, self.scalars[kernels.INTERCEPT]

    def averaged(self):
        """Return their averages over the updates."""
        scalars = self.scalars
        aw = (self.aw + scalars[kernels.AVERAGE_A] * self.w) / scalars[
            kernels.AVERAGE_B
        ]
        return aw, scalars[kernels.AVERAGE_INTERCEPT]

    def model(self, settings):
        """Return what predicts: the averages once averaging has begun."""
        if 0 < settings.average <= self.scalars[kernels.T] - 1:
            return self.averaged()
        return self.plain()


def norm(array, axis=None):
    """Return the Euclidean norm, infinity where it overflows."""
    with np.errstate(over="ignore"):  # the weights' own overflow has an error
        return np.linalg.norm(array, axis=axis)
