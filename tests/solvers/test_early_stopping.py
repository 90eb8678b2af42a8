import math
from functools import partial

import numpy as np
import pytest

from sklreg.solvers import _stochastic_kernels as kernels
from sklreg.solvers.early_stopping import EarlyStopping
from sklreg.solvers.stochastic_state import make_settings


def run(scores, patience, tol):
    """Epochs done, and the stopper, with the epoch's own number as the state."""
    stopper = EarlyStopping(patience, tol)
    for epoch, score in enumerate(scores, 1):
        if stopper.update(score, partial(int, epoch)):
            break
    return epoch, stopper


def test_stops_after_patience_stale_epochs():
    epochs, stopper = run([1.0, 2.0, 1.9, 1.8, 1.7, 9.0], patience=3, tol=0.0)
    assert epochs == 5
    assert (stopper.best_epoch, stopper.best_score, stopper.best_state) == (2, 2.0, 2)


def test_small_gains_are_stale_but_may_be_the_best():
    epochs, stopper = run([1.0, 1.05, 1.09, 5.0], patience=2, tol=0.1)
    assert epochs == 3
    assert stopper.best_state == 3


def test_first_of_equal_scores_is_the_best():
    _, stopper = run([0.5, 0.7, 0.7, 0.7], patience=9, tol=None)
    assert stopper.best_epoch == 2


def test_without_tol_it_never_stops():
    epochs, stopper = run([3.0] + [0.0] * 50, patience=2, tol=None)
    assert epochs == 51
    assert stopper.best_state == 1


def test_a_fresh_epoch_ends_the_count():
    epochs, _ = run([1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 0.0], patience=2, tol=0.0)
    assert epochs == 7


def test_state_is_copied_only_when_best():
    copies = []
    stopper = EarlyStopping(9, 0.0)
    for score in (1.0, 0.5, 2.0, 1.5):
        stopper.update(score, partial(copies.append, score))
    assert copies == [1.0, 2.0]


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_refuses_scores_that_are_not_finite(score):
    with pytest.raises(ValueError, match="validation score is"):
        EarlyStopping(1, 0.0).update(score, lambda: None)


@pytest.mark.parametrize("tol", [None, 0.0, 0.05])
@pytest.mark.parametrize("patience", [1, 3])
def test_the_kernel_follows_the_same_rule(patience, tol):
    rng = np.random.default_rng(patience)
    settings = make_settings(
        loss="hinge",
        epsilon=0.1,
        penalised=True,
        alpha=1e-4,
        l1_ratio=0.0,
        learning_rate="constant",
        tol=tol,
        max_norm=None,
        eta0=0.1,
        power_t=0.5,
        fit_intercept=True,
        intercept_decay=1.0,
        average=0,
        patience=patience,
        shuffle=False,
    )
    for _ in range(20):
        scalars = np.zeros(kernels.N_SCALARS)
        scalars[kernels.BEST] = math.inf
        stopper = EarlyStopping(patience, tol)
        for objective in rng.random(15).round(1):
            stop = stopper.update(-objective, lambda: None)
            assert kernels.plateau(settings, objective, scalars) == stop
            if stop:
                break
