"""A trained YOLO and images, captured outside of any training: what `ml.capture` asks for.

Named by the entry point `ultralytics` of the group `mlflow_latent.adapters`. The images run through
Ultralytics' own validator, sized and padded as in the validations of a training, so that a split
without labels differs from the others by its images and by nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml

from mlflow_latent.capture.keep import KeepEmbeddings
from mlflow_latent.capture.ultralytics.guard import Guard
from mlflow_latent.capture.ultralytics.listening import LayerTap, ValidatorTap
from mlflow_latent.capture.ultralytics.samples import Labels
from mlflow_latent.capture.ultralytics.settings import Settings, check_model, layer_names
from mlflow_latent.capture.ultralytics.split_capture import SplitCapture
from mlflow_latent.capture.ultralytics.unlabelled import unlabelled_images
from mlflow_latent.errors import InputError
from mlflow_latent.metadata import ClassNames

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from mlflow_latent.capture.adapters import Wanted
    from mlflow_latent.capture.ultralytics.settings import NamingFunction
    from mlflow_latent.explain import Explained

MEAN = "mean"  # over space: how layers are pooled here
CONFIDENCE, IOU = 0.25, 0.5  # as `attach` has them
SPLIT = "val"  # what the validator takes the images for


def accepts(model: Any) -> bool:
    """Whether the model is an Ultralytics YOLO; only who has imported that has one."""
    package = sys.modules.get("ultralytics.engine.model")
    return package is not None and isinstance(model, package.Model)


def load(path: Path) -> Any:
    """Return the YOLO in a checkpoint `….pt`, None for any other file."""
    if path.suffix != ".pt":
        return None
    from ultralytics.models import YOLO

    return YOLO(str(path))


def explain(model: Any, *arguments: Any, **options: Any) -> Explained:
    """Make heat-maps: see `mlflow_latent.capture.ultralytics.explaining`."""
    from mlflow_latent.capture.ultralytics.explaining import explain

    return explain(model, *arguments, **options)


def capture(
    model: Any,
    loader: Any,
    wanted: Wanted,
    *,
    sample_id: NamingFunction | None = None,
    metadata: pd.DataFrame | None = None,
    statistics: bool = True,
    confidence: float = CONFIDENCE,
    iou: float = IOU,
    imgsz: int | None = None,
    batch: int | None = None,
    device: str | None = None,
) -> None:
    """Run a YOLO over images, and record what it makes of them.

    Args:
        model: a YOLO that detects or segments; it is copied, and stays as it is.
        loader: a folder of images (with `labels` beside `images`, if they are wanted), a text file
            that lists images, or a list of paths.
        wanted: what to capture.
        sample_id: function of an image's path; default as in `attach`.
        metadata: more fields, as a table indexed by sample id.
        statistics: compute brightness, sharpness, colors, … of each image.
        confidence: from which on a prediction counts.
        iou: overlap from which on a prediction has found an object.
        imgsz: size of the model's input; default that of its training.
        batch: images at once; default that of its training's validations.
        device: default where the model is.

    Raises:
        InputError: the model or an argument cannot be used.
    """
    module = check_model(model)
    if wanted.pool not in {None, MEAN}:
        raise InputError(f"a YOLO's layers are pooled by their mean, not by {wanted.pool!r}")
    layer_names(module, wanted.info.layers)
    settings = _settings(
        wanted,
        task=model.task,
        sample_id=sample_id,
        metadata=metadata,
        statistics=statistics,
        confidence=confidence,
        iou=iou,
    )
    with TemporaryDirectory(prefix="mlflow-latent-") as folder:
        arguments = _arguments(model, imgsz, batch, device)
        arguments["data"] = str(_data_file(Path(folder), loader, module.names))
        validator = _validator(model, arguments, Path(folder), wanted)
        _run(validator, deepcopy(module), settings, wanted)


def _run(validator: Any, module: Any, settings: Settings, wanted: Wanted) -> None:
    layers = LayerTap(settings.layers)
    rows: list[SplitCapture] = []
    met: list[Any] = []

    def meet(native: Any) -> None:
        layers.attach(native)
        met.append(native)
        rows.append(_split(settings, wanted, validator))

    def record(predictions: Any, batch: dict[str, Any]) -> None:
        pooled, raw = layers.take()
        rows[0].record(met[0], predictions, raw, pooled, batch)

    tap = ValidatorTap(validator, meet, record)
    try:
        validator(model=module)
    except BaseException:
        for one in rows:
            one.abort()
        raise
    finally:
        tap.close()
        layers.detach()
    for one in rows:
        one.close()


def _split(settings: Settings, wanted: Wanted, validator: Any) -> SplitCapture:
    kind = SplitCapture if wanted.labelled else _Unlabelled
    names = {int(number): str(name) for number, name in validator.names.items()}
    return kind(
        settings,
        wanted.recorder,
        _Said(wanted.say),
        epoch=wanted.epoch,
        split=wanted.split,
        validator=validator,
        dataset=validator.dataloader.dataset,
        names=ClassNames.of(names, wanted.info.supercategories),
    )


class _Unlabelled(SplitCapture):
    """Records a split whose true objects nobody knows: that is not the same as none."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._labels = Labels({}, options["names"])

    def record(
        self,
        module: Any,
        predictions: list[dict[str, Any]],
        raw: Any,  # noqa: ARG002 - without labels there is no loss
        layers: Any,
        batch: dict[str, Any],
        **more: Any,
    ) -> None:
        """Record one batch."""
        super().record(module, predictions, None, layers, batch, **more)


