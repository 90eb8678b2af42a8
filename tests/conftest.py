"""What a whole test run reports."""

from collections import Counter, defaultdict


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
