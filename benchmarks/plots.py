"""Pictures of a run: time against gap, ratio to the best peer, growth.

``python -m benchmarks plots benchmarks/results/small`` reads ``runs.csv`` and writes
PNG files beside it, ``summary.csv`` with the time to each target, and ``table.rst``.
"""

import csv
import itertools
import math

import matplotlib.pyplot as plt

from benchmarks.configurations import Case
from benchmarks.peers import NAMES
from benchmarks.runner import TARGETS

OURS = "sklreg"
EXACT = 1e-11  # smaller gaps are drawn here: only rounding is left
COLOURS = dict(zip(NAMES, plt.get_cmap("tab10").colors, strict=False))
NUMBERS = {
    "n_samples": int,
    "n_features": int,
    "n_stored": int,
    "n_alphas": int,
    "threads": int,
    "eps": float,
    "l1_ratio": float,
    "gap": float,
    "warm_seconds": float,
}
CASE = ("problem", "task", "eps", "n_alphas", "l1_ratio", "threads", "fit_intercept")


def draw(folder, output):
    """Draw everything the run in `folder` has the rows for."""
    rows = [row for row in read(folder / "runs.csv") if row["status"] == "ok"]
    output.mkdir(parents=True, exist_ok=True)
    _write_summary(rows, output / "summary.csv")
    _write_table(rows, output / "table.rst")
    for threads, group in _grouped(rows, ("threads",)):
        suffix = f"{threads}-threads.png"
        _time_against_gap(group, output / f"gap-{suffix}")
        _ratios(group, output / f"ratio-{suffix}")
        _growth(group, _machine(folder), output / f"growth-{suffix}")


