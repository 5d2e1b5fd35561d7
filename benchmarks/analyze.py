"""Time `analyze` against umap-learn, each in a fresh process, alternating.

    python benchmarks/analyze.py --rows 122000 --dim 576 --peer umap-learn
    python benchmarks/analyze.py --rows 122000 --dim 576 --peer umap-learn --no-projection
    python benchmarks/analyze.py --rows 1000000 --dim 128 --peer none

The embeddings are clustered and curved: 80 classes in 12 dimensions, through two random layers
with ReLU, plus noise. Both sides read their input from a file, and their time is that of the whole
process: start, imports, compilation, work. The peer, `umap.UMAP().fit_transform`, is given the
50 principal components, already computed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

CLASSES, LATENT, HIDDEN = 80, 12, 256
PEER_COMPONENTS = 50
CHUNK_ROWS = 50_000
HARD_CLASS, HARD_LOSS = 7, 3.0  # one class in which the model fails, so that there is an insight
EMBEDDING, COLUMNS, COMPONENTS = "embedding.npy", "columns.npz", "components.npy"


@dataclass(frozen=True)
class Timing:
    """One process: wall-clock seconds and peak resident memory in GiB."""

    seconds: float
    memory: float


def main() -> None:
    """Make the data, time both sides, print medians, ranges and the ratio."""
    arguments = parse()
    if arguments.side:
        SIDES[arguments.side](arguments.folder)
        return
    with tempfile.TemporaryDirectory() as folder:
        write_data(Path(folder), arguments.rows, arguments.dim)
        sides = [arguments.ours] + (["peer"] if arguments.peer == "umap-learn" else [])
        if "peer" in sides:
            write_components(Path(folder))
        timings: dict[str, list[Timing]] = {side: [] for side in sides}
        for _ in range(arguments.runs):
            for side in sides:
                timings[side].append(time_process(side, Path(folder)))
                print(f"  {side}: {timings[side][-1].seconds:.1f} s", flush=True)
    show(arguments, timings)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=122_000)
    parser.add_argument("--dim", type=int, default=576)
    parser.add_argument("--peer", choices=["umap-learn", "none"], default="umap-learn")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--no-projection", dest="ours", action="store_const", const="plain", default="projected"
    )
    parser.add_argument("--side", choices=list(SIDES), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def write_data(folder: Path, rows: int, dim: int) -> None:
    """Write embeddings and columns as a run with train and val would have them."""
    random = np.random.default_rng(0)
    target = random.integers(0, CLASSES, rows)
    latent = random.normal(size=(CLASSES, LATENT))[target]
    latent += 0.45 * random.normal(size=latent.shape)
    inner = random.normal(size=(LATENT, HIDDEN)).astype(np.float32) / np.sqrt(LATENT)
    outer = random.normal(size=(HIDDEN, dim)).astype(np.float32) / np.sqrt(HIDDEN)
    bias = random.normal(size=HIDDEN).astype(np.float32) / 2
    shape = (rows, dim)
    embedding = np.lib.format.open_memmap(folder / EMBEDDING, "w+", np.float32, shape)
    for start in range(0, rows, CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        hidden = np.maximum(latent[part].astype(np.float32) @ inner + bias, 0)
        noise = 0.05 * random.standard_normal(embedding[part].shape, dtype=np.float32)
        embedding[part] = np.maximum(hidden @ outer, 0) + noise
    embedding.flush()
    save_columns(folder, target, latent, random)


def save_columns(
    folder: Path,
    target: np.ndarray,
    latent: np.ndarray,
    random: np.random.Generator,
) -> None:
    """Write splits, losses, predictions and metadata; one class is hard, and darker."""
    hard = target == HARD_CLASS
    split = random.choice(["train", "val"], len(target), p=[0.8, 0.2])
    loss = random.exponential(np.where(hard, HARD_LOSS, 1.0)) * np.where(split == "val", 1.3, 1.0)
    wrong = random.random(len(target)) < np.where(hard, 0.5, 0.1)
    np.savez(
        folder / COLUMNS,
        split=split,
        loss=loss.astype(np.float32),
        target=target,
        prediction=np.where(wrong, random.integers(0, CLASSES, len(target)), target),
        brightness=random.normal(size=len(target)) - hard,
        contrast=random.gamma(2.0, size=len(target)),
        width=random.integers(200, 640, len(target)),
        red_mean=latent[:, 0] + random.normal(size=len(target)),
        weather=random.choice(["sun", "rain", "night"], len(target)),
    )


def write_components(folder: Path) -> None:
    """Write the principal components that the peer is given."""
    embedding = np.load(folder / EMBEDDING, mmap_mode="r")
    centered = np.asarray(embedding) - embedding.mean(axis=0)
    axes = np.linalg.eigh(centered.T @ centered)[1][:, -PEER_COMPONENTS:]
    np.save(folder / COMPONENTS, np.ascontiguousarray(centered @ axes))


def time_process(side: str, folder: Path) -> Timing:
    """Run one side in a fresh process."""
    command = [sys.executable, __file__, "--side", side, "--folder", str(folder)]
    began = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{side} failed with exit status {process.returncode}")
    return Timing(seconds, usage.ru_maxrss / 2**20)


def run_analysis(folder: Path, projection: str) -> None:
    """Our side: a snapshot of plain arrays, analyzed."""
    from mlflow_latent.analysis import AnalysisOptions, analyze
    from mlflow_latent.measures import MeasureOptions
    from mlflow_latent.snapshot import Snapshot

    columns = dict(np.load(folder / COLUMNS))
    named = {name: columns.pop(name) for name in ("split", "loss", "target", "prediction")}
    embedding = np.load(folder / EMBEDDING)
    snapshot = Snapshot.from_arrays(
        sample_id=np.arange(len(embedding)), embedding=embedding, metadata=columns, **named
    )
    measures = MeasureOptions(projection=projection)  # type: ignore[arg-type]
    report = analyze(snapshot, AnalysisOptions(measures=measures))
    if not report.insights:
        raise SystemExit("the planted hard class was not found")


def run_projected(folder: Path) -> None:
    """Our side as users have it."""
    run_analysis(folder, "umap")


def run_plain(folder: Path) -> None:
    """Our side without projection."""
    run_analysis(folder, "none")


def run_peer(folder: Path) -> None:
    """umap-learn with its defaults."""
    import umap

    umap.UMAP().fit_transform(np.load(folder / COMPONENTS))


SIDES = {"projected": run_projected, "plain": run_plain, "peer": run_peer}


def show(arguments: argparse.Namespace, timings: dict[str, list[Timing]]) -> None:
    """Print a line per side, and the ratio of the medians."""
    print(f"{arguments.rows:,} x {arguments.dim}, {os.cpu_count()} cores, load {os.getloadavg()}")
    medians = {}
    for side, runs in timings.items():
        seconds = [run.seconds for run in runs]
        medians[side] = median(seconds)
        memory = max(run.memory for run in runs)
        extent = f"{min(seconds):.1f} to {max(seconds):.1f}"
        print(f"{side:>10}: median {medians[side]:.1f} s ({extent}), peak {memory:.2f} GiB")
    if "peer" in medians:
        print(f"     ratio: {medians[arguments.ours] / medians['peer']:.3f}")


if __name__ == "__main__":
    main()
