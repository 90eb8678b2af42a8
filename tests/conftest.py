"""Before a test run, kernels made of other kernels; after it, what it reports."""

import os
import re
from collections import Counter, defaultdict
from importlib.util import find_spec
from pathlib import Path


def pytest_configure():
    """Have kernels compiled anew whose parts in other files have changed.

    numba's cache goes by the date of a kernel's own file: as `make` would, give every
    kernel file at least the date of those it imports from.
    """
    package = Path(find_spec("sklreg").origin).parent
    files = {
        ".".join(path.relative_to(package.parent).with_suffix("").parts): path
        for path in package.rglob("_*_kernels.py")
    }
    imports = {
        name: [other for other in files if re.search(rf"\b{other} import", text)]
        for name, text in ((name, path.read_text()) for name, path in files.items())
    }
    for _ in files:  # parts have parts
        for name, parts in imports.items():
            newest = max((files[part].stat().st_mtime for part in parts), default=0)
            if newest > files[name].stat().st_mtime and os.access(files[name], os.W_OK):
                os.utime(files[name], (newest, newest))
    # numba writes a kernel's index before the kernel: until then, another process could
    # load what an edit has left behind
    for kernel in package.rglob("__pycache__/*.nb[ci]"):
        source = kernel.parent.parent / f"{kernel.name.partition('.')[0]}.py"
        if source.exists() and source.stat().st_mtime > kernel.stat().st_mtime:
            kernel.unlink(missing_ok=True)


def pytest_terminal_summary(terminalreporter):
    """State how other packages' tests fared with our classes in their place."""
    counts = defaultdict(Counter)
    for outcome in ("passed", "failed", "error", "skipped", "xfailed", "xpassed"):
        for report in terminalreporter.stats.get(outcome, ()):
            path, *inner = report.nodeid.split("::")
            if path.endswith("upstream/modules.toml") and len(inner) > 1:
                listed = "listed: " in getattr(report, "wasxfail", "")
                counts[inner[0]]["listed" if listed else outcome] += 1
    if counts:
        terminalreporter.section("upstream tests with our classes in their place")
        for module, outcomes in sorted(counts.items()):
            told = ", ".join(f"{n} {outcome}" for outcome, n in outcomes.items())
            terminalreporter.write_line(f"{module}: {told}")
