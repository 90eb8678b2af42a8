"""BLAS threads, where Python threads already keep the processors busy."""

from contextlib import nullcontext
from functools import cache


@cache
def _controller():
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def blas_for(n_workers):
    """Return a context in which each of several workers has one BLAS thread.

    Workers that share BLAS threads wait for one another at every product.
    """
    return _controller().limit(limits=1) if n_workers > 1 else nullcontext()
