"""Two runs of the digits: one whose data are bad in known ways, and one in which all is mended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from exploring import TRAIN, Explored, Samples, digits, explore, write_captures

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow import MlflowClient

RARE, LEFT = 8, 12  # the class of which training has hardly any, and how many
WRONG, LEAKED = 14, 12  # labels of val that are wrong; pictures of val that are in train


@dataclass(frozen=True)
class Mended:
    """The runs, the bad one first, and what is wrong with its data."""

    tracking_uri: str
    bad: Explored
    mended: Explored
    wrong: frozenset[str]
    leaked: frozenset[str]


def make_runs(client: MlflowClient, experiment: str, folder: Path) -> Mended:
    samples = digits()
    bad, wrong, leaked = spoil(samples)
    runs = []
    for name, one in (("bad", bad), ("mended", samples)):
        captures = write_captures(folder / name, one, seed=0, boxes=True)
        runs.append(explore(client, experiment, name, captures, projection="none"))
    return Mended(client.tracking_uri, runs[0], runs[1], wrong, leaked)


def spoil(samples: Samples) -> tuple[Samples, frozenset[str], frozenset[str]]:
    rng = np.random.default_rng(0)
    target, pictures = samples.target.copy(), samples.pictures.copy()
    val = rng.permutation(np.flatnonzero((samples.split == "val") & (target != RARE)))
    wrong, copied = val[:WRONG], val[WRONG : WRONG + LEAKED]
    target[wrong] = (target[wrong] + 5) % 10
    place = rng.permutation(np.flatnonzero((samples.split == "train") & (target != RARE)))[:LEAKED]
    pictures[place], target[place] = pictures[copied], target[copied]
    rare = np.flatnonzero((target == RARE) & (np.arange(len(target)) < TRAIN))
    kept = np.setdiff1d(np.arange(len(target)), rare[LEFT:])
    bad = replace(
        samples,
        sample_id=samples.sample_id[kept],
        split=samples.split[kept],
        target=target[kept],
        metadata=samples.metadata.iloc[kept].reset_index(drop=True),
        pictures=pictures[kept],
    )
    return bad, frozenset(samples.sample_id[wrong]), frozenset(samples.sample_id[copied])
