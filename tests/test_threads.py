"""Parts of an array that several threads work on."""

import threading
from itertools import pairwise

import pytest

from sklreg._threads import in_parts


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_parts_cover_the_whole_in_order(threads, monkeypatch):
    monkeypatch.setattr("sklreg._threads.n_threads", lambda: threads)
    parts = in_parts(lambda first, last: (first, last), 1000, 10)
    assert len(parts) == (1 if threads == 1 else 4 * threads)
    assert parts[0][0] == 0 and parts[-1][1] == 1000
    assert all(a[1] == b[0] for a, b in pairwise(parts))


def test_the_caller_is_one_of_the_threads(monkeypatch):
    monkeypatch.setattr("sklreg._threads.n_threads", lambda: 2)
    both = threading.Barrier(2, timeout=60)
    names = []

    def meet(first, last):
        names.append(threading.current_thread().name)
        if len(names) <= 2:
            both.wait()

    in_parts(meet, 1000, 10)
    assert threading.current_thread().name in names
    assert len(set(names)) == 2


def test_an_error_in_a_part_is_raised(monkeypatch):
    monkeypatch.setattr("sklreg._threads.n_threads", lambda: 2)

    def fail(first, last):
        if first > 400:
            raise ValueError("no such part")

    with pytest.raises(ValueError, match="no such part"):
        in_parts(fail, 1000, 10)
