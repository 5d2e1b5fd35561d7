"""What a user asked `attach` for, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from mlflow_latent.capture.arrow import EmbeddingType
from mlflow_latent.errors import InputError, LayerNotFoundError, did_you_mean
from mlflow_latent.media import LARGEST_TILE
from mlflow_latent.schema import embedding_column

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from mlflow_latent.capture.keep import KeepEmbeddings

Layers = str | int | Sequence[str | int]
Probes = Sequence[str] | Mapping[str, Any]
NamingFunction = Callable[[str], str]
TASKS = {"detect": "detection", "segment": "segmentation"}
"""Ultralytics' tasks, and what they are called in a capture."""


@dataclass(frozen=True)
class Settings:
    """The arguments of `attach`, as it describes them.

    Raises:
        InputError: an argument cannot be used, with what it would take.
    """

    layers: tuple[str, ...]
    probes: Mapping[str, Any]
    task: str
    confidence: float
    iou: float
    statistics: bool
    metadata: pd.DataFrame | None
    supercategories: Mapping[str, str]
    sample_id: NamingFunction | None
    thumbnail_size: int
    every_n_epochs: int
    keep: KeepEmbeddings
    objects: bool | tuple[str, ...]
    embedding_dtype: EmbeddingType
    spool: Path | None
    run_id: str | None
    tracking_uri: str | None
    analyze: bool
    strict: bool

    def wants_objects(self, split: str) -> bool:
        """Whether the single objects of a split are captured."""
        return self.objects if isinstance(self.objects, bool) else split in self.objects

    def __post_init__(self) -> None:
        _check_share("confidence", self.confidence)
        _check_share("iou", self.iou)
        _check_whole("every_n_epochs", self.every_n_epochs)
        _check_whole("thumbnail_size", self.thumbnail_size, LARGEST_TILE)
        if self.embedding_dtype not in get_args(EmbeddingType):
            raise InputError(
                f"embedding_dtype takes 'float16' or 'float32', got {self.embedding_dtype!r}"
            )
        if self.metadata is not None and not hasattr(self.metadata, "reindex"):
            raise InputError(
                f"metadata takes a table indexed by sample id, got {type(self.metadata).__name__}"
            )


def check_model(model: Any) -> Any:
    """Return the torch module inside a YOLO model that can be captured.

    Raises:
        InputError: it is something else, or its task is not detection or segmentation.
    """
    task, module = getattr(model, "task", None), getattr(model, "model", None)
    if not hasattr(model, "add_callback") or task is None:
        raise InputError(
            f"model must be an ultralytics YOLO, e.g. YOLO('yolo11n.yaml'), got "
            f"{type(model).__name__}"
        )
    if task not in TASKS:
        raise InputError(f"attach captures the tasks 'detect' and 'segment', got {task!r}")
    if not hasattr(module, "named_modules"):
        raise InputError(
            f"model must hold PyTorch weights (.pt or .yaml), got {str(module)!r}: layers of an "
            "exported model cannot be listened to"
        )
    return module


def layer_names(module: Any, layers: Layers | None) -> tuple[str, ...]:
    """Return the layers' names in `module.named_modules()`.

    Args:
        module: the torch module of a YOLO model.
        layers: names, or places in the model's list of layers; None is the backbone's last layer,
            where the picture as a whole is seen, and before levels for small and large objects
            part.

    Raises:
        LayerNotFoundError: the model has no layer of a wanted name.
        InputError: none is wanted, or two of them make the same column.
    """
    if layers is None:
        layers = len(module.yaml["backbone"]) - 1
    wanted = [layers] if isinstance(layers, str | int) else list(layers)
    names = [f"model.{layer}" if isinstance(layer, int) else layer for layer in wanted]
    known = [name for name, _ in module.named_modules() if name]
    for name in names:
        if name not in known:
            raise LayerNotFoundError(name, known)
    if not names or len({embedding_column(name) for name in names}) < len(names):
        raise InputError(f"layers must name one layer or several different ones, got {layers!r}")
    return tuple(names)


def probe_sources(probes: Probes) -> dict[str, Any]:
    """Return where each probed split's images are: None is the data file's own entry.

    Raises:
        InputError: a split has no name.
    """
    if isinstance(probes, str):
        probes = (probes,)
    found = dict(probes) if isinstance(probes, Mapping) else dict.fromkeys(probes)
    for name in found:
        if not str(name):
            raise InputError(f"a split needs a name, got {name!r}")
    return found


def object_splits(
    module: Any,
    objects: bool | Sequence[str],  # noqa: FBT001 - or names
) -> bool | tuple[str, ...]:
    """Return the splits whose single objects are captured; True is all.

    Args:
        module: the torch module of a YOLO model.
        objects: a switch, or names of splits.

    Raises:
        InputError: it is neither, or the model matches predictions to objects in another way.
    """
    head = module.model[-1]
    is_known = hasattr(head, "cv3") and getattr(head, "one2one_cv2", None) is None
    if objects and not is_known:
        raise InputError(
            "objects=True takes a YOLO11 or YOLOv8 model; the head of this one matches predictions "
            "to objects in another way"
        )
    if isinstance(objects, bool):
        return objects
    names = (objects,) if isinstance(objects, str) else tuple(objects)
    if not names or not all(names):
        raise InputError(f"objects takes True, False or names of splits, got {objects!r}")
    return names


def data_entry(data: Mapping[str, Any], split: str) -> Any:
    """Return the images that a data file has for a split.

    Raises:
        InputError: it has none.
    """
    if not data.get(split):
        known = [name for name in ("train", "val", "test", "minival") if data.get(name)]
        raise InputError(
            f"probes names the split {split!r}, but the data file has "
            f"{', '.join(map(repr, known))}{did_you_mean(split, known)}; or give a folder: "
            f"probes={{{split!r}: 'path/to/images'}}"
        )
    return data[split]


def _check_share(name: str, value: Any) -> None:
    if not (isinstance(value, int | float) and 0 < value < 1):
        raise InputError(f"{name} must be between 0 and 1, got {value!r}")


def _check_whole(name: str, value: Any, most: int | None = None) -> None:
    if not (isinstance(value, int) and value >= 1 and (most is None or value <= most)):
        limits = "1 or more" if most is None else f"1 to {most}"
        raise InputError(f"{name} must be a whole number, {limits}, got {value!r}")
