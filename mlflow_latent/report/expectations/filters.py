"""The language that slices are named in: text to a tree, and nothing is ever executed.

```
filter    = either
either    = both { "or" both }
both      = single { "and" single }
single    = "not" single | "(" filter ")" | "all" | "in" "samples" | "in" "region" | condition
condition = field ( "==" | "!=" ) value
          | field ( "<" | "<=" | ">" | ">=" ) number
          | field [ "not" ] "in" "[" value { "," value } "]"
          | field "is" [ "not" ] "missing"
field     = name { name } | "`" any text "`"          "size", "predicted class", "`and so on`"
value     = number | "text" | 'text' | "true" | "false"
```
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from mlflow_latent.errors import InputError

Value = float | str | bool
Order = Literal["<", "<=", ">", ">="]
Operator = Literal["==", "!=", "<", "<=", ">", ">="]

MAX_DEPTH = 50  # parentheses in one another; nobody reads more, and Python's stack ends
SHOWN = 40  # letters of the filter around a mistake
KEYWORDS = {"and", "or", "not", "in", "is", "missing", "true", "false", "all", "samples", "region"}
_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<quoted>`(?:[^`]|``)+`)
    | (?P<name>[^\W\d][\w.\-/]*)
    | (?P<sign>==|!=|<=|>=|<|>|\(|\)|\[|\]|,)
    """,
    re.VERBOSE | re.DOTALL,
)
_PLAIN_NAME = re.compile(r"[^\W\d][\w.\-/]*(?: [^\W\d][\w.\-/]*)*")


@dataclass(frozen=True)
class Everything:
    """`all`: every sample."""


@dataclass(frozen=True)
class Listed:
    """`in samples`: those that are listed; `in region`: the regions that mostly hold them."""

    region: bool


@dataclass(frozen=True)
class Condition:
    """`size < 0.2`, `class == "car"`."""

    field: str
    operator: Operator
    value: Value


@dataclass(frozen=True)
class OneOf:
    """`weather in ["rain", "night"]`."""

    field: str
    among: tuple[Value, ...]


@dataclass(frozen=True)
class Missing:
    """`size is missing`."""

    field: str


@dataclass(frozen=True)
class Not:
    """Every sample that `part` does not hold."""

    part: Filter


@dataclass(frozen=True)
class Both:
    """What all of `parts` hold."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Either:
    """What any of `parts` holds."""

    parts: tuple[Filter, ...]


Filter = Everything | Listed | Condition | OneOf | Missing | Not | Both | Either


def parse_filter(text: str) -> Filter:
    """Read a filter.

    Raises:
        InputError: it is not one; the message says what is wrong, and where.

    Example:
        >>> parse_filter('size < 0.2 and class == "car"').parts[0]
        Condition(field='size', operator='<', value=0.2)
    """
    return _Parser(text).parse()


def fields_of(tree: Filter) -> set[str]:
    """Return the fields that a filter names, as they stand in it."""
    if isinstance(tree, Condition | OneOf | Missing):
        return {tree.field}
    return {name for part in _parts(tree) for name in fields_of(part)}


def needs_samples(tree: Filter) -> bool:
    """Whether a filter speaks of samples that are listed beside it."""
    return isinstance(tree, Listed) or any(needs_samples(part) for part in _parts(tree))


def write_field(name: str) -> str:
    """Return a field's name as it stands in a filter."""
    words = name.split(" ")
    if _PLAIN_NAME.fullmatch(name) and not KEYWORDS & set(words):
        return name
    return "`" + name.replace("`", "``") + "`"


