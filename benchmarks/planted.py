"""Find planted failures: recall, precision, and how often an analysis of nothing finds something.

    python benchmarks/planted.py --quick
    python benchmarks/planted.py --peer cleanlab --peer sliceguard-like --write docs/benchmarks.md
    python benchmarks/planted.py --only label_error --peer cleanlab --first-seed 1000

Synthetic latent spaces, and real digits through a model that is trained here (torch); MNIST too,
where `MLFLOW_LATENT_TEST_DATA` names a folder with `mnist10k.npz`. `--peer cleanlab` needs
`pip install cleanlab`. `docs/benchmarks.md` says how to read the tables.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from _planted import nulls, real, regions, twins
from _planted.dataset import NOTHING, Case
from _planted.peers import PEERS
from _planted.score import Outcome, run
from _planted.tables import render

from mlflow_latent.insights.registry import insight_kinds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BEGIN, END = "<!-- planted: begin -->", "<!-- planted: end -->"
QUICK = 6  # a quick run makes one in so many of a cell's data sets


def main() -> None:
    """Run the cells, print the tables, write them where asked."""
    arguments = parse()
    if arguments.write:
        replace_between_marks(arguments.write, "Running.")  # or say now that there is no place
    cases = list(choose(arguments))
    there = {kind.name for kind in insight_kinds()}
    missing = {case.kind for case in cases} - there - {NOTHING}
    outcomes: list[Outcome] = []
    tables = ""
    for case in cases:
        if case.kind not in missing:
            outcomes += run_case(case, arguments)
        tables = f"{conditions()}\n\n{render(outcomes, missing, arguments.peer)}"
        if arguments.write:  # after each cell: a run that is ended early leaves what it has
            replace_between_marks(arguments.write, tables)
    print(tables)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few cells, a few data sets each")
    parser.add_argument("--only", action="append", default=[], metavar="KIND", help="or 'nothing'")
    parser.add_argument("--cell", default="", help="only cells whose name holds this text")
    parser.add_argument("--peer", action="append", default=[], choices=list(PEERS))
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, help="data sets of each cell")
    parser.add_argument("--write", type=Path, help="Markdown file with a marked place for tables")
    return parser.parse_args()


def choose(arguments: argparse.Namespace) -> Iterator[Case]:
    """Give the cells that were asked for."""
    for module in (regions, twins, real, nulls):
        for case in module.cases():
            wanted = not arguments.only or case.kind in arguments.only
            if wanted and arguments.cell in case.name and (case.quick or not arguments.quick):
                yield case


def run_case(case: Case, arguments: argparse.Namespace) -> list[Outcome]:
    """Run one cell, and say how it went."""
    count = arguments.seeds or (max(2, case.seeds // QUICK) if arguments.quick else case.seeds)
    seeds = range(arguments.first_seed, arguments.first_seed + count)
    outcomes = [run(case, seed, arguments.peer) for seed in seeds]
    report(case, outcomes)
    return outcomes


def report(case: Case, outcomes: Sequence[Outcome]) -> None:
    """Say on standard error which seeds to look at."""
    fired = case.kind == NOTHING
    odd = [o.seed for o in outcomes if o.match.found == fired]
    seconds = sum(o.seconds for o in outcomes) / len(outcomes)
    word = "fired on" if fired else "missed"
    print(f"{case.kind}: {case.name}: {word} seeds {odd}, {seconds:.2f} s each", file=sys.stderr)


def conditions() -> str:
    """Say what the tables were made with."""
    asked = " ".join(argument for argument in sys.argv[1:] if "/" not in argument)
    return f"mlflow-latent {version('mlflow-latent')}, {os.cpu_count()} cores; arguments: `{asked}`"


def replace_between_marks(path: Path, tables: str) -> None:
    """Put the tables into their place in a document."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{path} has no place for tables: {BEGIN} … {END}")
    path.write_text(f"{before}{BEGIN}\n\n{tables}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=UserWarning, module="cleanlab")
    main()
