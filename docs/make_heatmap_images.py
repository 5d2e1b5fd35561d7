"""Draw the figures of heatmaps.md: `python docs/make_heatmap_images.py --mnist mnist.npz`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.heatmaps import (  # noqa: E402 - the path comes first
    CLASSES,
    CROP,
    Net,
    embeddings,
    load_crops,
    load_digits,
    regions,
    sample_of,
    train,
)
from mlflow_latent.explain import ExplainOptions, make_heatmaps  # noqa: E402
from mlflow_latent.report.figures.heatmaps import draw_heatmaps  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_latent.report.heatmaps import Heatmap

IMAGES = ROOT / "docs" / "images"
SHOWN = 3  # samples in a figure
DAYLIGHT = 0.35  # mean brightness, 0…1
FOUR, EIGHT, NINE = 4, 8, 9


def picture_of(image: torch.Tensor) -> np.ndarray:
    """Return (H, W, 3) uint8 of (1 or 3, H, W) in 0…1."""
    shown = (255 * image.clamp(0, 1)).round().byte().permute(1, 2, 0).expand(-1, -1, 3).numpy()
    return np.ascontiguousarray(shown)


def draw(
    path: Path,
    chosen: list[tuple[torch.Tensor, list[Heatmap]]],
    wanted: Callable[[Heatmap], bool],
    title: str,
) -> None:
    """Draw a row for each sample, one below the other, into one file."""
    from PIL import Image

    rows = []
    for number, (image, heatmaps) in enumerate(chosen):
        shown = [one for one in heatmaps if wanted(one)][:3]
        figure = draw_heatmaps(picture_of(image), shown, title if not number else " ")
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            figure.savefig(file.name, dpi=110)
            rows.append(np.asarray(Image.open(file.name).convert("RGB")))
    top = [row[: -62 if place < len(rows) - 1 else None] for place, row in enumerate(rows)]
    whole = np.concatenate([top[0], *(row[70:] for row in top[1:])])
    Image.fromarray(whole).save(path, optimize=True)
    print(path)


def digits(path: Path) -> None:
    """The strokes that decide 8 against 9, and the closed 4s."""
    images, labels = load_digits(path)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    images, labels = images[order], labels[order]
    net = Net(1, 10, (16, 32, 64))
    train(net, images[:8000], labels[:8000], 3)
    found, profiles = regions(embeddings(net, images), 12)
    with torch.no_grad():
        logits = net(images[8000:])
    for name, one, two, title in (
        ("heatmaps_8_9", EIGHT, NINE, "The strokes that decide 8 against 9"),
        ("heatmaps_closed_4", FOUR, NINE, "Fours that are nearly closed: 4 against 9"),
    ):
        first_two = logits.topk(2, dim=1)
        margin = first_two.values[:, 0] - first_two.values[:, 1]
        fits = first_two.indices.sort(1).values.eq(torch.tensor([one, two])).all(1)
        if name == "heatmaps_closed_4":  # the nearest ones, right or wrong
            fits &= labels[8000:] == FOUR
            order = torch.where(fits, -margin, -torch.inf)
        else:
            fits &= logits.argmax(1) == labels[8000:]
            order = torch.where(fits, margin, -torch.inf)
        rows = order.topk(SHOWN).indices + 8000
        samples = [
            sample_of(net, str(r), images[r], int(labels[r]), profiles[found[r]])
            for r in rows.tolist()
        ]
        made = make_heatmaps(samples, net, options=ExplainOptions(seconds=1e3)).heatmaps
        chosen = [
            (images[r], [one_ for one_ in made if one_.sample_id == str(r)]) for r in rows.tolist()
        ]
        draw(
            IMAGES / f"{name}.png",
            chosen,
            lambda each: "rather" in each.target and each.kind.method != "grad-cam",
            title,
        )


def streets() -> None:
    """What makes a bus a bus, and a train a train: the same coach on wheels or on bogies."""
    from mlflow_latent_examples.street_scenes import make_scenes

    with tempfile.TemporaryDirectory() as folder:
        crops, labels, parts, splits = load_crops(
            make_scenes(folder, train=330, val=110, processes=1)
        )
    inside = splits == "train"
    net = Net(3, len(CLASSES), (16, 32, 48))
    train(net, torch.cat([crops[inside], crops[inside].flip(3)]), labels[inside].repeat(2), 14)
    found, profiles = regions(embeddings(net, crops), 6)
    with torch.no_grad():
        sure = net(crops).log_softmax(1)[torch.arange(len(labels)), labels].numpy()
    seen = ~inside & parts.any((1, 2)) & (crops.mean((1, 2, 3)).numpy() > DAYLIGHT)
    rows = [
        int(np.where(seen & (labels.numpy() == number), sure, -np.inf).argmax())
        for number in range(len(CLASSES))
    ]
    samples = [sample_of(net, str(r), crops[r], int(labels[r]), profiles[found[r]]) for r in rows]
    options = ExplainOptions(size=CROP, seconds=1e3)
    made = make_heatmaps(samples, net, class_names=CLASSES, options=options).heatmaps
    chosen = [(crops[r], [one for one in made if one.sample_id == str(r)]) for r in rows]
    draw(
        IMAGES / "heatmaps_streets.png",
        chosen,
        lambda each: (
            (each.kind.what, each.kind.method) in SHOWN_OF_STREETS
            and "middle" not in each.kind.label
            and "rather" not in each.target
            and "channels" not in each.target
        ),
        "What makes a bus, a train and a truck",
    )


SHOWN_OF_STREETS = {("class", "hirescam"), ("region", "hirescam"), ("region", "gradient")}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mnist", type=Path)
    options_ = parser.parse_args()
    torch.manual_seed(0)
    if options_.mnist is not None:
        digits(options_.mnist)
    torch.manual_seed(0)
    streets()
