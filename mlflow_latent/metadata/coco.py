"""COCO annotations: of one image, and of a whole file."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.errors import InputError
from mlflow_latent.metadata.describe import Fields, detection_metadata, segmentation_metadata
from mlflow_latent.metadata.names import ClassNames
from mlflow_latent.metadata.objects import Objects
from mlflow_latent.metadata.segments import Segments
from mlflow_latent.metadata.tables import make_table

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Record = Mapping[str, Any]
LEAST_POLYGON = 6  # coordinates of a triangle
IMAGE_KEYS, ANNOTATION_KEYS = ("id", "width", "height"), ("image_id", "category_id", "bbox")


def coco_names(categories: Sequence[Record]) -> ClassNames:
    """Return the classes, by category id, and their super-categories.

    Args:
        categories: the list of that name in a COCO file.
    """
    names = {int(category["id"]): str(category["name"]) for category in categories}
    supers = {
        str(category["name"]): str(category["supercategory"])
        for category in categories
        if category.get("supercategory")
    }
    return ClassNames.of(names, supers)


def coco_metadata(
    annotations: Sequence[Record], image: Record, names: ClassNames, *, masks: bool = True
) -> Fields:
    """Return the metadata that the annotations of one image hold.

    Args:
        annotations: those of the image, as in a COCO file.
        image: its entry there, with `width` and `height`.
        names: from `coco_names`.
        masks: read the masks too; that needs `pycocotools`.

    Raises:
        InputError: something in them cannot be used, or `pycocotools` is missing.
    """
    fields = detection_metadata(coco_objects(annotations, image, names))
    if masks:
        fields |= segmentation_metadata(coco_segments(annotations, image, names))
    return fields


def coco_objects(annotations: Sequence[Record], image: Record, names: ClassNames) -> Objects:
    """Return the boxes of one image; see `coco_metadata`."""
    return Objects.of(
        [one["bbox"] for one in annotations],
        [one["category_id"] for one in annotations],
        width=image["width"],
        height=image["height"],
        names=names,
        crowd=[bool(one.get("iscrowd", 0)) for one in annotations],
    )


def coco_segments(annotations: Sequence[Record], image: Record, names: ClassNames) -> Segments:
    """Return the masks of one image, from polygons or RLE; see `coco_metadata`.

    An annotation without a mask is left out.
    """
    size = (int(image["height"]), int(image["width"]))
    masks = [decode_mask(one.get("segmentation"), size) for one in annotations]
    there = [(one, m) for one, m in zip(annotations, masks, strict=True) if m is not None]
    return Segments.of_instances(
        [mask for _, mask in there],
        [one["category_id"] for one, _ in there],
        width=size[1],
        height=size[0],
        names=names,
        crowd=[bool(one.get("iscrowd", 0)) for one, _ in there],
    )


def decode_mask(segmentation: Any, size: tuple[int, int]) -> NDArray[np.bool_] | None:
    """Return (H, W) bool of a COCO segmentation, None if it holds nothing.

    Args:
        segmentation: a list of polygons, or RLE, compressed or not.
        size: (height, width) of the image.

    Raises:
        InputError: it is of another size, or damaged; or `pycocotools` is missing.
    """
    if not segmentation:
        return None
    tools = _mask_tools()
    try:
        rle = _as_rle(tools, segmentation, size)
        return None if rle is None else np.asarray(tools.decode(rle), dtype=bool)
    except InputError:
        raise
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise InputError(f"a segmentation is neither polygons nor RLE of COCO: {error!r}") from None


def _as_rle(tools: Any, segmentation: Any, size: tuple[int, int]) -> Any:
    """Compressed RLE, None of polygons that hold nothing."""
    if not isinstance(segmentation, Mapping):
        if isinstance(segmentation, str):
            raise TypeError(segmentation)
        polygons = [flat for flat in segmentation if len(flat) >= LEAST_POLYGON]
        return tools.merge(tools.frPyObjects(polygons, *size)) if polygons else None
    if tuple(segmentation["size"]) != size:
        raise InputError(
            f"an RLE mask is of size {segmentation['size']}, the image of {list(size)}"
        )
    is_plain = isinstance(segmentation["counts"], list)
    return tools.frPyObjects(segmentation, *size) if is_plain else segmentation


def coco_table(
    file: str | Path | Record,
    images: str | Path | None = None,
    *,
    masks: bool | None = None,
    sample_id: str | Callable[[Record], Any] = "file_name",
    workers: int | None = None,
) -> pd.DataFrame:
    """Return the metadata of all images of a COCO file, for `LatentCapture(metadata=…)`.

    Args:
        file: the file, or what is in it.
        images: folder of the images, for their statistics; None for annotations alone.
        masks: read the masks too; that needs `pycocotools`. Default: if there are any.
        sample_id: what the samples are called in training: `file_name`, `id`, `stem` (the file's
            name without its ending), or a function of an image's entry.
        workers: threads; default: as many as there are processors.

    Returns:
        One row per image, indexed by sample id. An image or annotation that cannot be read has
        empty fields, and a warning names it.

    Raises:
        InputError: the file is no COCO file.
    """
    document = file if isinstance(file, Mapping) else _read(Path(file))
    names, by_image = _grouped(document)
    if masks is None:
        masks = any(one.get("segmentation") for one in document["annotations"])
    if masks:
        _mask_tools()  # to say what is missing once, and before the work
    listed = [_name(image, sample_id) for image in document["images"]]
    entries = ((image, by_image.get(image["id"], [])) for image in document["images"])
    annotated = dict(zip(listed, entries, strict=True))
    files = {
        name: Path(images) / image["file_name"]
        for name, (image, _) in annotated.items()
        if images is not None
    }

    def describe_annotations(name: str) -> Fields:
        image, annotations = annotated[name]
        return coco_metadata(annotations, image, names, masks=bool(masks))

    return make_table(listed, files, describe_annotations, workers=workers)


def _mask_tools() -> Any:
    try:
        from pycocotools import mask
    except ImportError:
        raise InputError(
            "COCO masks need pycocotools: pip install 'mlflow-latent[coco]', or pass masks=False"
        ) from None
    return mask


def _read(path: Path) -> Record:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"COCO file {str(path)!r} cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise InputError(f"COCO file {str(path)!r} holds a {type(document).__name__}, no object")
    return document


def _grouped(document: Record) -> tuple[ClassNames, dict[Any, list[Record]]]:
    try:
        names = coco_names(document["categories"])
        for keys, entries in ((IMAGE_KEYS, "images"), (ANNOTATION_KEYS, "annotations")):
            _refuse_incomplete(document[entries], entries, keys)
    except KeyError as error:
        raise InputError(f"a COCO file needs {error}; this one has {sorted(document)}") from None
    by_image: dict[Any, list[Record]] = defaultdict(list)
    for one in document["annotations"]:
        by_image[one["image_id"]].append(one)
    return names, by_image


def _refuse_incomplete(entries: Sequence[Record], name: str, keys: Sequence[str]) -> None:
    for place, entry in enumerate(entries):
        missing = [key for key in keys if key not in entry]
        if missing:
            raise InputError(f"{name}[{place}] has no {missing[0]!r}; it has {sorted(entry)}")


def _name(image: Record, sample_id: str | Callable[[Record], Any]) -> str:
    if callable(sample_id):
        return str(sample_id(image))
    if sample_id == "stem":
        return Path(image["file_name"]).stem
    if sample_id not in {"file_name", "id"}:
        raise InputError(
            f"sample_id takes 'file_name', 'id', 'stem' or a function, got {sample_id!r}"
        )
    return str(image[sample_id])
