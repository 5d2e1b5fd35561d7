"""A trained YOLO explained outside of any training: what `ml.explain` asks for."""

from __future__ import annotations

from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_latent.capture.ultralytics.losses import criterion_of
from mlflow_latent.capture.ultralytics.samples import SampleNames
from mlflow_latent.capture.ultralytics.settings import check_model, layer_names
from mlflow_latent.errors import InputError
from mlflow_latent.explain import (
    Answers,
    Box,
    Explained,
    ExplainOptions,
    Sample,
    make_heatmaps,
)
from mlflow_latent.explain.detectors import Candidates, TrueObjects, questions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor

    from mlflow_latent.explain import Wanted

WHITE = 255
STRIDE = 32
BOX = 4  # numbers of a box, before the scores of the classes


def explain(
    model: Any,
    sources: Mapping[str, Any],
    wanted: Sequence[Wanted],
    report: Any,
    options: ExplainOptions,
    *,
    layer: str | None = None,
    imgsz: int | None = None,
    **_reading: Any,
) -> Explained:
    """Return the maps of images.

    Args:
        model: a YOLO that detects or segments; it is copied, and stays as it is.
        sources: by split, a folder of images or a list of files, with label files beside them as
            Ultralytics has them.
        wanted: those that matter most first.
        report: of the run, for its layer.
        options: how many maps, how long; default layers are the backbone's last, and the finest one
            that the head sees.
        layer: whose embedding the regions are of; default the analyzed one.
        imgsz: size of the model's input; default that of its training.
    """
    module = deepcopy(check_model(model)).float().eval()
    embedded = layer or report.layer or layer_names(module, None)[0]
    size = imgsz or _trained_size(module)
    images = _Images(sources)
    if not options.layers:
        options = _with_layers(options, module)
    runner = _Runner(module, embedded, size, list(module.names.values()))
    with runner.listening():
        made = make_heatmaps(
            runner.samples(wanted, images),
            module,
            class_names=runner.names,
            options=options,
        )
    return Explained(made.heatmaps, (*made.notes, *images.notes))


@dataclass
class _Images:
    """Finds the files of samples."""

    sources: Mapping[str, Any]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._paths: dict[tuple[str, str], str] = {}
        for split, source in self.sources.items():
            files = _listed(source)
            names = SampleNames(files, None)
            self._paths |= {(split, names(file)): file for file in files}

    def read(self, one: Wanted) -> tuple[str, Any] | None:
        """Return the path and the (H, W, 3) RGB picture of a sample; None, and a note, if gone."""
        import numpy as np
        from PIL import Image, ImageOps

        path = self._paths.get((one.split, one.sample_id))
        try:
            if path is None:
                raise FileNotFoundError(f"no such image among those of {one.split!r}")
            with Image.open(path) as image:
                return path, np.array(ImageOps.exif_transpose(image).convert("RGB"))
        except (OSError, ValueError, SyntaxError) as error:
            self.notes.append(f"sample {one.sample_id!r} cannot be read: {error}")
            return None


