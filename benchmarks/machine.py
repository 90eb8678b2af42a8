"""What the figures were measured on, and how fast the hardware itself is."""

import datetime
import os
import platform
import time
from pathlib import Path

import numpy as np


def describe():
    """Name and value of everything a reader needs to judge the figures."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gb": round(
            os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1
        ),
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        **limits(),
    }


def limits(repeats=5):
    """Bytes and flops a second of one pass over X and of one Gram matrix."""
    X = np.ones((20_000, 500)).T  # 80 MB: larger than any cache
    square = np.ones((1000, 1000))
    one_pass = _best(lambda: X.T @ np.ones(500), repeats)
    product = _best(lambda: square @ square, repeats)
    return {
        "bytes_per_second": X.nbytes / one_pass,
        "flops_per_second": 2 * 1000**3 / product,
    }


def _best(call, repeats):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _cpu():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