class _Said(Guard):
    """Hands what there is to say to whoever asked for the capture."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(strict=True)
        self._say = say

    def warn(self, topic: str, text: str) -> None:
        """Say a thing once; that a split without labels has no loss need not be said."""
        if topic not in self._said and topic != "loss":
            self._said.add(topic)
            self._say(text)


def _settings(wanted: Wanted, **given: Any) -> Settings:
    return Settings(
        layers=wanted.info.layers,
        probes={},
        objects=False,
        supercategories=dict(wanted.info.supercategories),
        thumbnail_size=wanted.thumbnail_size,
        every_n_epochs=1,
        keep=KeepEmbeddings.parse("all"),
        embedding_dtype=wanted.recorder.embedding_dtype,
        spool=None,
        run_id=wanted.info.run_id,
        tracking_uri=None,
        analyze=False,
        strict=True,
        **given,
    )


def _arguments(
    model: Any, imgsz: int | None, batch: int | None, device: str | None
) -> dict[str, Any]:
    """Return the validator's arguments: those of the training's own validations."""
    trained = model.model.args
    known = dict(trained if isinstance(trained, dict) else vars(trained))
    place = next(model.model.parameters()).device
    return {
        "mode": "val",
        "task": model.task,
        "imgsz": imgsz or known.get("imgsz") or 640,
        "batch": batch or 2 * int(known.get("batch") or 16),
        "device": device or str(place),
        "rect": True,
        "split": SPLIT,
        "plots": False,
        "verbose": False,
        "workers": 0,
        "overlap_mask": known.get("overlap_mask", True),
        "single_cls": bool(known.get("single_cls")),
    }


def _data_file(folder: Path, loader: Any, names: dict[int, str]) -> Path:
    """Write what Ultralytics calls a data file: which images, and what the classes are called."""
    images = _images(folder, loader)
    content = {"train": images, "val": images, "names": dict(names)}
    path = folder / "data.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def _images(folder: Path, loader: Any) -> str:
    if isinstance(loader, str | Path):
        if not Path(loader).exists():
            raise InputError(f"there are no images at {str(loader)!r}")
        return str(Path(loader).resolve())
    if not isinstance(loader, Sequence) or not loader:
        raise InputError(
            "a YOLO is captured from a folder of images, a text file that lists them, or a list of"
            f" paths, got {type(loader).__name__}"
        )
    listed = folder / "images.txt"
    listed.write_text("\n".join(str(Path(path).resolve()) for path in loader), encoding="utf-8")
    return str(listed)


def _validator(model: Any, arguments: dict[str, Any], folder: Path, wanted: Wanted) -> Any:
    """Return Ultralytics' validator of the model's task, with images of ours if unlabelled."""
    kind = model._smart_load("validator")  # noqa: SLF001 - as `model.val` finds it

    class Validator(kind):  # type: ignore[misc, valid-type]  # it depends on the task
        def build_dataset(self, path: str, mode: str = "val", batch: int | None = None) -> Any:
            if wanted.labelled:
                return super().build_dataset(path, mode, batch)
            return unlabelled_images(self, path, int(batch or 1), wanted.say)

        def print_results(self) -> None:
            """Say nothing: metrics without labels would only mislead."""

    from ultralytics.utils import callbacks

    defaults = callbacks.get_default_callbacks()  # type: ignore[no-untyped-call]
    return Validator(save_dir=folder / "val", args=arguments, _callbacks=defaults)
