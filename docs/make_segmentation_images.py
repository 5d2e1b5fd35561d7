"""Make the pictures of docs/segmentation.md and of the README's comparison.

    python docs/make_segmentation_images.py --runs RUN RUN --data streets

The runs are those that `examples/compare_categories.py` has trained on the drawn scenes `streets`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from make_images import IMAGES, save
from PIL import Image

import mlflow_latent as ml
from mlflow_latent.report.comparison.figures import curve
from mlflow_latent.report.figures import style
from mlflow_latent_examples.compare_categories import tell

SHOWN = (  # what the sheet of scenes shows, and how many of each
    ("not night and not far and not grayscale and objects > 6", 7),
    ("night and not far and not grayscale", 2),
    ("far and not night and not grayscale", 2),
    ("grayscale and not night and not far", 1),
)
COLUMNS, GAP, WHITE = 4, 2, 255
TILE = (240, 180)
CURVE = ("metric_iou_vehicle", "count_bus")


def draw_sheet(data: Path) -> None:
    """Save a sheet of drawn scenes."""
    truth = pd.read_csv(data / "truth_images.csv")
    chosen = pd.concat([truth.query(which).head(count) for which, count in SHOWN])
    tiles = []
    for row in chosen.itertuples():
        with Image.open(data / "images" / f"{row.split}2017" / str(row.file_name)) as image:
            pixels = np.asarray(image.convert("RGB").resize(TILE, Image.Resampling.LANCZOS))
        edges = ((GAP, GAP), (GAP, GAP), (0, 0))
        tiles.append(np.pad(pixels, edges, constant_values=WHITE))
    rows = [np.hstack(tiles[first : first + COLUMNS]) for first in range(0, len(tiles), COLUMNS)]
    path = IMAGES / "street_scenes.png"
    Image.fromarray(np.vstack(rows)).save(path)
    save(path)


def draw_comparison(runs: list[str], tracking_uri: str) -> None:
    """Save a curve of the comparison."""
    comparison = ml.compare(*runs, tracking_uri=tracking_uri)
    pair = next(one for one in comparison.curves if (one.measure, one.field) == CURVE)
    path = IMAGES / "compare_buses.png"
    with style.drawing():
        style.save(curve(comparison, pair), path)
    save(path)
    print(*tell(comparison), sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", nargs=2, metavar="RUN")
    parser.add_argument("--tracking-uri", default="sqlite:///mlflow.db")
    options = parser.parse_args()
    draw_sheet(options.data)
    if options.runs:
        draw_comparison(options.runs, options.tracking_uri)
