"""Planted gaps: how often they are found, how often nothing is taken for one, what distances say.

    python benchmarks/gap.py --part power --write docs/benchmarks.md
    python benchmarks/gap.py --part null --write docs/benchmarks.md
    python benchmarks/gap.py --part distance --write docs/benchmarks.md
    python benchmarks/gap.py --part speed --write docs/benchmarks.md

Clustered, curved embeddings of 64 columns; the target differs from the source in one way, or not at
all. `docs/benchmarks.md` says how to read the tables.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from _gap.peers import PEERS
from _gap.shifts import DISTANCE_SIZES, POWER_SIZES, Sets, make_sets
from analyze import COLUMNS, EMBEDDING, write_data
from scipy.stats import binomtest, spearmanr

from mlflow_latent import Snapshot
from mlflow_latent.analysis import analyze
from mlflow_latent.domain_gap import GapOptions, Origin, find_gap, find_trend
from mlflow_latent.measures.domain import DomainPair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LEVEL = 0.05  # of every test in the tables
PERMUTATIONS = 199
COUNTS = ((3_000, 30), (2_000, 200), (1_500, 1_500))
DISTANCE_COUNTS = ((3_000, 200), (3_000, 1_000))
OURS = "mlflow-latent"
SPEED_ROWS, SPEED_TARGET, SPEED_COLUMNS = 122_000, 10_000, 576


def main() -> None:
    """Run a part; print each row when it is there, and write what there is, if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=list(PARTS), required=True)
    parser.add_argument("--seeds", type=int, help="data sets of each cell")
    parser.add_argument("--only", default="", help="only shifts whose name holds this text")
    parser.add_argument("--write", type=Path, help="Markdown file with a marked place for tables")
    arguments = parser.parse_args()
    part = PARTS[arguments.part]
    rows: list[list[str]] = []
    for row in part.rows(arguments.seeds or part.seeds, arguments.only):
        rows.append(row)
        print(table([], [row]), flush=True)
        if arguments.write:  # after each row: a run that is ended early leaves what it has
            replace_between_marks(arguments.write, f"gap-{arguments.part}", table(part.head, rows))


@dataclass(frozen=True)
class Part:
    """A table: its rows as they are measured, data sets of each cell, and the head."""

    rows: Callable[[int, str], Iterator[list[str]]]
    seeds: int
    head: tuple[str, ...]


def power(seeds: int, only: str) -> Iterator[list[str]]:
    """Share of data sets in which the shift is found, by shift and by counts."""
    for shift, sizes in POWER_SIZES.items():
        for n, m in COUNTS if only in shift else ():
            found = found_by(make_sets(s, n, m, shift, z) for z in sizes for s in range(seeds))
            yield [shift, f"{n:,} / {m:,}", str(seeds * len(sizes)), *shares(found)]


def null(seeds: int, _: str) -> Iterator[list[str]]:
    """Share of data sets without any shift in which one is found."""
    for n, m in COUNTS:
        found = found_by(make_sets(1_000 + s, n, m) for s in range(seeds))
        yield [f"{n:,} / {m:,}", str(seeds), *shares(found, bounds=True)]


def distance(seeds: int, only: str) -> Iterator[list[str]]:
    """Rank correlation of distances with the planted size, and the order of two candidates."""
    for shift, sizes in DISTANCE_SIZES.items():
        for n, m in DISTANCE_COUNTS if only in shift else ():
            measured = [
                [distances_of(make_sets(s * 10 + k, n, m, shift, z)) for k, z in enumerate(sizes)]
                for s in range(seeds)
            ]
            ranks = [
                [spearmanr(sizes, of).statistic for of in zip(*o, strict=True)] for o in measured
            ]
            cells = [f"{value:.2f}" for value in np.mean(ranks, axis=0)]
            yield [shift, f"{n:,} / {m:,}", str(seeds), *cells, *order(shift, n, m, seeds)]


def distances_of(sets: Sets) -> tuple[float, ...]:
    """Fréchet, sliced Wasserstein (below 0 by chance where there is none), and the AUC."""
    pair = reduced_pair(sets)
    return (*(one.squared for one in pair.distances), pair.separator.area(0.95)[0])


