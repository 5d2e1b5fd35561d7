"""Expectations as YAML in a user's repository.

```yaml
expectations:
  - name: small cars are as good as the rest
    filter: size < 0.2 and class == "car"
    metric: loss / rest
    comparison: <=
    threshold: 1.25
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.report.expectations.model import Expectation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EXPECTATIONS = "expectations"
LARGEST_FILE = 64 << 20  # bytes: a million ids; beyond, it is not ours
NEEDED = ("filter", "metric", "comparison", "threshold")
WIDTH = 100


def read_expectations(path: Path) -> list[Expectation]:
    """Read the expectations of a file.

    Raises:
        InputError: it cannot be read, is not YAML, or an expectation in it is none; the message
            names the file, and the expectation by its number and name.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{path} is too large for a file of expectations")
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} cannot be read: {reason}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    numbered = enumerate(_list(content, path), start=1)
    return [_expectation(entry, f"{path}, expectation {number}") for number, entry in numbered]


def write_expectations(expectations: Sequence[Expectation], comment: str = "") -> str:
    """Return expectations as the text of such a file.

    Args:
        expectations: in their order.
        comment: lines for its beginning.
    """
    entries = [_entry(expectation) for expectation in expectations]
    text = yaml.dump(
        {EXPECTATIONS: entries},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=WIDTH,
        default_flow_style=False,
    )
    lines = "".join(f"# {line}".rstrip() + "\n" for line in comment.splitlines())
    return lines + text


def _list(content: Any, path: Path) -> list[Any]:
    if isinstance(content, dict):
        unknown = [str(key) for key in content if key != EXPECTATIONS]
        if unknown:
            hint = did_you_mean(unknown[0], [EXPECTATIONS])
            raise InputError(f"{path}: key {unknown[0]!r} is unknown{hint}")
        content = content.get(EXPECTATIONS)
    if not isinstance(content, list) or not content:
        raise InputError(f"{path} holds no expectations: it needs a list below `{EXPECTATIONS}:`")
    return content


def _expectation(entry: Any, where: str) -> Expectation:
    if not isinstance(entry, dict):
        raise InputError(f"{where} is {entry!r}; it needs {', '.join(NEEDED)}")
    entry = {str(key): value for key, value in entry.items()}
    name = entry.get("name")
    where += f" ({name})" if isinstance(name, str) and name else ""
    missing = [key for key in NEEDED if key not in entry]
    if missing:
        unknown = [key for key in entry if key not in Expectation.model_fields]
        hint = f"; there is {unknown[0]!r}" if unknown else ""
        raise InputError(f"{where}: key {missing[0]!r} is missing{hint}")
    try:
        return Expectation(**entry)
    except InputError as error:
        raise InputError(f"{where}: {str(error).removeprefix('expectation ')}") from None


def _entry(expectation: Expectation) -> dict[str, Any]:
    """Return what is not a default, the name first; ids on as few lines as they take."""
    content = expectation.model_dump(exclude_defaults=True)
    name = {"name": content.pop("name")} if "name" in content else {}
    entry = {**name, **content}
    if expectation.samples is not None:
        entry["samples"] = {split: _Flow(ids) for split, ids in expectation.samples.items()}
    threshold = expectation.threshold
    entry["threshold"] = int(threshold) if threshold.is_integer() else threshold
    return entry


class _Flow(list[str]):
    """A list that is written on few lines."""


class _Dumper(yaml.SafeDumper):
    """Writes a `_Flow` between brackets."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class's signature
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - the base class's signature
        super().increase_indent(flow, indentless=False)


_Dumper.add_representer(
    _Flow,
    lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True),
)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Between double quotes, escaped, where YAML would fold what cannot be seen into a space."""
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


class _Loader(yaml.SafeLoader):
    """Plain values only, and no key twice: the second would silently replace the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - the base class's signature
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = [str(key) for place, key in enumerate(keys) if key in keys[:place]]
        if repeated:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {repeated[0]!r} is there twice", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)