def write_value(value: Value) -> str:
    """Return a value as it stands in a filter; a number as the very number it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(float(value)).removesuffix(".0")


def _parts(tree: Filter) -> tuple[Filter, ...]:
    if isinstance(tree, Not):
        return (tree.part,)
    return tree.parts if isinstance(tree, Both | Either) else ()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        return self.kind in {"name", "sign"} and self.text in words


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split()
        self._place = 0
        self._depth = 0

    def parse(self) -> Filter:
        if self._next.kind == "end":
            raise self._error('it is empty; for every sample say "all"')
        tree = self._either()
        if self._next.kind != "end":
            raise self._error('expected "and", "or" or the end')
        return tree

    def _split(self) -> list[_Token]:
        tokens, at = [], 0
        while at < len(self._text):
            found = _TOKEN.match(self._text, at)
            if found is None:
                raise self._error(_unreadable(self._text[at]), at)
            if found.lastgroup != "space":
                tokens.append(_Token(str(found.lastgroup), found[0], at))
            at = found.end()
        return [*tokens, _Token("end", "", len(self._text))]

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self) -> _Token:
        token = self._next
        self._place += 1
        return token

    def _accept(self, *words: str) -> bool:
        accepted = self._next.is_word(*words)
        self._place += accepted
        return accepted

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._error(f'expected "{word}"')

    def _either(self) -> Filter:
        parts = [self._both()]
        while self._accept("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Filter:
        parts = [self._single()]
        while self._accept("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _single(self) -> Filter:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"it goes more than {MAX_DEPTH} levels deep")
        tree = self._unnested()
        self._depth -= 1
        return tree

    def _unnested(self) -> Filter:
        if self._accept("not"):
            return Not(self._single())
        if self._accept("("):
            inner = self._either()
            self._expect(")")
            return inner
        if self._accept("all"):
            return Everything()
        if self._accept("in"):
            return self._listed()
        return self._condition(self._field())

    def _listed(self) -> Filter:
        if self._accept("samples"):
            return Listed(region=False)
        self._expect("region")
        return Listed(region=True)

    def _field(self) -> str:
        if self._next.kind == "quoted":
            return self._take().text[1:-1].replace("``", "`")
        names = []
        while self._next.kind == "name" and self._next.text not in KEYWORDS:
            names.append(self._take().text)
        if not names:
            raise self._error("expected the name of a field")
        return " ".join(names)

    def _condition(self, field: str) -> Filter:
        if self._accept("is"):
            negated = self._accept("not")
            self._expect("missing")
            return Not(Missing(field)) if negated else Missing(field)
        if self._accept("not"):
            self._expect("in")
            return Not(OneOf(field, self._values()))
        if self._accept("in"):
            return OneOf(field, self._values())
        return self._comparison(field)

    def _comparison(self, field: str) -> Filter:
        if not self._next.is_word(*get_args(Operator)):
            raise self._error(f"expected a comparison of {field!r}: ==, !=, <, <=, >, >= or in")
        operator: Operator = self._take().text  # type: ignore[assignment]
        at = self._next
        value = self._value()
        ordered = operator in get_args(Order)
        if ordered and not isinstance(value, float):
            raise self._error(f"{operator} compares numbers, got {at.text}", at.at)
        return Condition(field, operator, value)

    def _values(self) -> tuple[Value, ...]:
        self._expect("[")
        values = [self._value()]
        while self._accept(","):
            values.append(self._value())
        self._expect("]")
        return tuple(values)

    def _value(self) -> Value:
        token = self._next
        if token.is_word("true", "false"):
            return self._take().text == "true"
        if token.kind == "number":
            return float(self._take().text)
        if token.kind == "string":
            return re.sub(r"\\(.)", r"\1", self._take().text[1:-1], flags=re.DOTALL)
        hint = f'; put text in quotes: "{token.text}"' if token.kind == "name" else ""
        raise self._error(f"expected a value{hint}")

    def _error(self, problem: str, at: int | None = None) -> InputError:
        at = self._next.at if at is None else at
        where = f"at {self._text[at : at + SHOWN]!r}" if at < len(self._text) else "at its end"
        shown = self._text if len(self._text) <= 2 * SHOWN else self._text[: 2 * SHOWN] + "…"
        return InputError(f"filter {shown!r} cannot be read {where}: {problem}")


def _unreadable(letter: str) -> str:
    if letter == "=":
        return 'a comparison is "=="'
    if letter in "\"'`":
        return f"the quote {letter} is not closed"
    return f"{letter!r} means nothing here"
