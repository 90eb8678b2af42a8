"""Parts of an array side by side: compiled loops let go of the interpreter."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import cache
from itertools import pairwise

import numpy as np

__all__ = ["all_finite", "blas_for", "in_parts", "n_threads"]

# More threads than this wait for memory, not for each other.
_MAX_THREADS = 4
# Values below which a part is not worth a thread.
_LEAST = 2**20
# More parts than threads, so that none waits long for the slowest.
_PARTS_A_THREAD = 4


def n_threads():
    """Return how many threads may work: OMP_NUM_THREADS, or the processors there are.

    Returns
    -------
    int
        Threads, four at most.
    """
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdigit() and int(wanted):
        return min(int(wanted), _MAX_THREADS)
    try:
        there = len(os.sched_getaffinity(0))
    except AttributeError:  # not every system has it
        there = os.cpu_count() or 1
    return min(there, _MAX_THREADS)


def in_parts(function, n, least, *arguments):
    """Call ``function(first, last, *arguments)`` for parts of ``range(n)``.

    Parameters
    ----------
    function : callable
        What works on a part. Parts are not to depend on each other.
    n : int
        Length of the whole.
    least : int
        Length below which a part is not worth a thread.
    *arguments : object
        Further arguments.

    Returns
    -------
    list
        What the calls returned, in order.
    """
    threads = min(n_threads(), 1 + n // least)
    if threads == 1:
        return [function(0, n, *arguments)]
    n_parts = min(threads * _PARTS_A_THREAD, 1 + n // least)
    bounds = np.linspace(0, n, n_parts + 1).astype(np.int64).tolist()
    parts = list(pairwise(bounds))
    with ThreadPoolExecutor(threads - 1) as pool:
        others = [pool.submit(function, *part, *arguments) for part in parts]
        # This thread takes parts back from the end: one thread less to start.
        own = {
            k: function(*parts[k], *arguments)
            for k in reversed(range(n_parts))
            if others[k].cancel()
        }
        return [own[k] if k in own else others[k].result() for k in range(n_parts)]


def all_finite(values):
    """Return whether a large array is surely free of NaN and infinity.

    Parameters
    ----------
    values : ndarray of float32 or float64
        Values, in any order in memory.

    Returns
    -------
    bool
        False also where finite values have a sum that is not, and for what is not
        worth a compiled loop: small arrays, and those that lie scattered.
    """
    flat = values.reshape(-1, order="A") if values.flags.forc else values[:0]
    if flat.size < _LEAST or flat.dtype not in (np.float32, np.float64):
        return False
    from sklreg._threads_kernels import total

    flat = flat.view()
    flat.flags.writeable = False
    return bool(np.all(np.isfinite(in_parts(total, flat.size, _LEAST, flat))))


@cache
def _blas():
    # one search of the loaded libraries a process; threadpoolctl comes with sklearn
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def blas_for(n_workers):
    """Return a context in which each of several workers has one BLAS thread.

    Workers that share BLAS threads wait for one another at every product.

    Parameters
    ----------
    n_workers : int
        Python threads that work side by side; one keeps the BLAS threads it has.

    Returns
    -------
    context manager
        The limit holds inside it.
    """
    return _blas().limit(limits=1) if n_workers > 1 else nullcontext()
