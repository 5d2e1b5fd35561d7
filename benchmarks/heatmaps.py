"""Heat-maps: how long they take, how far to believe them, and whether they find what was planted.

    python benchmarks/heatmaps.py digits --mnist mnist.npz
    python benchmarks/heatmaps.py streets
    python benchmarks/heatmaps.py detector --yolo best.pt --images images/val2017

`digits`: a small CNN; for each method and layer, the share of maps that are better than random, and
time against the passes that a method needs in theory. `streets`: crops of buses, trains and trucks,
which are drawn to differ in one part alone; how often maps point at it, beside chance. `detector`:
the same as `digits` for a YOLO at 640 × 640, and memory.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from scipy.stats import binomtest
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from mlflow_latent.explain import (
    Answers,
    ExplainOptions,
    RegionProfile,
    Sample,
    Wanted,
    make_heatmaps,
    maps,
    subject_of,
)
from mlflow_latent.explain.faithfulness import Faithfulness
from mlflow_latent.explain.layers import choose_layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mlflow_latent.explain import Explained, Subject
    from mlflow_latent.report.heatmaps import Heatmap

CONFIDENCE = 0.95
CROP, MARGIN = 64, 0.1  # pixels of a crop's side; share of an object's size around it
CLASSES = ("bus", "train", "truck")
SMALLEST = 36  # pixels of an object's width
RULE = "| --- | --- | ---: | ---: | ---: |"


class Net(nn.Module):
    """A small CNN whose embedding is the mean over places of its features."""

    def __init__(self, channels: int, classes: int, widths: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, width in zip((channels, *widths), widths, strict=False):
            layers += [nn.Conv2d(before, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers[:-1])
        self.head = nn.Linear(widths[-1], classes)
        self.embedding = torch.empty(0)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, and keep the embedding."""
        self.embedding = self.features(images).mean((2, 3))
        return self.head(self.embedding)


def train(net: Net, images: Tensor, labels: Tensor, epochs: int) -> None:
    """Fit a classifier; buses are mirrored, as a road has two directions."""
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(64):
            batch = images[rows]
            optimizer.zero_grad()
            cross_entropy(net(batch), labels[rows]).backward()
            optimizer.step()
    net.eval()


def embeddings(net: Net, images: Tensor) -> np.ndarray:
    """Return (N, D) of all images."""
    with torch.no_grad():
        parts = [net(batch) is not None and net.embedding for batch in images.split(256)]
    return torch.cat(parts).numpy()


def regions(embedding: np.ndarray, count: int) -> tuple[np.ndarray, list[RegionProfile]]:
    """Return the region of each sample, found from embeddings alone, and what sets each apart."""
    from sklearn.cluster import KMeans

    standard = (embedding - embedding.mean(0)) / (embedding.std(0) + 1e-6)
    found = KMeans(count, n_init=4, random_state=0).fit_predict(standard)
    profiles = [RegionProfile.of(f"region {k}", embedding, found == k) for k in range(count)]
    return found, profiles


def sample_of(net: Net, name: str, image: Tensor, label: int, region: RegionProfile) -> Sample:
    """Return a sample as an adapter gives it."""
    target = torch.tensor([label])

    def run(images: Tensor) -> Answers:
        logits = net(images)
        losses = cross_entropy(logits, target.expand(len(images)), reduction="none")
        return Answers(logits, losses, net.embedding)

    return Sample("val", name, image[None], run, label, region=region)


def print_faithfulness(heatmaps: Iterable[Heatmap]) -> None:
    """Print, for each method, layer and quantity, the share of maps that are better than random."""
    groups: dict[tuple[str, str], list[Heatmap]] = defaultdict(list)
    for one in heatmaps:
        groups[one.kind.label, one.kind.quantity].append(one)
    print("\n| map | explains | better than random | mean advantage | maps |\n" + RULE)
    for (label, quantity), same in groups.items():
        better = sum(one.is_faithful is True for one in same)
        values = np.array([one.advantage[0] for one in same])
        error = 1.96 * values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else np.nan
        print(
            f"| {label} | {quantity} | {share(better, len(same))} | {values.mean():.3g} "
            f"± {error:.2g} | {len(same)} |"
        )


