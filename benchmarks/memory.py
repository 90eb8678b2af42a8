"""Resident memory of this process and its high-water mark (Linux; NaN elsewhere)."""

from pathlib import Path

_PROCESS = Path("/proc/self")


def reset_peak():
    """Forget the high-water mark, so that the next peak is the next call's own."""
    try:
        (_PROCESS / "clear_refs").write_text("5")
    except OSError:
        pass


def resident_kb():
    return _field("VmRSS")


def peak_kb():
    return _field("VmHWM")


def _field(name):
    try:
        for line in (_PROCESS / "status").read_text().splitlines():
            if line.startswith(name + ":"):
                return float(line.split()[1])
    except OSError:
        pass
    return float("nan")
