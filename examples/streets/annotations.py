"""COCO annotations, and the truth, of a photographed scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from contourpy import FillType, contour_generator

from mlflow_latent_examples.streets.canvas import PARTS
from mlflow_latent_examples.streets.vehicles import DECISIVE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_latent_examples.streets.scene import Frame

CATEGORIES = (  # ids as in COCO
    {"id": 1, "name": "person", "supercategory": "person"},
    {"id": 3, "name": "car", "supercategory": "vehicle"},
    {"id": 6, "name": "bus", "supercategory": "vehicle"},
    {"id": 7, "name": "train", "supercategory": "vehicle"},
    {"id": 8, "name": "truck", "supercategory": "vehicle"},
)
IDS = {str(category["name"]): category["id"] for category in CATEGORIES}
LEAST_PIXELS = 12  # of what is hardly to be seen an annotator knows nothing
SIZES = ((32**2, "small"), (96**2, "medium"), (float("inf"), "large"))  # areas, as COCO has them


@dataclass(frozen=True)
class Labelled:
    """One object: what is annotated, and what is true."""

    annotation: dict[str, Any]
    truth: dict[str, Any]


def annotate(frame: Frame, mistaken: Mapping[str, str]) -> list[Labelled]:
    """Return the objects that can be seen.

    Args:
        frame: the scene, as the camera saw it.
        mistaken: which category is written for which, by a careless annotator.
    """
    pixels = np.bincount(frame.owner.ravel(), minlength=len(frame.kinds) + 1)[1:]
    seen = np.flatnonzero(pixels >= LEAST_PIXELS)
    return [_labelled(frame, int(index), mistaken) for index in seen]


def _labelled(frame: Frame, index: int, mistaken: Mapping[str, str]) -> Labelled:
    mask = frame.owner == index + 1
    kind = frame.kinds[index]
    written = mistaken.get(kind, kind)
    box, area = _box(mask), int(mask.sum())
    annotation = {
        "category_id": IDS[written],
        "bbox": box,
        "area": area,
        "iscrowd": 0,
        "segmentation": _polygons(mask, box),
    }
    truth = {
        "category": kind,
        "label": written,
        "mislabeled": written != kind,
        "area": area,
        "size": next(name for most, name in SIZES if area < most),
        "visible": round(frame.visible[index], 3),
        **dict(zip("xywh", box, strict=True)),
        **_decisive_part(frame, mask, kind),
    }
    return Labelled(annotation, truth)


def _decisive_part(frame: Frame, mask: np.ndarray, kind: str) -> dict[str, Any]:
    """Where the part is that tells this kind from the others; nothing if there is none in sight."""
    part = DECISIVE.get(kind, "")
    found = mask & (frame.part == PARTS.index(part)) if part else np.zeros_like(mask)
    box = _box(found) if found.any() else (None,) * 4
    names = ("part_x", "part_y", "part_w", "part_h")
    return {"part": part, **dict(zip(names, box, strict=True))}


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, width and height, in pixels."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1


def _polygons(mask: np.ndarray, box: tuple[int, int, int, int]) -> list[list[float]]:
    """Outlines of the mask's pieces, as COCO has them: x, y, x, y, …, without holes."""
    left, top, width, height = box
    piece = np.pad(mask[top : top + height, left : left + width], 1).astype(np.float32)
    points, offsets = contour_generator(z=piece, fill_type=FillType.OuterOffset).filled(0.5, 2)
    outer = [ring[: ends[1] - 1] for ring, ends in zip(points, offsets, strict=True)]
    corner = (left - 0.5, top - 0.5)  # the middle of a pixel is half a pixel from its edge
    return [np.round(_corners(ring) + corner, 1).ravel().tolist() for ring in outer]


def _corners(ring: np.ndarray) -> np.ndarray:
    """Leave out the points between which a ring goes straight on."""
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    turns = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    return ring[np.abs(turns) > 1e-6]  # noqa: PLR2004 - of rounding
