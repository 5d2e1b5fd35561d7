"""What capture costs a detector: time of an epoch, and disk, per image and per object.

    python benchmarks/detection_overhead.py [--data data.yaml] [--images 32] [--imgsz 320]

YOLO11n trains from random weights, and every second epoch is captured: the peer of a captured epoch
(training and validation together) is the one before it. Milliseconds an image are those inside the
capture, the probes' own forward passes among them. Processor time of one thread, since other things
run on most machines. Full COCO is computed from that, not measured.
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

WAYS: dict[str, dict[str, Any]] = {
    "val": {"probes": ()},
    "val and train": {"probes": ("train",)},
    "val, with objects": {"probes": (), "objects": True},
    "val and train, with objects": {"probes": ("train",), "objects": True},
}
COCO_TRAIN, COCO_VAL, COCO_OBJECTS = 118_287, 5_000, 7.3  # images, images, objects an image
MILLISECONDS, KILOBYTE, GIGABYTE = 1e3, 1e3, 1e9


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="Ultralytics' data file; default: drawn scenes")
    parser.add_argument("--images", type=int, default=32, help="of each split")
    parser.add_argument("--imgsz", type=int, default=320)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--way", choices=WAYS, help="only that one")
    parser.add_argument("--measure", choices=WAYS, help="(used by itself)")
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options)))
        return
    ways = [options.way] if options.way else list(WAYS)
    for way in ways:
        command = [sys.executable, __file__, *sys.argv[1:], "--measure", way]
        result = subprocess.run(command, check=True, capture_output=True, text=True)
        report(way, json.loads(result.stdout.splitlines()[-1]))


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Train once and return what captured epochs cost."""
    import torch

    from mlflow_latent_examples.coco_detection import stay_offline

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        stay_offline(folder / "ultralytics")
        data = few_images(options, folder)
        inside = InCapture()
        seconds = train(options, data, folder, inside)
        return summary(seconds, inside, folder, options)


def few_images(options: argparse.Namespace, folder: Path) -> Path:
    """Return a data file of so many images of each split."""
    if options.data is None:
        from mlflow_latent_examples.street_scenes import make_scenes

        size = options.images
        return make_scenes(folder / "scenes", train=size, val=size, processes=1) / "data.yaml"
    document = yaml.safe_load(options.data.read_text(encoding="utf-8"))
    for split in ("train", "val"):
        files = sorted(Path(document["path"], document[split]).iterdir())[: options.images]
        document[split] = str(folder / f"{split}.txt")
        Path(document[split]).write_text("\n".join(map(str, files)), encoding="utf-8")
    path = folder / "few.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


class InCapture:
    """Processor seconds inside the capture, epoch by epoch."""

    def __init__(self) -> None:
        from mlflow_latent.capture.ultralytics.session import CaptureSession

        self.seconds: list[float] = []
        self._depth = 0
        for name in ("_meet", "_record", "probe", "finish"):
            setattr(CaptureSession, name, self._timed(getattr(CaptureSession, name)))

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def run(*arguments: Any) -> Any:
            self._depth += 1
            self.seconds[-1] -= time.process_time() * (self._depth == 1)
            try:
                return method(*arguments)
            finally:
                self.seconds[-1] += time.process_time() * (self._depth == 1)
                self._depth -= 1

        return run


