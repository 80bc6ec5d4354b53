"""How fast captures become flows, beside peers, and what bounds hold.

Makes its captures from a seed, checks that all give the same answers, then times them in turns, on
one core. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.featurizer.bounds import bounds
from benchmarks.featurizer.captures import CAPTURES, make
from benchmarks.featurizer.cores import cores
from benchmarks.featurizer.flood import flood
from benchmarks.featurizer.peers import PEERS, build
from benchmarks.featurizer.rates import Timing, time_peers
from benchmarks.featurizer.report import about, aims, print_report
from benchmarks.featurizer.run import BenchmarkError
from edgemtl.cli.output import note, print_json

FOLDER = Path("build/bench")
PARTS = ("rates", "bounds", "flood", "cores")
EXAMPLES = """examples:
  python -m benchmarks.featurizer                         all parts, as a table
  python -m benchmarks.featurizer rates --captures BIG    one capture, all peers
  python -m benchmarks.featurizer flood cores             only these parts
  python -m benchmarks.featurizer --json > figures.json   as JSON
  python -m benchmarks.featurizer --quick                 two rounds, BIG alone: does it work?
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.featurizer",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all unless told")
    option("--captures", nargs="+", choices=CAPTURES, help="for the rates (all)")
    option("--rounds", type=int, help="of each figure (5); the median counts")
    option("--quick", action="store_true", help="two rounds, the rates, of BIG, unless told")
    option("--folder", type=Path, default=FOLDER, help="for 3 GB of captures (build/bench)")
    option("-o", "--output", type=Path, help="also write the JSON document here")
    option("--json", action="store_true", help="print the JSON document, no table")
    args = parser.parse_args()
    for part in args.parts:
        if part not in PARTS:
            parser.error(f"PART: must be one of {', '.join(PARTS)}, got {part!r}")
    if args.rounds is not None and args.rounds < 1:
        parser.error(f"--rounds: must be at least 1, got {args.rounds}")
    args.rounds = args.rounds or (2 if args.quick else 5)
    args.captures = args.captures or (["BIG"] if args.quick else list(CAPTURES))
    args.parts = args.parts or (["rates"] if args.quick else PARTS)
    return args


def measure(args: argparse.Namespace) -> tuple[dict[str, Any], list[Timing]]:
    """The document and its timings: those parts that were asked for."""
    folder: Path = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    build(folder)
    parts, timings, rounds = args.parts, [], args.rounds
    here = [peer for peer in PEERS if peer.missing(folder) is None]
    if "rates" in parts:
        for peer in PEERS:
            if how := peer.missing(folder):
                note(f"NOT MEASURED: {peer.name} is not installed: {how}")
        for name in args.captures:
            note(f"{name}: making the capture")
            captures = make(name, CAPTURES[name], folder)
            timings += time_peers(captures, here, folder, rounds, note)
    document: dict[str, Any] = {
        "about": about({peer.name: peer.version(folder) for peer in here}),
        "rates": [each.as_json() for each in timings],
        "bounds": bounds(folder, rounds, note) if "bounds" in parts else [],
        "flood": flood(folder, rounds, note) if "flood" in parts else [],
        "cores": cores(folder, rounds, note) if "cores" in parts else None,
    }
    document["aims"] = aims(document, timings)
    return document, timings


def main() -> int:
    """Exit 0, or 1 where a program failed or gave a wrong answer; a missed aim is no failure."""
    args = arguments()
    try:
        document, timings = measure(args)
    except BenchmarkError as error:
        note(f"benchmarks.featurizer: {error}")
        return 1
    if args.output:
        args.output.parent.mkdir(parents=True, exist_ok=True)
        args.output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if args.json:
        print_json(document)
    else:
        print_report(document, timings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