def share(hits: int, count: int) -> str:
    """Return a share with its interval (Wilson)."""
    bounds = binomtest(hits, count).proportion_ci(CONFIDENCE, "wilson")
    return f"{hits / count:.0%} ({bounds.low:.0%} to {bounds.high:.0%})"


def print_null(subjects: Iterable[Subject], seed: int = 0) -> None:
    """Print how often maps that say nothing are called better than random."""
    generator = torch.Generator().manual_seed(seed)
    found = []
    for subject in subjects:
        faithfulness = Faithfulness(subject, 39, seed)
        fields = [torch.rand(1, 1, side, side, generator=generator) for side in (5, 7, 11)]
        nothing = [(0, faithfulness._stretched(field)[0]) for field in fields]  # noqa: SLF001 - its own
        found += [low > 0 for _, low, _ in faithfulness.of(nothing)]
    print(f"\nMaps that say nothing: {share(sum(found), len(found))} called better than random.")


def print_times(net: nn.Module, subject: Subject, repeats: int = 40) -> None:
    """Print the time of each map against the passes that it needs in theory."""
    layers, _ = choose_layers(net, subject.ask, subject.image)
    plane = torch.rand(subject.image.shape[2:])
    actions: dict[str, Callable[[], Any]] = {
        "forward": lambda: _forward(subject, 1),
        "both": lambda: _both(subject),
        "49": lambda: _forward(subject, 49),
        "47": lambda: _forward(subject, 47),
        "HiResCAM, both layers": lambda: maps.hires_cam(subject, 0, layers),
        "Grad-CAM, one layer": lambda: maps.grad_cam(subject, 0, layers[0]),
        "gradient × input": lambda: maps.gradient(subject, 0),
        "occlusion": lambda: maps.occlusion(subject, 0),
        "faithfulness of 8 maps": lambda: Faithfulness(subject, 39, 0).of([(0, plane)] * 8),
    }
    took = least(actions, repeats)
    one = ("1 forward + 1 backward", took["both"])
    theory = {
        "HiResCAM, both layers": one,
        "Grad-CAM, one layer": one,
        "gradient × input": one,
        "occlusion": ("1 + 49 forward", took["forward"] + took["49"]),
        "faithfulness of 8 maps": ("1 + 39 + 8 forward", took["forward"] + took["47"]),
    }
    print(f"\nForward {took['forward'] * 1e3:.1f} ms, with backward {took['both'] * 1e3:.1f} ms.")
    print("\n| what | passes in theory | ms | ms ÷ theory |\n| --- | --- | ---: | ---: |")
    for name, (passes, expected) in theory.items():
        print(f"| {name} | {passes} | {took[name] * 1e3:.1f} | {took[name] / expected:.2f} |")


