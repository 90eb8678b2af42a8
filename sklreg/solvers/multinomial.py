"""Multinomial logistic regression with L1, L2 and elastic net penalties, certified.

    sum_i s_i (log sum_k exp(r_ik) - r_{i y_i}) + sum_kj l1_j |w_kj| + l2_j / 2 w_kj^2

with ``r_ik = x_i w_k + b_k + o_ik`` and ``lower_j <= w_kj <= upper_j``.

Interface::

    problem = MultinomialProblem(design, codes, sample_weight=None, *, n_classes=None,
                                 fit_intercept=True, lower=None, upper=None,
                                 offset=None)
    problem.null(), .alpha_max(factor=None), .reweighted(sample_weight)
    problem.solve(l1, l2, w=None, intercept=None, *, tol=1e-6, max_iter=100)
        -> LogisticSolution with w of shape (n_classes, n_features), intercept of
           shape (n_classes,)
"""

import numpy as np
from scipy.special import logsumexp, softmax

from sklreg.solvers import _logistic_kernels as kernels
from sklreg.solvers.logistic import LogisticProblem, LogisticSolution, _floats
from sklreg.solvers.logistic_columns import LogisticColumns


class MultinomialProblem:
    """One design and classes, solved for one penalty after another.

    Parameters
    ----------
    design : DenseDesign or SparseDesign
        The data, from ``make_design(X, None, center=False)``.
    codes : ndarray of int of shape (n_samples,)
        Classes, 0 to ``n_classes - 1``.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights s; rows of weight zero are as good as absent.
    n_classes : int or None
        Number of classes; by default one more than the largest code.
    fit_intercept : bool
        Whether there are intercepts, which are not penalised.
    lower, upper : ndarray of shape (n_features,) or None
        Bounds of the coefficients of every class, ``lower <= 0 <= upper``.
    offset : ndarray of shape (n_samples, n_classes) or None
        Known part o of the raw predictions.
    """

    def __init__(
        self,
        design,
        codes,
        sample_weight=None,
        *,
        n_classes=None,
        fit_intercept=True,
        lower=None,
        upper=None,
        offset=None,
        working=None,
    ):
        n_samples, n_features = design.shape
        self.design = design
        self.codes = np.asarray(codes)
        self.n_classes = int(self.codes.max()) + 1 if n_classes is None else n_classes
        self.fit_intercept = fit_intercept
        self.weight = _floats(sample_weight, n_samples, 1.0)
        shape = n_samples, self.n_classes
        self.offset = np.zeros(shape) if offset is None else np.asarray(offset, float)
        self.lower = _floats(lower, n_features, -np.inf)
        self.upper = _floats(upper, n_features, np.inf)
        self.working = working or LogisticColumns(design, fit_intercept)
        self.target = np.zeros(shape)
        self.target[np.arange(n_samples), self.codes] = 1.0
        self._null = None

    def reweighted(self, sample_weight):
        """Return the problem under other row weights, sharing the panel of columns."""
        return MultinomialProblem(
            self.design,
            self.codes,
            sample_weight,
            n_classes=self.n_classes,
            fit_intercept=self.fit_intercept,
            lower=self.lower,
            upper=self.upper,
            offset=self.offset,
            working=self.working,
        )

    def loss(self, raw):
        """Return the weighted log loss."""
        own = raw[np.arange(len(raw)), self.codes]
        return float(self.weight @ logsumexp(raw - own[:, None], axis=1))

    def null(self):
        """Return the best intercepts without features, and the objective there."""
        if self._null is None:
            intercept = np.zeros(self.n_classes)
            if self.fit_intercept:
                share = self.weight @ self.target / self.weight.sum()
                intercept = np.log(np.clip(share, 1e-15, 1.0))
                intercept -= intercept.mean()
                if self.offset.any():
                    intercept = self._newton_intercept(self.offset, intercept)
            self._null = intercept, self.loss(self.offset + intercept)
        return self._null

    def _newton_intercept(self, fixed, intercept):
        value = self.loss(fixed + intercept)
        for _ in range(100):
            P = softmax(fixed + intercept, axis=1)
            gradient = self.weight @ (self.target - P)
            H = np.diag(self.weight @ P) - P.T @ (self.weight[:, None] * P)
            step = np.linalg.lstsq(H, gradient, rcond=1e-13)[0]
            step *= min(1.0, 4.0 / max(np.abs(step).max(), 1e-300))
            trial = self.loss(fixed + intercept + step)
            while trial > value and np.abs(step).max() > 1e-13:
                step *= 0.5
                trial = self.loss(fixed + intercept + step)
            if trial >= value or np.abs(intercept).max() > 700.0:
                break
            intercept, value = intercept + step, trial
        return intercept

    def alpha_max(self, factor=None):
        """Return the smallest level of ``l1 = level * factor`` at which w is zero.

        Features of factor zero are not penalised and are fitted first.
        """
        n_features = self.design.shape[1]
        factor = np.ones(n_features) if factor is None else factor
        penalised = factor > 0.0
        if not penalised.any():
            return 0.0
        raw = self.offset + self.null()[0]
        if not penalised.all():
            held = np.where(penalised, 0.0, np.inf)
            only = self.reweighted(self.weight)
            only.lower = np.maximum(self.lower, -held)
            only.upper = np.minimum(self.upper, held)
            zeros = np.zeros(n_features)
            found = only.solve(zeros, zeros, tol=1e-10)
            raw = self.offset + found.intercept + self._product(found.w)
        theta = self.weight[:, None] * (self.target - softmax(raw, axis=1))
        slope = self.design.raw_correlate(theta)
        side = np.where(
            slope > 0.0, self.upper[:, None] > 0.0, self.lower[:, None] < 0.0
        )
        slope = np.where(side, np.abs(slope), 0.0).max(axis=1)
        return float(np.max(slope[penalised] / factor[penalised]))

    def solve(self, l1, l2, w=None, intercept=None, *, tol=1e-6, max_iter=100):
        """Solve for one penalty, from a warm start if there is one.

        Parameters
        ----------
        l1, l2 : float or ndarray of shape (n_features,)
            Penalty of each coefficient, the same in every class.
        w : ndarray of shape (n_classes, n_features) or None
            Where to start.
        intercept : ndarray of shape (n_classes,) or None
            Where the intercepts start.
        tol : float
            The duality gap is brought down to ``tol`` times the null value.
        max_iter : int
            Limit of the number of Newton steps.

        Returns
        -------
        LogisticSolution
        """
        n_features = self.design.shape[1]
        l1, l2 = l1 * np.ones(n_features), l2 * np.ones(n_features)
        null_intercept, null_value = self.null()
        shape = self.n_classes, n_features
        w = np.zeros(shape) if w is None else np.array(w, dtype=np.float64)
        np.clip(w, self.lower, self.upper, out=w)
        if intercept is None or not self.fit_intercept:
            intercept = null_intercept
        intercept = np.array(intercept, dtype=np.float64)
        raw = self.offset + intercept + self._product(w)
        n_iter = 0
        while True:
            if self.fit_intercept:
                move = self._newton_intercept(raw, np.zeros(self.n_classes))
                intercept += move - move.mean()
                raw += move - move.mean()
            gap = self._certify(raw, w, l1, l2)
            if gap <= tol * null_value or n_iter >= max_iter:
                break
            for k in range(self.n_classes):
                self._move_class(k, raw, w, intercept, l1, l2, gap / null_value)
            n_iter += 1
        return LogisticSolution(w, intercept, gap, null_value, n_iter)

    def _product(self, w):
        return np.column_stack(
            [
                self.design.raw_product(np.flatnonzero(v), v[np.flatnonzero(v)])
                for v in w
            ]
        )

    def _move_class(self, k, raw, w, intercept, l1, l2, gap):
        """Given all other classes, one class is a binary problem with an offset."""
        others = np.delete(raw, k, axis=1)
        known = self.offset[:, k] - logsumexp(others, axis=1)
        binary = LogisticProblem(
            self.design,
            self.codes == k,
            self.weight,
            fit_intercept=self.fit_intercept,
            lower=self.lower,
            upper=self.upper,
            offset=known,
            working=self.working,
        )
        found = binary.solve(
            l1, l2, w[k], intercept[k], tol=max(1e-13, 1e-2 * gap), max_iter=20
        )
        support = np.flatnonzero(found.w)
        w[k], intercept[k] = found.w, found.intercept
        raw[:, k] = self.offset[:, k] + found.intercept
        raw[:, k] += self.design.raw_product(support, found.w[support])

    def _certify(self, raw, w, l1, l2):
        """Return the duality gap."""
        s = self.weight[:, None]
        P = softmax(raw, axis=1)
        theta = s * (self.target - P)
        free = np.flatnonzero((l1 == 0.0) & (l2 == 0.0))
        if self.fit_intercept or len(free):
            theta = self._project(theta, P, free)
        slope = np.ascontiguousarray(self.design.raw_correlate(theta).T)
        value = self.loss(raw)
        K = self.n_classes
        flat = [np.tile(v, K) for v in (l1, l2, self.lower, self.upper)]
        w, slope = w.ravel(), slope.ravel()
        value += kernels.penalty_value(w, *flat[:2])
        scale = kernels.dual_scale(slope, w, *flat)
        best = -np.inf
        for c in {1.0, scale}:
            conjugate = kernels.conjugate_value(slope, c, *flat)
            if np.isfinite(conjugate):
                best = max(best, self._entropy(theta, c) - conjugate)
        return value - best

    def _entropy(self, theta, scale):
        kept = self.weight > 0.0
        Q = self.target[kept] - scale * theta[kept] / self.weight[kept, None]
        if Q.min() < -1e-15:
            return -np.inf
        Q = np.clip(Q, 0.0, None)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(Q > 0.0, Q * np.log(Q), 0.0)
        return float(
            -self.weight[kept] @ logs.sum(axis=1)
            - scale * np.sum(theta[kept] * self.offset[kept])
        )

    def _project(self, theta, P, free):
        """Make theta orthogonal to intercepts and unpenalised features."""
        columns = self.design.X[:, free]
        columns = columns.toarray() if self.design.sparse else columns
        columns = columns.astype(np.float64)
        if self.fit_intercept:
            columns = columns - columns.mean(axis=0)
            columns = np.column_stack([np.ones(len(columns)), columns])
        K, m = self.n_classes, columns.shape[1]
        H = np.zeros((K, m, K, m))
        for k in range(K):
            for c in range(K):
                d = self.weight * P[:, k] * ((k == c) - P[:, c])
                H[k, :, c, :] = columns.T @ (d[:, None] * columns)
        right = (columns.T @ theta).T.ravel()
        c = np.linalg.lstsq(H.reshape(K * m, K * m), right, rcond=1e-13)[0]
        move = columns @ c.reshape(K, m).T
        change = P * (move - np.sum(P * move, axis=1, keepdims=True))
        return theta - self.weight[:, None] * change