def order(shift: str, n: int, m: int, seeds: int) -> list[str]:
    """Two candidates that are off by a little and by twice that: is the nearer one found."""
    first, sure, wrong = [], [], []
    small, large = POWER_SIZES[shift][1:]
    for seed in range(seeds):
        near, far = (make_sets(500 + seed, n, 2 * m, shift, z) for z in (small, large))
        halves = near.target[: len(near.target) // 2], far.target[len(far.target) // 2 :]
        parts = {"unlabeled": near.source[:m], "near": halves[0], "far": halves[1]}
        snapshot = snapshot_of(parts)
        candidates = [Origin(snapshot, name) for name in ("far", "near")]
        options = GapOptions(permutations=1, projection="none")
        trend = find_trend(candidates, Origin(snapshot, "unlabeled"), options)
        step = next(one for one in trend.steps if one.distance == "frechet")
        first.append(step.nearer == "near")
        sure.append(step.nearer == "near" and step.sure)
        wrong.append(step.nearer == "far" and step.sure)
    return [f"{np.mean(part):.2f}" for part in (first, sure, wrong)]


def speed(runs: int, _: str) -> Iterator[list[str]]:
    """Time `gap` of 122,000 × 576 against 10,000, and `analyze` of the former, in this process.

    In processor time of all threads, since others use the machine too.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_data(Path(folder), SPEED_ROWS + SPEED_TARGET, SPEED_COLUMNS)
        embedding = np.load(Path(folder) / EMBEDDING)
        columns = dict(np.load(Path(folder) / COLUMNS))
    target = np.zeros(len(embedding), dtype=bool)
    target[SPEED_ROWS:] = True
    embedding[target, :20] += 0.3 * embedding.std(axis=0)[:20]
    split = np.where(target, "unlabeled", columns["split"])
    whole = make_snapshot(embedding[~target], split[~target], columns, ~target)
    both = make_snapshot(embedding, np.where(target, "unlabeled", "train"), columns, None)
    warm = make_sets(0, 200, 200)
    find_gap(*origins_of(snapshot_of({"a": warm.source, "b": warm.target})))  # imports, compiles
    analyze(make_snapshot(embedding[:600], split[:600], columns, slice(600)))
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(runs):
        began = time.process_time()
        find_gap(Origin(both, "train"), Origin(both, "unlabeled"))
        times["gap"].append(time.process_time() - began)
        began = time.process_time()
        analyze(whole)
        times["analyze"].append(time.process_time() - began)
    ours, other = (float(np.median(times[name])) for name in ("gap", "analyze"))
    what = (
        f"gap of {SPEED_ROWS:,} × {SPEED_COLUMNS} against {SPEED_TARGET:,} ÷ analyze of the former"
    )
    yield [what, f"{ours:.1f} s ÷ {other:.1f} s = {ours / other:.3f}", "0.1"]


def make_snapshot(
    embedding: np.ndarray, split: np.ndarray, columns: dict[str, np.ndarray], rows: object
) -> Snapshot:
    """Return a snapshot as a run's captures give it."""
    chosen = {name: values if rows is None else values[rows] for name, values in columns.items()}
    named = {name: chosen.pop(name) for name in ("loss", "target", "prediction")}
    chosen.pop("split")
    return Snapshot.from_arrays(
        sample_id=np.arange(len(embedding)),
        split=split,
        embedding=embedding,
        metadata=chosen,
        **named,
    )


def snapshot_of(parts: dict[str, np.ndarray]) -> Snapshot:
    """Return a snapshot whose splits are the parts."""
    sizes = [len(part) for part in parts.values()]
    return Snapshot.from_arrays(
        sample_id=np.arange(sum(sizes)),
        split=np.repeat(list(parts), sizes),
        embedding=np.concatenate(list(parts.values())),
    )


def origins_of(snapshot: Snapshot) -> tuple[Origin, ...]:
    """Return an origin for each split."""
    return tuple(Origin(snapshot, split) for split in snapshot.splits)


def reduced_pair(sets: Sets) -> DomainPair:
    """Return both sets in the space that `gap` measures them in."""
    return DomainPair(sets.source, sets.target)


def found_by(data: Iterator[Sets]) -> dict[str, list[bool]]:
    """Ask everyone about each data set."""
    found: dict[str, list[bool]] = defaultdict(list)
    for number, sets in enumerate(data):
        tests = reduced_pair(sets).tests(PERMUTATIONS)
        found[OURS].append(2 * min(test.p_value for test in tests) <= LEVEL)
        for name, peer in PEERS.items():
            found[name].append(peer(sets, np.random.default_rng(number)) <= LEVEL)
    return found


def shares(found: dict[str, list[bool]], *, bounds: bool = False) -> Iterator[str]:
    """Give the share of each, with the upper end of its interval if asked."""
    for hits in found.values():
        upper = binomtest(sum(hits), len(hits)).proportion_ci(0.95, method="wilson").high
        yield f"{np.mean(hits):.2f}" + (f" (up to {upper:.2f})" if bounds else "")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, or its rows alone."""
    lines = [head, ["---"] * len(head), *rows] if head else rows
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def replace_between_marks(path: Path, name: str, text: str) -> None:
    """Put a table into its place in a document."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    _, mark, after = rest.partition(end)
    if not mark:
        raise SystemExit(f"{path} has no place for tables: {begin} … {end}")
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


_SIZES = ("source / target", "data sets")
PARTS = {
    "power": Part(power, 6, ("shift", *_SIZES, OURS, *PEERS)),
    "null": Part(null, 60, (*_SIZES, OURS, *PEERS)),
    "distance": Part(
        distance,
        5,
        (
            *("shift", *_SIZES, "Fréchet", "sliced Wasserstein", "AUC"),
            *("nearer set first", "and sure of it", "sure and wrong"),
        ),
    ),
    "speed": Part(speed, 2, ("what", "measured", "budget")),
}

if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main()
