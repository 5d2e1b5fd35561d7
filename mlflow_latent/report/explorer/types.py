"""Write `ui/src/payload.ts` from the schemas of the headers.

Run `python -m mlflow_latent.report.explorer.types` in a source tree after every change of a
header; a test fails where the two differ.
"""

from __future__ import annotations

import inspect
import re
import textwrap
import types
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BaseModel

from mlflow_latent.report import heatmaps
from mlflow_latent.report.explorer import header

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = Path(__file__).parents[3] / "ui" / "src" / "payload.ts"
WIDTH = 100
_BEGINNING = """\
// Generated from mlflow_latent/report/explorer/header.py and report/heatmaps.py by
// `python -m mlflow_latent.report.explorer.types`. Do not edit.
"""
_SCALARS = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}
_ATTRIBUTE = re.compile(r"^    (\w+): ", re.MULTILINE)


def typescript() -> str:
    """Return the module: an interface for each part of the header, and its constants."""
    parts = [_BEGINNING, *_constants()]
    roots = (header.ExplorerHeader, heatmaps.HeatmapsHeader)
    models = dict.fromkeys(model for root in roots for model in _models(root))
    parts += [_interface(model) for model in models]
    return "\n".join(parts)


def _constants() -> list[str]:
    return [
        "/** The highest `schema_version` that this page reads. */",
        f"export const EXPLORER_SCHEMA_VERSION = {header.EXPLORER_SCHEMA_VERSION};\n",
        "/** The highest `schema_version` of a file of heat-maps that this page reads. */",
        f"export const HEATMAPS_SCHEMA_VERSION = {heatmaps.HEATMAPS_SCHEMA_VERSION};\n",
        "/** In a `u32` array of rows or tiles: none. */",
        f"export const NO_ROW = {header.NO_ROW:#x};\n",
    ]


def _models(root: type[BaseModel]) -> list[type[BaseModel]]:
    """All models that `root` is made of, each after those it needs."""
    found: dict[type[BaseModel], None] = {}

    def visit(model: type[BaseModel], above: tuple[type[BaseModel], ...]) -> None:
        for hint in _hints(model).values():
            for inner in _models_in(hint):
                if inner not in (model, *above):
                    visit(inner, (*above, model))
        found.setdefault(model)

    visit(root, ())
    return list(found)


def _models_in(hint: Any) -> list[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return [hint]
    return [model for argument in get_args(hint) for model in _models_in(argument)]


def _hints(model: type[BaseModel]) -> dict[str, Any]:
    hints = get_type_hints(model, include_extras=True)
    return {name: hints[name] for name in model.model_fields}


def _interface(model: type[BaseModel]) -> str:
    summary, attributes = _docstring(model)
    lines = [_comment(summary, ""), f"export interface {model.__name__} {{"]
    for name, hint in _hints(model).items():
        if name in attributes:
            lines.append(_comment(attributes[name], "  "))
        lines.append(f"  readonly {name}: {_type(hint)};")
    return "\n".join([*lines, "}\n"])


def _type(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in _GENERIC:
        return _GENERIC[origin](arguments)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint.__name__
    return _SCALARS[hint]


def _union(arguments: tuple[Any, ...]) -> str:
    return " | ".join(_type(argument) for argument in arguments)


def _tuple(arguments: tuple[Any, ...]) -> str:
    if arguments[-1] is not Ellipsis:
        return f"readonly [{', '.join(map(_type, arguments))}]"
    inner = _type(arguments[0])
    return f"readonly ({inner})[]" if " " in inner else f"readonly {inner}[]"


_GENERIC: dict[Any, Callable[[tuple[Any, ...]], str]] = {
    Annotated: lambda arguments: _type(arguments[0]),
    Literal: lambda values: " | ".join(f'"{value}"' for value in values),
    Union: _union,
    types.UnionType: _union,
    tuple: _tuple,
    dict: lambda arguments: f"Readonly<Record<{_type(arguments[0])}, {_type(arguments[1])}>>",
}


def _docstring(model: type[BaseModel]) -> tuple[str, dict[str, str]]:
    """The text before `Attributes:`, and what it says of each attribute."""
    text = inspect.cleandoc(model.__doc__ or "").replace("*/", "* /")
    summary, _, listed = text.partition("Attributes:")
    parts = _ATTRIBUTE.split(listed)[1:]
    return summary.strip(), {
        name: " ".join(said.split()) for name, said in zip(parts[::2], parts[1::2], strict=True)
    }


def _comment(text: str, indent: str) -> str:
    one_line = f"{indent}/** {text} */"
    if "\n" not in text and len(one_line) <= WIDTH:
        return one_line
    prefix = f"{indent} * "
    lines = [
        line
        for paragraph in text.split("\n")
        for line in textwrap.wrap(paragraph, WIDTH - len(prefix)) or [""]
    ]
    body = "\n".join(f"{prefix}{line}".rstrip() for line in lines)
    return f"{indent}/**\n{body}\n{indent} */"


def main() -> None:
    """Write the module."""
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(typescript(), encoding="utf-8")


if __name__ == "__main__":
    main()
