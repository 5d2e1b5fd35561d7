"""What the images of a split are called, and what is known of them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.metadata import Objects, Pixels, detection_metadata, image_statistics
from mlflow_latent.schema import META_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from mlflow_latent.capture.ultralytics.settings import NamingFunction
    from mlflow_latent.metadata import ClassNames

MOST_THREADS = 8  # for image statistics: each holds some dozen bytes per pixel
SIZE_FIELDS = ("width", "height", "aspect_ratio")


class SampleNames:
    """Sample ids of a split's image files.

    The file's name where it is unique in the split, else its path below the folder that all of
    them are in: the same on every machine.

    Args:
        files: of the split.
        naming: gives the id of a path instead.
    """

    def __init__(self, files: Sequence[str], naming: NamingFunction | None) -> None:
        self._naming = naming
        different = set(files)
        self._by_name = len({Path(file).name for file in different}) == len(different)
        folders = {os.path.dirname(file) for file in different}  # noqa: PTH120 - of a million files
        self._root = os.path.commonpath(folders) if folders and not self._by_name else ""

    def __call__(self, file: str) -> str:
        """Return the id of a file."""
        if self._naming is not None:
            return str(self._naming(file))
        path = Path(file)
        return path.name if self._by_name else path.relative_to(self._root).as_posix()


@dataclass(frozen=True)
class Labels:
    """The true objects of a split's images, as in their label files.

    Attributes:
        by_file: Ultralytics' own record of each image.
        names: of the classes.
    """

    by_file: Mapping[str, Mapping[str, Any]]
    names: ClassNames

    @classmethod
    def of(cls, dataset: Any, names: ClassNames) -> Labels:
        """Take the labels of an Ultralytics dataset; other datasets have none here."""
        records = getattr(dataset, "labels", None) or ()
        by_file = {r["im_file"]: r for r in records if isinstance(r, dict) and "im_file" in r}
        return cls(by_file, names)

    def metadata(self, file: str, width: int, height: int) -> dict[str, Any]:
        """Return the detection fields of an image, none where its labels are not known.

        Args:
            file: its path.
            width: of the image in the file, in pixels.
            height: the same.
        """
        record = self.by_file.get(file)
        if record is None:
            return {}
        classes = np.asarray(record["cls"]).reshape(-1)
        named = np.isin(classes, list(self.names.names))  # a class beyond the model's has no name
        objects = Objects.of(
            np.asarray(record["bboxes"])[named],
            classes[named],
            width=width,
            height=height,
            names=self.names,
            box_format="cxcywhn",
        )
        return detection_metadata(objects)

    def outlines(self, file: str) -> list[NDArray[np.float64] | None]:
        """Return each object's outline (K, 2) relative to the image, None for a bare box."""
        record = self.by_file.get(file, {})
        outlines = list(record.get("segments") or ())
        missing = len(record.get("cls", ())) - len(outlines)
        return [*(np.asarray(outline, dtype=np.float64) for outline in outlines), *[None] * missing]


def metadata_columns(
    pictures: Sequence[NDArray[np.float32]] | None,
    files: Sequence[str],
    sizes: Sequence[tuple[int, int]],
    labels: Labels,
) -> dict[str, list[Any]]:
    """Return the `meta_<field>` columns of N images.

    Args:
        pictures: N images (3, H, W) in 0…1 as the model sees them, without padding; None for no
            statistics.
        files: N paths.
        sizes: N (height, width) of the images in the files, in pixels.
        labels: of the split.

    Returns:
        N values each; None is missing.
    """

    def describe(number: int) -> dict[str, Any]:
        height, width = sizes[number]
        fields: dict[str, Any] = {}
        if pictures is not None:
            fields = dict(image_statistics(Pixels.of(pictures[number], channels_first=True)))
        fields |= dict(zip(SIZE_FIELDS, (width, height, width / height), strict=True))
        return fields | labels.metadata(files[number], width, height)

    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as threads:
        rows = list(threads.map(describe, range(len(files))))
    names = dict.fromkeys(name for row in rows for name in row)
    return {f"{META_PREFIX}{name}": [row.get(name) for row in rows] for name in names}