class _Runner:
    """Runs images, and says what is asked of them."""

    def __init__(self, module: Any, layer: str, size: int, names: list[str]) -> None:
        self.names = names
        self._module, self._layer, self._size = module, layer, size
        self._criterion = criterion_of(module)
        self._embedding: Tensor | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Keep the embedding of each pass, with its gradient."""

        def listen(_layer: Any, _inputs: Any, output: Any) -> None:
            self._embedding = output.mean((2, 3))

        handle = self._module.get_submodule(self._layer).register_forward_hook(listen)
        try:
            yield
        finally:
            handle.remove()

    def samples(self, wanted: Sequence[Wanted], images: _Images) -> Iterator[Sample]:
        """Yield the samples whose files are there."""
        import torch

        for one in wanted:
            found = images.read(one)
            if found is None:
                continue
            path, picture = found
            image, content = self._as_input(picture)
            truth = _labels(path, content)

            def run(variants: Tensor, truth: TrueObjects | None = truth) -> Answers:
                candidates, raw = self._candidates(variants)
                loss = None if truth is None else self._losses(raw, truth, variants)
                return Answers(loss=loss, embedding=self._embedding, raw=candidates)

            with torch.no_grad():
                candidates, _ = self._candidates(image)
            yield Sample(
                split=one.split,
                sample_id=one.sample_id,
                image=image,
                run=run,
                content=content,
                region=one.region,
                more=questions(candidates, truth, self.names),
            )

    def _as_input(self, picture: Any) -> tuple[Tensor, Box]:
        """Scale and pad a picture as in a validation."""
        import torch
        from ultralytics.data.augment import LetterBox

        height, width = picture.shape[:2]
        scale = min(self._size / height, self._size / width)
        inner = round(height * scale), round(width * scale)
        side = (self._size, self._size)
        padded: Any = LetterBox(side, auto=True, stride=STRIDE)(image=picture)
        top, left = (padded.shape[0] - inner[0]) // 2, (padded.shape[1] - inner[1]) // 2
        tensor = torch.from_numpy(padded.copy()).permute(2, 0, 1)[None].float() / WHITE
        first = next(self._module.parameters())
        return tensor.to(first.device), Box(top, left, *inner)

    def _candidates(self, images: Tensor) -> tuple[Candidates, Any]:
        self._module.model[-1].shape = None  # anchors of an inference mode have no gradient
        output = self._module(images)
        decoded, raw = (output[0], output[1]) if isinstance(output, tuple) else (output, None)
        classes = len(self.names)
        if decoded.ndim != 3 or decoded.shape[1] < BOX + classes:  # noqa: PLR2004 - (n, 4 + C, A)
            raise InputError(
                f"the head returned {tuple(decoded.shape)}, not (n, {BOX} + {classes}, candidates)"
            )
        center, half = decoded[:, :2], decoded[:, 2:BOX] / 2
        corners = [center - half, center + half]
        boxes = _concatenated(corners).transpose(1, 2)
        scores = decoded[:, BOX : BOX + classes].transpose(1, 2)
        return Candidates(boxes, scores), raw

    def _losses(self, raw: Any, truth: TrueObjects, images: Tensor) -> Tensor | None:
        """(n,) losses of the model's own criterion, each image as if it were alone."""
        import torch

        is_known = not len(truth.classes) or int(truth.classes.max()) < len(self.names)
        if raw is None or not is_known:
            return None
        height, width = images.shape[2:]
        scale = truth.boxes.new_tensor([width, height, width, height])
        low, high = torch.split(truth.boxes / scale, 2, dim=1)
        labels = {
            "cls": truth.classes.float()[:, None],
            "bboxes": torch.cat([(low + high) / 2, high - low], dim=1),
            "batch_idx": torch.zeros(len(low), device=low.device),
        }
        totals = []
        for number in range(len(images)):
            total, _ = self._criterion(_slice(raw, number), labels)
            totals.append(total.sum())
        return torch.stack(totals)


def _with_layers(options: ExplainOptions, module: Any) -> ExplainOptions:
    """The backbone's last layer, and the finest that the head sees: small objects are there."""
    from dataclasses import replace

    finest = module.model[-1].f
    names = [layer_names(module, None)[0]]
    if isinstance(finest, list | tuple):
        names.append(f"model.{finest[0]}")
    return replace(options, layers=tuple(dict.fromkeys(names)))


def _trained_size(module: Any) -> int:
    args = module.args if isinstance(module.args, dict) else vars(module.args)
    return int(args.get("imgsz") or 640)


def _listed(source: Any) -> list[str]:
    from ultralytics.data.utils import IMG_FORMATS

    if not isinstance(source, str | Path):
        return [str(path) for path in source]
    root = Path(source)
    if root.is_file():
        return [line for line in root.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not root.is_dir():
        raise InputError(f"there are no images at {str(root)!r}")
    return sorted(
        str(path) for path in root.rglob("*") if path.suffix.lower().lstrip(".") in IMG_FORMATS
    )


def _labels(path: str, content: Box) -> TrueObjects | None:
    """The objects of an image's label file in pixels of the input; None where there is none."""
    import numpy as np
    import torch
    from ultralytics.data.utils import img2label_paths

    file = Path(img2label_paths([path])[0])
    if not file.is_file():
        return None
    rows = [line.split() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    boxes = np.array([_box(row[1:]) for row in rows], dtype=np.float32).reshape(-1, 4)
    scale = np.array([content.width, content.height] * 2, dtype=np.float32)
    place = np.array([content.left, content.top] * 2, dtype=np.float32)
    classes = np.array([int(float(row[0])) for row in rows], dtype=np.int64)
    return TrueObjects(torch.from_numpy(boxes * scale + place), torch.from_numpy(classes))


def _box(numbers: Sequence[str]) -> tuple[float, float, float, float]:
    """Corners, 0…1, of a box (center and size) or of an outline."""
    values = [float(number) for number in numbers]
    if len(values) == BOX:
        x, y, width, height = values
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2
    return min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2])


def _slice(raw: Any, number: int) -> Any:
    if isinstance(raw, dict):
        return {key: _slice(value, number) for key, value in raw.items()}
    if isinstance(raw, list | tuple):
        return type(raw)(_slice(value, number) for value in raw)
    return raw[number : number + 1]


def _concatenated(parts: list[Tensor]) -> Tensor:
    import torch

    return torch.cat(parts, dim=1)
