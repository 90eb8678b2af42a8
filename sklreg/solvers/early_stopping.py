"""Early stopping with patience, and the best state kept."""

import math

__all__ = ["EarlyStopping"]


class EarlyStopping:
    """Watch a score, say when to stop, and keep the state of its best epoch.

    An epoch counts as stale when its score is below the best so far plus `tol`, as in
    scikit-learn; the best epoch itself is the first one with the highest score,
    whatever `tol`.

    Parameters
    ----------
    patience : int
        Stale epochs in a row after which to stop.
    tol : float or None
        Improvement that an epoch must bring. None never stops: the best state is kept
        all the same.

    Attributes
    ----------
    best_score : float
        Highest score so far, -inf before the first.
    best_epoch : int
        Epoch of that score, counted from 1; 0 before the first.
    best_state : object
        What `snapshot` returned then.
    stale : int
        Stale epochs since the last fresh one.

    References
    ----------
    Prechelt, L. (1998). Early Stopping, But When? In Neural Networks: Tricks of the
    Trade.

    Examples
    --------
    >>> from sklreg.solvers.early_stopping import EarlyStopping
    >>> stopper = EarlyStopping(patience=2, tol=0.0)
    >>> scores = [0.5, 0.9, 0.8, 0.7, 0.6]
    >>> [stopper.update(score, lambda: score) for score in scores[:4]]
    [False, False, False, True]
    >>> stopper.best_epoch, stopper.best_state
    (2, 0.9)
    """

    def __init__(self, patience, tol):
        self.patience = patience
        self.tol = tol
        self.best_score = -math.inf
        self.best_epoch = 0
        self.best_state = None
        self.stale = 0
        self._epoch = 0

    def update(self, score, snapshot):
        """Take the score of one more epoch; return whether to stop.

        Parameters
        ----------
        score : float
            The higher the better.
        snapshot : callable
            Called without arguments, only if this epoch is the best so far; returns a
            copy of the state to keep.

        Returns
        -------
        bool
            Whether `patience` stale epochs have passed in a row.

        Raises
        ------
        ValueError
            If `score` is not finite.
        """
        if not math.isfinite(score):
            raise ValueError(f"The validation score is {score}, not a finite number.")
        self._epoch += 1
        fresh = self.tol is None or score >= self.best_score + self.tol
        self.stale = 0 if fresh else self.stale + 1
        if score > self.best_score:
            self.best_score = score
            self.best_epoch = self._epoch
            self.best_state = snapshot()
        return self.stale >= self.patience

    def be_patient_again(self):
        """Forget the stale epochs, after the learning rate has been cut."""
        self.stale = 0
