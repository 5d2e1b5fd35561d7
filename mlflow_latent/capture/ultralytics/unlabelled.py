"""Images without labels, loaded as Ultralytics loads those that have some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

PAD = 0.5  # of the stride around the images of a batch: as in a validation
NAMED = 3  # files that a message names before it only counts


def unlabelled_images(validator: Any, path: str, batch: int, say: Callable[[str], None]) -> Any:
    """Return an Ultralytics dataset that looks for no labels, and leaves no cache of them behind.

    Args:
        validator: an Ultralytics validator that has met its model.
        path: of a folder of images, or of a text file that lists them.
        batch: images in a batch, which have one shape.
        say: is told of files that cannot be read; they are left out.

    Raises:
        InputError: no image can be read.
    """
    from ultralytics.data.dataset import YOLODataset

    class Unlabelled(YOLODataset):
        def get_labels(self) -> list[dict[str, Any]]:
            sizes = {file: _size(file) for file in self.im_files}
            broken = [file for file, size in sizes.items() if size is None]
            if broken:
                say(f"{len(broken)} files are no images, e.g. {', '.join(broken[:NAMED])}")
            if len(broken) == len(sizes):
                raise InputError(f"no image at {path!r} can be read")
            self.im_files = [file for file in self.im_files if sizes[file] is not None]
            return [_record(file, sizes[file]) for file in self.im_files]

    arguments = validator.args
    return Unlabelled(
        img_path=path,
        imgsz=arguments.imgsz,
        batch_size=batch,
        augment=False,
        hyp=arguments,
        rect=True,
        stride=int(validator.stride),
        pad=PAD,
        task=arguments.task,
        data=validator.data,
    )


def _size(file: str) -> tuple[int, int] | None:
    """Return height and width as they are seen, None for what is no image."""
    from PIL import Image
    from ultralytics.data.utils import exif_size

    from mlflow_latent.imaging import pillow_open

    try:
        with pillow_open(file) as image:
            image.load()
            width, height = exif_size(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return int(height), int(width)


def _record(file: str, size: tuple[int, int] | None) -> dict[str, Any]:
    return {
        "im_file": file,
        "shape": size,
        "cls": np.zeros((0, 1), np.float32),
        "bboxes": np.zeros((0, 4), np.float32),
        "segments": [],
        "keypoints": None,
        "normalized": True,
        "bbox_format": "xywh",
    }
