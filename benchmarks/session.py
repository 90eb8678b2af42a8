"""A conversation with one worker: a tolerance out, a measurement back, or time out."""

import os
import selectors
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

from benchmarks import environments

PATIENCE = 60.0  # seconds more for the first answer of a process: it may compile


class WorkerError(Exception):
    """The peer failed; the message is its own."""


class WorkerTimeout(Exception):
    """The peer said nothing in the time it was given; it has been ended."""


@dataclass(frozen=True)
class Measurement:
    """Seconds of each call in order, and the memory of the first."""

    seconds: tuple
    resident_kb: float
    peak_kb: float


class Session:
    """A worker process for one peer, problem and task; use as a context manager."""

    def __init__(self, peer, arguments, *, threads, limit):
        self._limit = limit + PATIENCE
        self._pending = b""
        self._complaints = tempfile.TemporaryFile()  # a pipe would fill up and block
        self._process = subprocess.Popen(
            environments.command(peer) + [str(value) for value in arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=environments.variables(threads),
            cwd=environments.ROOT.parent,
            start_new_session=True,  # so that its own workers end with it
        )
        try:
            import_seconds, self.version = self._listen("ready").split(maxsplit=1)
        except BaseException:
            self.close()
            raise
        self.import_seconds = float(import_seconds)
        self._warm_limit = limit

    def measure(self, tol):
        """Have the task solved to the peer's tolerance `tol`."""
        try:
            self._process.stdin.write(f"{tol!r}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # listening tells why
        before, peak, *seconds = map(float, self._listen("ok").split())
        self._limit = self._warm_limit
        return Measurement(tuple(seconds), before, peak)

    def _listen(self, expected):
        word, _, rest = self._line().partition(" ")
        if word != expected:
            raise WorkerError(rest or word)
        return rest.strip()

    def _line(self):
        """The next line that is ours; libraries may print what they like."""
        deadline = time.monotonic() + self._limit
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while True:
                line, newline, rest = self._pending.partition(b"\n")
                if newline:
                    self._pending = rest
                    if line.split(b" ")[0] in (b"ready", b"ok", b"error"):
                        return line.decode()
                    continue
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    self.close()
                    raise WorkerTimeout(f"no answer in {self._limit:g} s")
                chunk = os.read(self._process.stdout.fileno(), 65536)
                if not chunk:
                    raise WorkerError(self._last_words())
                self._pending += chunk

    def _last_words(self):
        self._process.wait()
        self._complaints.seek(0)
        message = self._complaints.read().decode(errors="replace").strip()
        return message.split("\n")[-1] or f"exit code {self._process.returncode}"

    def close(self):
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.communicate()
        self._complaints.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