def read(path):
    with open(path, newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        for name, number in NUMBERS.items():
            row[name] = number(row[name]) if row[name] else math.nan
        row["fit_intercept"] = row.get("fit_intercept") != "False"
    return rows


def time_to(rows, target):
    """Fastest warm seconds among the rows at or below the gap; infinite if none."""
    return min(
        (row["warm_seconds"] for row in rows if row["gap"] <= target),
        default=math.inf,
    )


def _machine(folder):
    with open(folder / "machine.csv", newline="") as stream:
        return dict(csv.reader(stream))


def _grouped(rows, names):
    """Pairs of values and rows, in the order of first appearance."""
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return [
        (key[0] if len(names) == 1 else key, group) for key, group in groups.items()
    ]


def _title(key):
    case = Case(**dict(zip(CASE, key, strict=True)))
    mix = "" if case.l1_ratio == 1.0 else f", l1_ratio {case.l1_ratio:g}"
    return f"{case.problem}\n{case.label}{mix}"


def _write_summary(rows, path):
    with open(path, "w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow([*CASE, "peer", *(f"seconds_to_{t:g}" for t in TARGETS)])
        for key, group in _grouped(rows, (*CASE, "peer")):
            table.writerow([*key, *(time_to(group, target) for target in TARGETS)])


def _write_table(rows, path, target=1e-6, looser=1e-4):
    """Write the seconds of each case and peer as a table for the documentation.

    An asterisk marks time to the looser gap, where the target was not reached.
    """
    present = {row["peer"] for row in rows}
    names = [name for name in NAMES if name in present]
    with open(path, "w") as stream:
        stream.write(f".. csv-table::\n   :header: case, {', '.join(names)}\n\n")
        for key, group in _grouped(rows, CASE):
            own = {peer: found for peer, found in _grouped(group, ("peer",))}
            cells = []
            for name in names:
                seconds = time_to(own.get(name, ()), target)
                starred = "" if seconds < math.inf else "*"
                if starred:
                    seconds = time_to(own.get(name, ()), looser)
                cells.append(f"{seconds:.3g}{starred}" if seconds < math.inf else "–")
            title = _title(key).replace("\n", ", ")
            stream.write(f'   "{title}", {", ".join(cells)}\n')


def _time_against_gap(rows, path):
    cases = _grouped(rows, CASE)
    columns = min(3, len(cases))
    lines = math.ceil(len(cases) / columns)
    figure, axes = plt.subplots(
        lines, columns, figsize=(4.2 * columns, 3.2 * lines), squeeze=False
    )
    for axis, (key, group) in itertools.zip_longest(
        axes.flat, cases, fillvalue=(None, None)
    ):
        if key is None:
            axis.set_axis_off()
            continue
        for peer, own in _grouped(group, ("peer",)):
            own = sorted(own, key=lambda row: row["gap"])
            axis.loglog(
                [max(row["gap"], EXACT) for row in own],
                [row["warm_seconds"] for row in own],
                marker="o",
                markersize=6 if peer == OURS else 3,
                linewidth=2.2 if peer == OURS else 1.2,
                color=COLOURS[peer],
                label=peer,
            )
        for target in TARGETS:
            axis.axvline(target, color="0.85", zorder=0)
        axis.invert_xaxis()
        axis.set_title(_title(key), fontsize=9)
        axis.set_xlabel("relative duality gap")
        axis.set_ylabel("seconds")
    _finish(figure, axes, path)


def _ratios(rows, path, target=1e-6):
    """Bars of our time over the best peer's; below one we are ahead."""
    bars = []
    for key, group in _grouped(rows, CASE):
        seconds = {
            peer: time_to(own, target) for peer, own in _grouped(group, ("peer",))
        }
        ours = seconds.pop(OURS, math.inf)
        best = min(seconds, key=seconds.get, default=None)
        if best is None or math.inf in (ours, seconds[best]):
            continue
        bars.append((_title(key).replace("\n", ", "), ours / seconds[best], best))
    if not bars:
        return
    labels, ratios, rivals = zip(*bars, strict=True)
    figure, axis = plt.subplots(figsize=(8, 0.35 * len(bars) + 1.2))
    axis.barh(labels, ratios, color=[COLOURS[rival] for rival in rivals])
    for place, (ratio, rival) in enumerate(zip(ratios, rivals, strict=True)):
        axis.text(ratio, place, f" {ratio:.2g} × {rival}", va="center", fontsize=8)
    axis.axvline(1.0, color="black", linewidth=1)
    axis.set_xscale("log")
    axis.margins(x=0.25)
    axis.invert_yaxis()
    axis.set_xlabel(f"time of {OURS} over the best peer's, both to gap {target:g}")
    figure.savefig(path, dpi=150, bbox_inches="tight")
    plt.close(figure)


def _growth(rows, machine, path, target=1e-6):
    """Time against one size at a time, with what the hardware allows."""
    swept = [
        (name, fixed, group)
        for name, others in _SWEPT.items()
        for fixed, group in _grouped(rows, others)
        if len({row[name] for row in group}) >= 3 and _only(group, name)
    ]
    if not swept:
        return
    figure, axes = plt.subplots(
        1, len(swept), figsize=(4.4 * len(swept), 3.6), squeeze=False
    )
    for axis, (name, _, group) in zip(axes.flat, swept, strict=True):
        for peer, own in _grouped(group, ("peer",)):
            points = [
                (size, time_to(at_size, target))
                for size, at_size in _grouped(own, (name,))
            ]
            points = sorted(point for point in points if point[1] < math.inf)
            if points:
                axis.loglog(
                    *zip(*points, strict=True),
                    marker="o",
                    markersize=3,
                    color=COLOURS[peer],
                    label=_with_slope(peer, points),
                )
        _draw_limits(axis, name, group, machine)
        sizes = sorted({row[name] for row in group})
        axis.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axis.minorticks_off()
        axis.set_title(group[0]["problem"].split("-")[0] + f" path to gap {target:g}")
        axis.set_xlabel(name.replace("_", " "))
        axis.set_ylabel("seconds")
        axis.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    plt.close(figure)


_COMMON = ("task", "eps", "l1_ratio", "threads")
_SWEPT = {
    "n_samples": (*_COMMON, "n_alphas", "n_features"),
    "n_features": (*_COMMON, "n_alphas", "n_samples"),
    "n_stored": (*_COMMON, "n_alphas", "n_samples", "n_features"),
    "n_alphas": (*_COMMON, "problem"),
}


def _only(group, name):
    """A sweep over the size of X is not mistaken for one over its nonzeros."""
    dense = all(row["problem"].startswith("dense") for row in group)
    return dense != (name == "n_stored") or name == "n_alphas"


def _draw_limits(axis, name, group, machine):
    """One pass over X at the memory's speed; one Gram at the processor's."""
    sizes = {row[name]: row for row in group}
    passes, grams = [], []
    for size, row in sorted(sizes.items()):
        n, p = row["n_samples"], row["n_features"]
        width = 8 if n * p == row["n_stored"] else 12  # CSC stores an index too
        passes.append(
            (size, row["n_stored"] * width / float(machine["bytes_per_second"]))
        )
        grams.append((size, n * p * min(n, p) / float(machine["flops_per_second"])))
    axis.loglog(*zip(*passes, strict=True), "k:", label="one pass over X")
    if name != "n_stored":
        axis.loglog(*zip(*grams, strict=True), "k--", label="one Gram matrix")


def _with_slope(peer, points):
    return f"{peer} (slope {_slope(points):.1f})" if len(points) > 1 else peer


def _slope(points):
    """Of the log-log least-squares line."""
    x = [math.log(size) for size, _ in points]
    y = [math.log(seconds) for _, seconds in points]
    x_mean, y_mean = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - x_mean) * (b - y_mean) for a, b in zip(x, y, strict=True))
    return covariance / sum((a - x_mean) ** 2 for a in x)


def _finish(figure, axes, path):
    handles = {}
    for axis in axes.flat:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(
        handles.values(), handles, loc="upper center", ncol=len(handles), frameon=False
    )
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.3 / figure.get_figheight()))
    figure.savefig(path, dpi=100)
    plt.close(figure)
