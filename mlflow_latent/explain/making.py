"""Heat-maps of samples: which maps of each, made within a bound of time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional

from mlflow_latent.errors import InputError
from mlflow_latent.explain import maps
from mlflow_latent.explain.faithfulness import Faithfulness
from mlflow_latent.explain.layers import SpatialLayer, choose_layers
from mlflow_latent.explain.options import ExplainOptions
from mlflow_latent.explain.subjects import Sample, Subject, subject_of
from mlflow_latent.report.heatmaps import Explained, Heatmap, HeatmapKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor
    from torch.nn import Module

NAMED_FAILURES = 3


@dataclass
class _Work:
    """What goes on while samples are explained."""

    model: Module
    options: ExplainOptions
    class_names: Sequence[str]
    layers: list[SpatialLayer] | None = None
    notes: list[str] = field(default_factory=list)
    found: list[Heatmap] = field(default_factory=list)


def make_heatmaps(
    samples: Iterable[Sample],
    model: Module,
    *,
    class_names: Sequence[str] = (),
    options: ExplainOptions | None = None,
    clock: Callable[[], float] = time.monotonic,
    progress: Callable[[str], None] = lambda _: None,
) -> Explained:
    """Make the maps of samples, those first that come first, while there is time.

    Args:
        samples: from an adapter; may be lazy.
        model: that they run, in eval mode.
        class_names: by class index.
        options: which layers, how many, how long.
        clock: in seconds.
        progress: told what is being done.

    Returns:
        The maps in the order in which they are to be shown. A sample that fails is a note.

    Raises:
        LayerNotFoundError: the model has no layer of a named name.
        InputError: a named layer has no places, or captum is not installed.
    """
    require_captum()
    work = _Work(model, options or ExplainOptions(), class_names)
    end, failures, done = clock() + work.options.seconds, [], 0
    for sample in samples:
        if clock() > end:
            work.notes.append(
                f"after {work.options.seconds:g} s {done} samples had heat-maps; the rest have none"
            )
            break
        try:
            _explain_one(sample, work)
            done += 1
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - a sample that fails must not cost the others
            failures.append(f"{sample.sample_id}: {type(error).__name__}: {error}")
        progress(f"heat-maps of {done} samples")
    if failures:
        named = "; ".join(failures[:NAMED_FAILURES])
        work.notes.append(f"{len(failures)} samples have no heat-maps: {named}")
    return Explained(tuple(work.found), tuple(work.notes))


def require_captum() -> None:
    """Raise, with the mend, where captum is not installed."""
    try:
        import captum.attr  # noqa: F401 - only whether it is there
    except ModuleNotFoundError as error:
        raise InputError(
            f"heat-maps need captum ({error}); pip install 'mlflow-latent[explain]'"
        ) from None


def _explain_one(sample: Sample, work: _Work) -> None:
    subject = subject_of(sample, work.class_names)
    if work.layers is None:
        options = work.options
        work.layers, said = choose_layers(
            work.model, subject.ask, subject.image, options.layers, options.reshape
        )
        work.notes += said
    made = [
        one
        for number in range(len(subject.questions))
        for one in _maps(subject, number, work.layers, work.options)
    ]
    faithfulness = Faithfulness(subject, work.options.tenths, work.options.random_state)
    measured = faithfulness.of([(one.number, one.plane) for one in made])
    work.found += [
        Heatmap(
            split=subject.split,
            sample_id=subject.sample_id,
            kind=_kind(subject, one),
            target=subject.questions[one.number].target,
            values=letterboxed(one.plane, subject, work.options.size),
            advantage=advantage,
        )
        for one, advantage in zip(made, measured, strict=True)
    ]


class _Map(NamedTuple):
    """One map as large as the input, signed: of which question, and how it was made."""

    number: int
    method: str
    layer: SpatialLayer | None
    plane: Tensor


def _maps(
    subject: Subject, number: int, layers: Sequence[SpatialLayer], options: ExplainOptions
) -> Iterator[_Map]:
    """All layers side by side, and the input itself; of the first question the checks too."""
    if subject.questions[number].what != "loss" and layers:
        planes = maps.hires_cam(subject, number, layers)
        for layer, plane in zip(layers, planes, strict=True):
            yield _Map(number, maps.HIRES_CAM, layer, plane)
    yield _Map(number, maps.GRADIENT, None, maps.gradient(subject, number))
    if number:
        return
    for layer in layers:
        if layer.reshape is None:
            yield _Map(number, maps.GRAD_CAM, layer, maps.grad_cam(subject, number, layer))
    if options.occlusion:
        yield _Map(number, maps.OCCLUSION, None, maps.occlusion(subject, number))


def _kind(subject: Subject, one: _Map) -> HeatmapKind:
    question = subject.questions[one.number]
    where = "" if one.layer is None else f", {one.layer.words}"
    return HeatmapKind(
        what=question.what,
        method=one.method,
        layer=None if one.layer is None else one.layer.name,
        label=f"{question.what}, {maps.METHOD_NAMES[one.method]}{where}",
        meaning=question.meaning,
        quantity=question.quantity,
        measured=question.measured,
    )


def letterboxed(found: Tensor, subject: Subject, size: int) -> NDArray[np.float32]:
    """Return a map as (size, size), over the square thumbnail; what is negative is zero."""
    top, left, height, width = subject.content
    plane = found[top : top + height, left : left + width].clamp(min=0)[None, None]
    scale = size / max(height, width)
    inner = max(round(height * scale), 1), max(round(width * scale), 1)
    scaled = functional.interpolate(plane, inner, mode="bilinear", antialias=scale < 1)[0, 0]
    square = torch.zeros(size, size)
    first, start = (size - inner[0]) // 2, (size - inner[1]) // 2
    square[first : first + inner[0], start : start + inner[1]] = scaled.cpu()
    values: NDArray[np.float32] = square.clamp(min=0).nan_to_num().numpy()
    return values
