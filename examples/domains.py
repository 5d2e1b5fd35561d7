"""The same world through other cameras: drawn streets, or real photos that a lens is put before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import yaml
from PIL import Image

from mlflow_latent_examples.street_scenes import make_scenes
from mlflow_latent_examples.streets.camera import WIDEST, Camera

if TYPE_CHECKING:
    from numpy.typing import NDArray

NORMAL = Camera()
TARGET = Camera(
    field_of_view=95, fisheye=0.9, vignette=0.4, color_gain=(1.15, 1.0, 0.72), brightness=0.8
)
WRONG_COLORS = Camera(color_gain=(0.75, 1.0, 1.35), brightness=1.25)
RIGHT_COLORS = Camera(color_gain=TARGET.color_gain, brightness=TARGET.brightness)
EDGE_POINTS = 8  # of each side of a box: a fisheye bends it
PHOTO_SIDE = 320  # pixels of the longer side: what is trained on here is no larger


class World(Protocol):
    """Where images come from."""

    root: Path

    def training(self) -> Path:
        """Return the data file that a detector is trained with, through the normal camera."""

    def seen(self, name: str, camera: Camera, images: int, seed: int) -> Path:
        """Return a folder of images through a camera; `labels` beside it holds the truth."""


@dataclass(frozen=True)
class Streets:
    """Drawn street scenes: as many different ones as are wanted.

    Attributes:
        root: where to.
        train: images to train with.
        val: images to validate with.
        size: width and height, in pixels.
        processes: that draw at once.
    """

    root: Path
    train: int
    val: int
    size: tuple[int, int] = (192, 144)
    processes: int = 2

    def training(self) -> Path:
        """Draw the training data."""
        folder = self.root / "source"
        make_scenes(
            folder,
            train=self.train,
            val=self.val,
            seed=1,
            camera=NORMAL,
            size=self.size,
            processes=self.processes,
        )
        return folder / "data.yaml"

    def seen(self, name: str, camera: Camera, images: int, seed: int) -> Path:
        """Draw other scenes through a camera."""
        folder = self.root / name
        make_scenes(
            folder,
            train=0,
            val=images,
            seed=seed,
            camera=camera,
            size=self.size,
            processes=self.processes,
        )
        return folder / "images" / "val2017"


@dataclass(frozen=True)
class Photos:
    """Real photos, e.g. COCO: the target is the val images, synthetic sets are the train images.

    Attributes:
        root: where to.
        data: Ultralytics' data file of the real images.
    """

    root: Path
    data: Path

    def training(self) -> Path:
        """Make real images as small as all others: a gap shall be the camera's, not the file's."""
        root = self.root / "source"
        for split in ("train", "val"):
            self._show(root, f"{split}2017", split, NORMAL, seed=1)
        path = root / "data.yaml"
        content = {split: f"images/{split}2017" for split in ("train", "val")}
        content |= {"path": str(root.resolve()), "names": self._content["names"]}
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    def seen(self, name: str, camera: Camera, images: int, seed: int) -> Path:
        """Put a lens before real images, and bend their boxes alike."""
        split = "val" if name == "fisheye" else "train"
        return self._show(self.root / name, "val2017", split, camera, seed=seed, most=images)

    def _show(
        self,
        root: Path,
        folder: str,
        split: str,
        camera: Camera,
        *,
        seed: int,
        most: int | None = None,
    ) -> Path:
        found = _image_files(Path(self._content["path"]) / self._content[split])
        rng = np.random.default_rng(seed)
        images, labels = root / "images" / folder, root / "labels" / folder
        for path in (images, labels):
            path.mkdir(parents=True, exist_ok=True)
        for path in found[:most]:
            picture = _through(camera, path, rng)
            picture.save(images / f"{path.stem}.jpg", quality=92)
            boxes = bent_boxes(_read_boxes(path), camera, picture.size)
            np.savetxt(labels / f"{path.stem}.txt", boxes, fmt=["%d", *["%.5f"] * 4])
        return images

    @property
    def _content(self) -> dict[str, Any]:
        content = yaml.safe_load(self.data.read_text(encoding="utf-8"))
        place = Path(content.get("path") or self.data.parent)
        place = place if place.is_absolute() else (self.data.parent / place).resolve()
        return {**content, "path": str(place if place.is_dir() else self.data.parent.resolve())}


def about(folder: Path, camera: Camera) -> pd.DataFrame:
    """Return what a fleet knows of its cameras without looking at an image, by file name.

    Args:
        folder: of images.
        camera: that made them.
    """
    facts = {"field_of_view": camera.field_of_view, "lens_distortion": camera.fisheye}
    return pd.DataFrame(facts, index=[path.name for path in _image_files(folder)])


def bent_boxes(
    boxes: NDArray[np.float64], camera: Camera, size: tuple[int, int]
) -> NDArray[np.float64]:
    """Return boxes as a fisheye shows them: the smallest around their bent edges.

    Args:
        boxes: (K, 5) class, and center and size as shares of the image.
        camera: with the lens.
        size: width and height of the image, in pixels.
    """
    if not camera.fisheye or not len(boxes):
        return boxes
    steps = np.linspace(-0.5, 0.5, EDGE_POINTS)
    ends = np.full_like(steps, 0.5)
    x = np.concatenate([steps, steps, ends, -ends])
    y = np.concatenate([ends, -ends, steps, steps])
    points = boxes[:, None, 1:3] + np.stack([x, y], axis=-1)[None] * boxes[:, None, 3:5]
    bent = _bend(points, camera, np.asarray(size, dtype=np.float64))
    low, high = np.clip(bent.min(axis=1), 0, 1), np.clip(bent.max(axis=1), 0, 1)
    return np.concatenate([boxes[:, :1], (low + high) / 2, high - low], axis=1)


def _bend(
    points: NDArray[np.float64], camera: Camera, size: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Move points (…, 2), shares of the image, to where an equidistant lens shows them."""
    offset = (points - 0.5) * size
    radius = np.linalg.norm(offset, axis=-1, keepdims=True) / (np.linalg.norm(size) / 2)
    widest = camera.fisheye * WIDEST
    seen = np.arctan(radius * np.tan(widest)) / widest
    factor = np.divide(seen, radius, out=np.ones_like(radius), where=radius > 0)
    return offset * factor / size + 0.5