def least(actions: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Return the least of several times of each, in turn: what else runs only adds to it."""
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(repeats):
        for name, action in actions.items():
            start = time.perf_counter()
            action()
            times[name].append(time.perf_counter() - start)
    return {name: min(values) for name, values in times.items()}


def _forward(subject: Subject, count: int) -> None:
    with torch.no_grad():
        subject.ask(subject.image.expand(count, -1, -1, -1))


def _both(subject: Subject) -> None:
    image = subject.image.clone().requires_grad_()
    torch.autograd.grad(subject.ask(image)[0, 0], image)


def digits(options: argparse.Namespace) -> None:
    """Measure on handwritten digits."""
    images, labels = load_digits(options.mnist)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    images, labels = images[order], labels[order]
    split = int(0.8 * len(images))
    net = Net(1, 10, (16, 32, 64) if images.shape[-1] > 8 else (16, 32))  # noqa: PLR2004 - pixels
    train(net, images[:split], labels[:split], options.epochs)
    with torch.no_grad():
        right = (net(images[split:]).argmax(1) == labels[split:]).float().mean()
    print(f"# Digits: {split} learned, accuracy {right:.1%} on {len(images) - split}")
    found, profiles = regions(embeddings(net, images), 12)
    rows = range(split, split + options.samples)
    samples = [
        sample_of(net, str(row), images[row], int(labels[row]), profiles[found[row]])
        for row in rows
    ]
    made = make_heatmaps(samples, net, options=ExplainOptions(seconds=1e4))
    print_faithfulness(made.heatmaps)
    print_null(map(subject_of, samples))
    print_times(net, subject_of(samples[0]))


def load_digits(path: Path | None) -> tuple[Tensor, Tensor]:
    """Return MNIST from a file of `images` and `labels`, else scikit-learn's small digits."""
    if path is None:
        from sklearn.datasets import load_digits as small

        data = small()
        return torch.tensor(data.images[:, None] / 16, dtype=torch.float32), torch.tensor(
            data.target
        )
    with np.load(path, allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    return torch.tensor(images[:, None] / 255, dtype=torch.float32), torch.tensor(labels).long()


def streets(options: argparse.Namespace) -> None:
    """Measure whether maps point at the part that tells a bus, a train and a truck apart."""
    from mlflow_latent_examples.street_scenes import make_scenes

    with tempfile.TemporaryDirectory() as name:
        folder = make_scenes(name, train=options.images, val=options.images // 3, processes=1)
        crops, labels, parts, splits = load_crops(folder)
    inside = splits == "train"
    net = Net(3, len(CLASSES), (16, 32, 48))
    learned = torch.cat([crops[inside], crops[inside].flip(3)])  # a road has two directions
    train(net, learned, labels[inside].repeat(2), options.epochs)
    rows = np.flatnonzero(~inside)
    with torch.no_grad():
        right = (net(crops[rows]).argmax(1) == labels[rows]).float().mean()
    print(f"# Street scenes: {inside.sum()} crops learned, accuracy {right:.1%} on {len(rows)}")
    found, profiles = regions(embeddings(net, crops), 6)
    rows = rows[: options.samples]
    samples = [
        sample_of(net, str(row), crops[row], int(labels[row]), profiles[found[row]]) for row in rows
    ]
    options_ = ExplainOptions(size=CROP, seconds=1e4)
    made = make_heatmaps(samples, net, class_names=CLASSES, options=options_)
    print_faithfulness(made.heatmaps)
    where = {str(row): parts[row] for row in rows}
    print_pointing(made.heatmaps, where)
    print("\nThe same of a network that has learned nothing:")
    print_pointing(unlearned(crops, labels, rows, options_).heatmaps, where)
    print_times(net, subject_of(samples[0]))


def unlearned(
    crops: Tensor, labels: Tensor, rows: np.ndarray, options: ExplainOptions
) -> Explained:
    """Explain a network of the same form whose weights are as they were drawn."""
    net = Net(3, len(CLASSES), (16, 32, 48)).eval()
    found, profiles = regions(embeddings(net, crops), 6)
    samples = [
        sample_of(net, str(row), crops[row], int(labels[row]), profiles[found[row]]) for row in rows
    ]
    cheap = replace(options, tenths=0, occlusion=False)
    return make_heatmaps(samples, net, class_names=CLASSES, options=cheap)


def load_crops(folder: Path) -> tuple[Tensor, Tensor, np.ndarray, np.ndarray]:
    """Return crops (N, 3, side, side), classes, masks of the telling part, and splits."""
    table = pd.read_csv(folder / "truth_objects.csv")
    table = table[table["category"].isin(CLASSES) & (table["w"] >= SMALLEST)]
    table = table[(table["visible"] > 0.8) & table["part_w"].notna()]  # noqa: PLR2004 - seen well
    crops, parts = [], []
    for one in table.itertuples():
        path = folder / "images" / f"{one.split}2017" / one.file_name
        margin = MARGIN * max(one.w, one.h)
        box = np.array([one.x - margin, one.y - margin, one.x + one.w + margin, one.y + one.h])
        box[3] += margin
        with Image.open(path) as image:
            crop = image.convert("RGB").resize((CROP, CROP), box=tuple(_within(box, image.size)))
        crops.append(np.asarray(crop, dtype=np.float32) / 255)
        parts.append(_part(one, _within(box, (320, 240))))
    images = torch.tensor(np.stack(crops)).permute(0, 3, 1, 2).contiguous()
    labels = torch.tensor([CLASSES.index(name) for name in table["category"]])
    return images, labels, np.stack(parts), table["split"].to_numpy()


def _within(box: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.clip(box, 0, [size[0], size[1], size[0], size[1]])


def _part(one: Any, box: np.ndarray) -> np.ndarray:
    """Return (side, side) where the telling part is in a crop."""
    scale = CROP / (box[2:] - box[:2])
    left, top = (np.array([one.part_x, one.part_y]) - box[:2]) * scale
    right, bottom = (np.array([one.part_x + one.part_w, one.part_y + one.part_h]) - box[:2]) * scale
    mask = np.zeros((CROP, CROP), dtype=bool)
    rows = slice(max(int(top), 0), max(int(np.ceil(bottom)), 0))
    mask[rows, max(int(left), 0) : max(int(np.ceil(right)), 0)] = True
    return mask


def print_pointing(heatmaps: Iterable[Heatmap], parts: dict[str, np.ndarray]) -> None:
    """Print how often a map's strongest place is in the telling part, beside chance."""
    hits: dict[tuple[str, str], list[bool]] = defaultdict(list)
    mass: dict[tuple[str, str], list[float]] = defaultdict(list)
    chance: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in heatmaps:
        key, part = (one.kind.label, one.kind.quantity), parts[one.sample_id]
        plane = np.asarray(one.values)
        if not plane.any():
            continue
        hits[key].append(bool(part[np.unravel_index(plane.argmax(), part.shape)]))
        mass[key].append(float(plane[part].sum() / plane.sum()))
        chance[key].append(float(part.mean()))
    print("\n| map | explains | points at the part | chance | share of the map there | p |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for (label, quantity), found in hits.items():
        by_chance = float(np.mean(chance[label, quantity]))
        test = binomtest(sum(found), len(found), by_chance, alternative="greater")
        print(
            f"| {label} | {quantity} | {share(sum(found), len(found))} | {by_chance:.0%} | "
            f"{np.mean(mass[label, quantity]):.0%} | {test.pvalue:.2g} |"
        )


def detector(options: argparse.Namespace) -> None:
    """Measure on a YOLO."""
    from ultralytics import YOLO

    from mlflow_latent.capture.ultralytics.explaining import explain

    model = YOLO(options.yolo)
    files = sorted(str(path) for path in options.images.glob("*.jpg"))[: options.samples]
    wanted = [Wanted("val", Path(file).name) for file in files]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    made = explain(
        model,
        {"val": files},
        wanted,
        SimpleNamespace(layer=None),
        ExplainOptions(seconds=1e4, occlusion=options.occlusion),
        imgsz=options.imgsz,
    )
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"# {options.yolo.name} at {options.imgsz}: {len(files)} images, {seconds:.0f} s")
    print(f"\n{len(made.heatmaps)} maps, {seconds / max(len(made.heatmaps), 1):.2f} s each.")
    print(f"Peak memory {before / 1024:.0f} MB before, {after / 1024:.0f} MB after.")
    for note in made.notes:
        print(f"note: {note}")
    print_faithfulness(made.heatmaps)


def main(arguments: list[str] | None = None) -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["digits", "streets", "detector"])
    parser.add_argument("--mnist", type=Path, help="npz of images and labels")
    parser.add_argument("--images", help="streets: how many to draw; detector: their folder")
    parser.add_argument("--yolo", type=Path)
    parser.add_argument("--imgsz", type=int, default=640)
    parser.add_argument("--occlusion", action="store_true", help="of a detector too")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args(arguments)
    torch.manual_seed(0)
    if options.what == "detector":
        options.images = Path(options.images or "")
        if options.yolo is None or not options.images.is_dir():
            sys.exit("detector needs --yolo and a folder of --images")
        detector(options)
        return
    options.images = int(options.images or 600)
    (digits if options.what == "digits" else streets)(options)


if __name__ == "__main__":
    main()
