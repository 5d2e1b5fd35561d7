"""YOLO's label files: a line per object, `class x y width height` or `class x1 y1 x2 y2 …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.errors import InputError
from mlflow_latent.metadata.coco import decode_mask
from mlflow_latent.metadata.describe import Fields, detection_metadata, segmentation_metadata
from mlflow_latent.metadata.objects import Objects
from mlflow_latent.metadata.pixels import image_size
from mlflow_latent.metadata.segments import Segments
from mlflow_latent.metadata.tables import make_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from mlflow_latent.metadata.names import ClassNames

    Names = ClassNames | Mapping[int, str] | Sequence[str]
    Label = tuple[int, NDArray[np.float64]]  # class; a box of 4 numbers, or a polygon

BOX_NUMBERS = 4
LEAST_POLYGON = 6  # coordinates of a triangle
IMAGE_ENDINGS = frozenset(
    {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp", ".gif", ".ppm"}
)


def yolo_metadata(
    label_file: str | Path, names: Names, *, width: int, height: int, masks: bool = False
) -> Fields:
    """Return the metadata that the label file of one image holds.

    Args:
        label_file: its path; a file that is missing or empty is an image without objects, as YOLO
            has it.
        names: class names by index, as in the data file; or a `ClassNames` with super-categories.
        width: of the image, in pixels.
        height: of the image, in pixels.
        masks: the labels are polygons: describe these too, which needs `pycocotools`. A box among
            them has no mask.

    Raises:
        InputError: a line is not a label, its class has no name, or `pycocotools` is missing.
    """
    labels = read_labels(label_file)
    fields = detection_metadata(_objects(labels, names, width, height))
    if masks:
        fields |= segmentation_metadata(_segments(labels, names, width, height))
    return fields


def yolo_objects(label_file: str | Path, names: Names, *, width: int, height: int) -> Objects:
    """Return the boxes in one image's label file; see `yolo_metadata`."""
    return _objects(read_labels(label_file), names, width, height)


def yolo_table(
    images: str | Path,
    labels: str | Path,
    names: Names,
    *,
    sample_id: str | Callable[[Path], Any] = "name",
    masks: bool = False,
    statistics: bool = True,
    workers: int | None = None,
) -> pd.DataFrame:
    """Return the metadata of a folder of images with YOLO labels, for `LatentCapture(metadata=…)`.

    Args:
        images: folder of the images, searched with all folders in it.
        labels: folder of the label files, arranged as the images are.
        names: class names by index; or a `ClassNames` with super-categories.
        sample_id: what the samples are called in training: `name` (of the file), `stem` (without
            its ending), `path` (relative to `images`), or a function of the path.
        masks: the labels are polygons: describe these too, which needs `pycocotools`.
        statistics: compute the image statistics too.
        workers: threads; default: as many as there are processors.

    Returns:
        One row per image, indexed by sample id. What cannot be read has empty fields, and a warning
        names it.

    Raises:
        InputError: there are no images.
    """
    root = Path(images)
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in IMAGE_ENDINGS)
    if not paths:
        raise InputError(f"no images are in {str(images)!r}")
    if not callable(sample_id) and sample_id not in {"name", "stem", "path"}:
        raise InputError(f"sample_id takes 'name', 'stem', 'path' or a function, got {sample_id!r}")
    files = {_name(path, root, sample_id): path for path in paths}
    if len(files) < len(paths):
        raise InputError("several images have the same sample id; pass sample_id='path'")

    def describe_labels(name: str) -> Fields:
        path = files[name]
        width, height = image_size(path)
        label_file = Path(labels) / path.relative_to(root).with_suffix(".txt")
        return yolo_metadata(label_file, names, width=width, height=height, masks=masks)

    return make_table(list(files), files if statistics else {}, describe_labels, workers=workers)


def read_labels(label_file: str | Path) -> list[Label]:
    """Return class and shape of each line; none if there is no such file.

    Raises:
        InputError: a line is not a label.
    """
    path = Path(label_file)
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"label file {str(path)!r} cannot be read: {error}") from None
    lines = enumerate(text.splitlines(), start=1)
    return [_label(line, f"{path.name}:{number}") for number, line in lines if line.strip()]


def _label(line: str, place: str) -> Label:
    try:
        index, *rest = map(float, line.split())
    except ValueError:
        raise InputError(f"{place}: a label is numbers, got {line[:40]!r}") from None
    is_polygon = len(rest) >= LEAST_POLYGON and len(rest) % 2 == 0
    if not (len(rest) == BOX_NUMBERS or is_polygon) or not index.is_integer():
        raise InputError(
            f"{place}: a label is a class and 4 numbers of a box, or a polygon of 3 or more points,"
            f" got {line[:40]!r}"
        )
    return int(index), np.array(rest)


def _name(path: Path, root: Path, sample_id: str | Callable[[Path], Any]) -> str:
    if callable(sample_id):
        return str(sample_id(path))
    return path.relative_to(root).as_posix() if sample_id == "path" else getattr(path, sample_id)


def _objects(labels: Sequence[Label], names: Names, width: int, height: int) -> Objects:
    return Objects.of(
        [_box(shape) for _, shape in labels],
        [index for index, _ in labels],
        width=width,
        height=height,
        names=names,
        box_format="cxcywhn",
    )


def _box(shape: NDArray[np.float64]) -> NDArray[np.float64]:
    """Center, width and height: as they are, or around a polygon."""
    if len(shape) == BOX_NUMBERS:
        return shape
    points = shape.reshape(-1, 2)
    least, greatest = points.min(axis=0), points.max(axis=0)
    return np.hstack([(least + greatest) / 2, greatest - least])


def _segments(labels: Sequence[Label], names: Names, width: int, height: int) -> Segments:
    masks, classes = [], []
    for index, shape in labels:
        outline = (shape.reshape(-1, 2) * [width, height]).ravel().tolist()
        mask = None if len(shape) == BOX_NUMBERS else decode_mask([outline], (height, width))
        if mask is not None:
            masks.append(mask)
            classes.append(index)
    return Segments.of_instances(masks, classes, width=width, height=height, names=names)
