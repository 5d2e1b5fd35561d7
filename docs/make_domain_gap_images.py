"""Make the pictures of domain-gap.md from what `examples/domain_gap.py --out runs` left.

python docs/make_domain_gap_images.py runs sqlite:///mlflow.db
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from PIL import Image, ImageDraw

import mlflow_latent as ml
from mlflow_latent.store import CaptureStore

IMAGES = Path(__file__).parent / "images"
SETS = {
    "source/images/val2017": "normal camera",
    "fisheye/images/val2017": "target: fisheye",
    "synthetic_a/images/val2017": "A: wrong colors",
    "synthetic_b/images/val2017": "B: right colors",
    "synthetic_c/images/val2017": "C: tuned",
}
ROWS, EDGE, LABEL = 3, 6, 18
FIGURES = {
    "val-fisheye/figures/fields.png": "domain_gap_fields.png",
    "trend/figures/distances.png": "domain_gap_distances.png",
    "trend/figures/fields.png": "domain_gap_still.png",
}
COLORS = 256  # a palette: a third of the bytes, and no difference that a reader sees


def contact_sheet(images: Path) -> Image.Image:
    """Return some images of each set, side by side."""
    columns = [sorted((images / place).iterdir())[:ROWS] for place in SETS]
    with Image.open(columns[0][0]) as first:
        width, height = first.size
    across, down = len(SETS) * (width + EDGE), LABEL + ROWS * (height + EDGE)
    sheet = Image.new("RGB", (across, down), "white")
    drawn = ImageDraw.Draw(sheet)
    for column, (name, files) in enumerate(zip(SETS.values(), columns, strict=True)):
        drawn.text((column * (width + EDGE), 2), name, fill="black")
        for row, path in enumerate(files):
            with Image.open(path) as picture:
                place = column * (width + EDGE), LABEL + row * (height + EDGE)
                sheet.paste(picture.convert("RGB"), place)
    return sheet


def prediction(runs: Path, tracking_uri: str) -> None:
    """Draw predicted against true losses: val, each without itself, and the target."""
    from matplotlib import pyplot as plt

    run_id = json.loads((runs / "story.json").read_text())["run_id"]
    spool = runs / "domain_gap" / ".mlflow_latent" / run_id / "latent"
    frame = CaptureStore(spool).snapshot().frame
    truth = frame[frame["split"] == "truth"].set_index("sample_id")["loss"]
    table = ml.analyze(run_id, tracking_uri=tracking_uri, projection="none").samples
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), sharex=True, sharey=True)
    for axis, split, color in zip(axes, ("val", "fisheye"), ("#0072b2", "#d55e00"), strict=True):
        rows = table[table["split"] == split].set_index("sample_id")
        true = rows["loss"] if split == "val" else truth.reindex(rows.index)
        predicted = rows["predicted_loss"]
        low, high = rows["predicted_loss_low"], rows["predicted_loss_high"]
        axis.vlines(predicted, low, high, color=color, lw=0.5, alpha=0.25)
        axis.scatter(predicted, true, s=9, color=color)
        axis.axline((7, 7), slope=1, color="0.5", lw=0.8)
        axis.set(
            title=f"{split}: {len(rows)} images", xlabel="predicted loss (lines: 90 % intervals)"
        )
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("true loss")
    figure.tight_layout()
    figure.savefig(IMAGES / "domain_gap_predicted.png", dpi=110)


def save(path: Path) -> None:
    """Make a picture small enough for a repository."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


def main(runs: Path, tracking_uri: str) -> None:
    """Make all of them."""
    sheet = IMAGES / "domain_gap_cameras.png"
    contact_sheet(runs / "images").save(sheet)
    prediction(runs, tracking_uri)
    for source, name in FIGURES.items():
        shutil.copyfile(runs / "gaps" / source, IMAGES / name)
    for name in ("domain_gap_cameras.png", "domain_gap_predicted.png", *FIGURES.values()):
        save(IMAGES / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
