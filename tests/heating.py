"""Heat-maps with known truth, of any samples: a bump in a corner that its number says.

`python tests/heating.py RUN [--tracking-uri URI]` adds such maps to a run that was analyzed, to see
pages with them: for the first samples of each insight.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.heatmaps import heatmaps_folder, write_heatmaps
from mlflow_latent.report.heatmaps import Heatmap, HeatmapKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from mlflow_latent.report.model import Report

SIZE = 32
EACH = 5  # samples of an insight
KINDS = tuple(
    HeatmapKind(
        what=what,
        method=method,
        layer=layer,
        label=label,
        meaning=meaning,
        quantity=quantity,
        measured="change" if what == "loss" else "fall",
    )
    for what, method, layer, label, meaning, quantity in (
        (
            *("class", "grad-cam", "features.8", "class, Grad-CAM, late layer (features.8)"),
            *("Strong where the model sees the class.", "the log-probability of the class"),
        ),
        (
            *("class", "grad-cam", "features.3", "class, Grad-CAM, middle layer (features.3)"),
            *("Strong where the model sees the class.", "the log-probability of the class"),
        ),
        (
            *("class", "occlusion", None, "class, occlusion"),
            *("Strong where covering hurts the class.", "the log-probability of the class"),
        ),
        (
            *("loss", "gradient", None, "loss, gradient"),
            *("Strong where a change of the input would change the loss most.", "the loss"),
        ),
        (
            *("region", "similarity", "features.8", "region, similarity (features.8)"),
            *(
                "Strong where the sample is like its region.",
                "the similarity to the region's center",
            ),
        ),
    )
)
ADVANTAGES = ((1.8, 0.4, 2.9), (0.2, -0.5, 0.9), (float("nan"),) * 3)


def bump(number: int, size: int = SIZE) -> NDArray[np.float32]:
    """Return a map that is strong in one of the four corners."""
    rows, columns = np.mgrid[0:size, 0:size] / size
    row, column = (0.3 + 0.4 * (number // 2 % 2)), (0.3 + 0.4 * (number % 2))
    distance = (rows - row) ** 2 + (columns - column) ** 2
    return np.exp(-distance / 0.02).astype(np.float32)


def make_heatmaps(samples: Iterable[tuple[str, str]], size: int = SIZE) -> list[Heatmap]:
    """Return a map of each kind for each (split, sample_id); of the loss, two targets."""
    return [
        Heatmap(
            split=split,
            sample_id=sample_id,
            kind=kind,
            target={"class": "class 8", "loss": "loss"}.get(kind.what, "region coarse/3"),
            values=bump(number, size) * (number + 1),
            advantage=ADVANTAGES[number % 3],
        )
        for (split, sample_id), (number, kind) in product(samples, enumerate(KINDS))
    ]


def of_insights(report: Report) -> list[tuple[str, str]]:
    """Return the first samples of each insight."""
    chosen = [key for insight in report.insights for key in insight.samples[:EACH]]
    return list(dict.fromkeys(chosen))


def main() -> None:
    """Add maps to a run."""
    from mlflow_latent.tracking import RunTracker

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--tracking-uri")
    arguments = parser.parse_args()
    tracker = RunTracker(arguments.run, arguments.tracking_uri)
    report = tracker.read_report()
    with TemporaryDirectory() as root:
        folder = heatmaps_folder(Path(root) / "latent", report.epoch)
        for path in write_heatmaps(folder, make_heatmaps(of_insights(report)), report.epoch):
            tracker.upload(path, path.parent.relative_to(root).as_posix())


if __name__ == "__main__":
    main()
