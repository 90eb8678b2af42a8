"""The benchmark from a shell: ``python -m benchmarks <command>``; see README.md."""

import argparse
import os
from pathlib import Path

from benchmarks import configurations, environments, peers, problems, runner

RESULTS = environments.ROOT / "results"


def main(arguments=None):
    options = _parser().parse_args(arguments)
    options.command(options)


def _environments(options):
    environments.create(options.peers or peers.NAMES)


def _run(options):
    if options.data is not None:
        os.environ[problems.DATA_VARIABLE] = str(Path(options.data).resolve())
    runner.run(
        configurations.NAMED[options.configuration],
        options.output or RESULTS / options.configuration,
        only_peers=options.peers,
        only_problems=options.problems,
        only_eps=options.eps,
        limit=options.limit,
        tolerances=options.tolerances,
    )


def _plots(options):
    from benchmarks import plots

    for folder in options.folders:
        plots.draw(Path(folder), Path(options.output or folder))


def _latency(options):
    from benchmarks import latency

    latency.report(repeats=options.repeats)


def _parser():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("environments", help="create the peers' environments")
    command.add_argument("--peers", nargs="+", choices=peers.NAMES)
    command.set_defaults(command=_environments)

    command = commands.add_parser("run", help="run a configuration, write CSV")
    command.add_argument(
        "configuration", nargs="?", default="small", choices=configurations.NAMED
    )
    command.add_argument("--peers", nargs="+", choices=peers.NAMES)
    command.add_argument("--problems", nargs="+", help="only these of its problems")
    command.add_argument(
        "--eps", nargs="+", type=float, help="only the cases down to these"
    )
    command.add_argument("--limit", type=float, help="seconds a peer may be silent")
    command.add_argument(
        "--tolerances", nargs="+", type=float, help="these, not each peer's own"
    )
    command.add_argument("--data", help="folder of the local data sets")
    command.add_argument("--output", help="folder of the results")
    command.set_defaults(command=_run)

    command = commands.add_parser("plots", help="draw the CSV of a run")
    command.add_argument("folders", nargs="+", help="folders of results")
    command.add_argument("--output", help="folder of the pictures")
    command.set_defaults(command=_plots)

    command = commands.add_parser("latency", help="imports and first fits")
    command.add_argument("--repeats", type=int, default=3)
    command.set_defaults(command=_latency)
    return parser


if __name__ == "__main__":
    main()