def _through(camera: Camera, path: Path, rng: np.random.Generator) -> Image.Image:
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((PHOTO_SIDE, PHOTO_SIDE))
    seen = camera.bend(picture)
    height, width = seen.height, seen.width
    y = np.linspace(-1, 1, height)[:, None] * height
    x = np.linspace(-1, 1, width)[None] * width
    radius = np.hypot(x, y) / np.hypot(width, height)
    values = np.asarray(seen, dtype=np.float32) * np.float32(camera.color_gain)
    values *= np.float32(camera.brightness * (1 - camera.vignette * radius[..., None] ** 2))
    values += np.float32(camera.noise) * rng.standard_normal(values.shape, dtype=np.float32)
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def _image_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in {".jpg", ".jpeg", ".png"})


def _read_boxes(image: Path) -> NDArray[np.float64]:
    """Return the boxes of an image's label file; of outlines their boxes."""
    parts = [{"images": "labels"}.get(part, part) for part in image.parts]
    path = Path(*parts).with_suffix(".txt")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [_box([float(word) for word in line.split()]) for line in lines if line.strip()]
    return np.array(rows, dtype=np.float64).reshape(-1, 5)


def _box(values: list[float]) -> list[float]:
    if len(values) == 5:  # noqa: PLR2004 - class and box
        return values
    x, y = np.array(values[1::2]), np.array(values[2::2])
    return [values[0], *((a.min() + a.max()) / 2 for a in (x, y)), *(np.ptp(a) for a in (x, y))]
