"""Names and choices as a user gives them, checked where they are given, not where they are used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.schema import CaptureInfo, Direction, Task

if TYPE_CHECKING:
    from collections.abc import Sequence


def capture_info(
    *,
    task: Any,
    class_names: Any,
    layer: Any,
    metrics: Iterable[str],
    directions: Any,
) -> CaptureInfo:
    """Return what a capture file would say of itself.

    Raises:
        InputError: names the argument that cannot be.
    """
    require_known("task", task, get_args(Task))
    if layer is not None and not isinstance(layer, str):
        raise InputError(f"layer must be the name of a layer, got {layer!r}")
    return CaptureInfo(
        task=task,
        class_names=_names(class_names),
        metrics=_directions(list(metrics), directions),
        layers=(layer,) if layer else (),
    )


def as_epoch(epoch: Any) -> int | None:
    """Return a 0-based epoch, or None.

    Raises:
        InputError: it is no whole number from 0.
    """
    if epoch is None:
        return None
    require_whole("epoch", epoch)
    require_between("epoch", epoch, 0)
    return int(epoch)


def as_metrics(metrics: Any) -> dict[str, Any]:
    """Return metrics by name.

    Raises:
        InputError: they are no mapping.
    """
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping):
        raise InputError(
            "metrics must be a mapping of names to N values each, e.g. {'iou': values}, got "
            f"{type(metrics).__name__}"
        )
    return {str(name): values for name, values in metrics.items()}


def _names(class_names: Any) -> tuple[str, ...]:
    if class_names is None:
        return ()
    if isinstance(class_names, str) or not isinstance(class_names, Iterable):
        raise InputError(f"class_names must be a list of names, by index, got {class_names!r:.60}")
    if not isinstance(class_names, Mapping):
        return tuple(map(str, class_names))
    wanted = range(len(class_names))
    if set(class_names) != set(wanted):
        strange = next(key for key in class_names if key not in wanted)
        raise InputError(
            f"class_names must be a list of names, or a mapping with the keys 0 to "
            f"{len(class_names) - 1}, got the key {strange!r}"
        )
    return tuple(str(class_names[index]) for index in wanted)


def _directions(metrics: Sequence[str], directions: Any) -> dict[str, Direction]:
    if directions is not None and not isinstance(directions, Mapping):
        raise InputError(
            f"directions must be a mapping such as {{'iou': 'higher'}}, got {directions!r:.60}"
        )
    given = {str(name): direction for name, direction in (directions or {}).items()}
    for name, direction in given.items():
        if name not in metrics:
            raise InputError(f"directions names {name!r}, no metric{did_you_mean(name, metrics)}")
        require_known(f"directions[{name!r}]", direction, get_args(Direction))
    return {name: given.get(name, "higher") for name in metrics}


def require_known(name: str, value: Any, known: tuple[str, ...]) -> None:
    """Refuse what is none of the choices.

    Raises:
        InputError: names them.
    """
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name} {value!r} is unknown{did_you_mean(str(value), known)}")


def require_whole(name: str, value: Any) -> None:
    """Refuse what is no whole number.

    Raises:
        InputError: names it.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise InputError(f"{name} must be a whole number, got {value!r}")


def require_between(name: str, value: Any, least: float, most: float | None = None) -> None:
    """Refuse what is no number within the limits, which are allowed.

    Raises:
        InputError: names the limits.
    """
    is_number = isinstance(value, int | float | np.integer | np.floating)
    within = is_number and value >= least and (most is None or value <= most)
    if isinstance(value, bool | np.bool_) or not within:
        limit = f"at least {least}" if most is None else f"from {least} to {most}"
        raise InputError(f"{name} must be {limit}, got {value!r}")