def train(options: argparse.Namespace, data: Path, folder: Path, inside: InCapture) -> list[float]:
    """Train, and return the processor seconds of each epoch; the odd ones are captured."""
    from ultralytics import YOLO, settings

    from mlflow_latent.capture.ultralytics import attach

    settings.update({"mlflow": False})
    model, seconds = YOLO("yolo11n.yaml"), list[float]()

    def start(_trainer: Any) -> None:
        seconds.append(-time.process_time())
        inside.seconds.append(0.0)

    def end(_trainer: Any) -> None:
        if seconds[-1] < 0:  # it comes once more at the end
            seconds[-1] += time.process_time()

    model.add_callback("on_train_epoch_start", start)
    attach(
        model,
        every_n_epochs=2,
        analyze=False,
        strict=True,
        tracking_uri=f"sqlite:///{folder}/mlflow.db",
        spool=folder / "spool",
        **WAYS[options.measure],
    )
    model.add_callback("on_fit_epoch_end", end)
    model.train(
        data=str(data),
        epochs=options.epochs,
        imgsz=options.imgsz,
        batch=options.batch,
        workers=0,
        device="cpu",
        plots=False,
        verbose=False,
        project=str(folder / "runs"),
    )
    return seconds


def summary(
    seconds: list[float], inside: InCapture, folder: Path, options: argparse.Namespace
) -> dict[str, float]:
    """Return ratios, milliseconds an image, and bytes an image and an object."""
    plain, captured = seconds[2::2], seconds[3::2]  # the first of each also warms up
    pairs = list(zip(plain, captured, strict=False))
    images = options.images * (2 if WAYS[options.measure]["probes"] else 1)
    found = {
        "ratio": statistics.median(after / before for before, after in pairs),
        "low": min(after / before for before, after in pairs),
        "high": max(after / before for before, after in pairs),
        "ms_image": MILLISECONDS * statistics.median(inside.seconds[3::2]) / images,
        "ms_image_once": MILLISECONDS * (inside.seconds[1] - inside.seconds[3]) / images,
    }
    for what, pattern in (("image", "*/latent"), ("object", "objects/*/latent")):
        for latent in (folder / "spool").glob(pattern):
            found |= bytes_of(latent, what)
    return found


def bytes_of(latent: Path, what: str) -> dict[str, float]:
    """Return bytes a row of one captured epoch, without and with embeddings, and of media."""
    last = max(latent.glob("captures/epoch=*"))
    tables = list(last.glob("*/*.parquet"))
    rows = sum(len(pd.read_parquet(path, columns=["sample_id"])) for path in tables)
    static = [*latent.glob("media/**/*"), *latent.glob("samples/**/*")]
    return {
        f"{what}s": rows,
        f"bytes_{what}": sum(path.stat().st_size for path in tables) / rows,
        f"bytes_{what}_once": sum(p.stat().st_size for p in static if p.is_file()) / rows,
    }


def report(way: str, found: dict[str, float]) -> None:
    """Print one way of capturing, and what full COCO would be."""
    print(f"{way}:")
    print(
        f"  epoch with capture ÷ without: {found['ratio']:.2f} ({found['low']:.2f} to "
        f"{found['high']:.2f}); {found['ms_image']:.1f} ms a captured image, and "
        f"{found['ms_image_once']:.1f} ms once"
    )
    probed, with_objects = bool(WAYS[way]["probes"]), "bytes_object" in found
    images = COCO_VAL + COCO_TRAIN * probed
    hours = images * found["ms_image"] / MILLISECONDS / 3600
    once = images * found["bytes_image_once"] / GIGABYTE
    each = images * found["bytes_image"] / GIGABYTE
    sizes = (
        f"{found['bytes_image']:,.0f} bytes an image and epoch, "
        f"{found['bytes_image_once']:,.0f} once"
    )
    if with_objects:
        sizes += (
            f"; {found['bytes_object']:,.0f} bytes an object and epoch, "
            f"{found['bytes_object_once']:,.0f} once"
        )
        once += images * COCO_OBJECTS * found["bytes_object_once"] / GIGABYTE
        each += images * COCO_OBJECTS * found["bytes_object"] / GIGABYTE
    print(f"  {sizes}")
    print(
        f"  COCO's {images:,} images, computed: {hours:.2f} h of one such core a captured epoch, "
        f"{each:.2f} GB a captured epoch with embeddings, {once:.2f} GB once"
    )


if __name__ == "__main__":
    main()
