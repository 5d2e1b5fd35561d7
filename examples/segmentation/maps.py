"""COCO's images with people or vehicles, each with a map of what its pixels show."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from pycocotools.coco import COCO
from torch.utils.data import Dataset

from mlflow_latent.metadata import coco_table
from mlflow_latent_examples.segmentation.labels import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

YEARS = ("2017", "2014")
KEPT = 5_000  # images; larger data is read again in each epoch


class CocoMaps(Dataset[dict[str, Any]]):
    """Images of a split with at least one wanted object.

    Args:
        data: folder of COCO 2017 or 2014: `annotations/instances_<split><year>.json`, and
            `<split><year>` or `images/<split><year>` with the images.
        split: `train` or `val`.
        size: side of images and maps, in pixels.
        limit: take the first so many images.

    Attributes:
        table: metadata by file name, for `LatentCapture(metadata=…)`.
    """

    def __init__(self, data: Path, split: str, size: int, limit: int | None = None) -> None:
        annotations, self._folder = _find(data, split)
        with redirect_stdout(StringIO()):  # pycocotools talks
            self._coco = COCO(annotations)
        self._size = size
        wanted = [
            one for one in self._coco.loadCats(self._coco.getCatIds()) if one["name"] in KINDS
        ]
        self._kinds = {one["id"]: KINDS[one["name"]] for one in wanted}
        chosen = sorted({i for one in self._kinds for i in self._coco.catToImgs[one]})[:limit]
        if not chosen:
            sys.exit(f"no image in {annotations} has any of {', '.join(KINDS)}")
        self.table = _metadata(self._coco, chosen, wanted, self._folder)
        readable = set(self.table.index[self.table["brightness"].notna()])
        self._images = [one for one in self._coco.loadImgs(chosen) if one["file_name"] in readable]
        self._kept: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._images)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return an image (3, S, S) in 0…1, its map (S, S) of kinds, and its file's name."""
        if index not in self._kept:
            read = self._read(self._images[index])
            if len(self) > KEPT:
                return self._sample(index, *read)
            self._kept[index] = read
        return self._sample(index, *self._kept[index])

    def _sample(self, index: int, image: torch.Tensor, kinds: torch.Tensor) -> dict[str, Any]:
        name = self._images[index]["file_name"]
        return {"image": image / 255, "kinds": kinds.long(), "sample_id": name}

    def _read(self, entry: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
        size = (self._size, self._size)
        with Image.open(self._folder / entry["file_name"]) as file:
            image = np.asarray(file.convert("RGB").resize(size, Image.Resampling.BILINEAR))
        kinds = Image.fromarray(self._map(entry)).resize(size, Image.Resampling.NEAREST)
        return (
            torch.tensor(image).permute(2, 0, 1).contiguous(),
            torch.tensor(np.asarray(kinds)),
        )

    def _map(self, entry: dict[str, Any]) -> np.ndarray:
        """Paint the masks, the largest first; a crowd of people is people."""
        kinds = np.zeros((entry["height"], entry["width"]), dtype=np.uint8)
        ids = self._coco.getAnnIds(imgIds=[entry["id"]], catIds=list(self._kinds))
        for one in sorted(self._coco.loadAnns(ids), key=lambda one: -one["area"]):
            if one["segmentation"]:
                kinds[self._coco.annToMask(one) == 1] = self._kinds[one["category_id"]]
        return kinds


def _find(data: Path, split: str) -> tuple[Path, Path]:
    for year in YEARS:
        annotations = data / "annotations" / f"instances_{split}{year}.json"
        for folder in (data / f"{split}{year}", data / "images" / f"{split}{year}"):
            if annotations.exists() and folder.is_dir():
                return annotations, folder
    sys.exit(
        f"{data} has no annotations/instances_{split}2017.json with {split}2017 or "
        f"images/{split}2017 beside (nor the same of 2014)"
    )


def _metadata(
    coco: COCO, images: list[int], categories: list[dict[str, Any]], folder: Path
) -> pd.DataFrame:
    """Metadata of the wanted classes; also tells which files cannot be read."""
    known = [one["id"] for one in categories]
    document = {
        "images": coco.loadImgs(images),
        "annotations": coco.loadAnns(coco.getAnnIds(imgIds=images, catIds=known)),
        "categories": categories,
    }
    return coco_table(document, folder)
