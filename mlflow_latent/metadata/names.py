"""Class names, made into parts of field names that cannot be mistaken for one another."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

HASH_LENGTH = 4  # hexadecimal digits that tell colliding names apart; more if they collide too
SLUG_LENGTH = 60


@dataclass(frozen=True)
class ClassNames:
    """The classes of a data set.

    Attributes:
        names: by class index. Indices that share a name are one class.
        supercategories: of class names; a class may have none.
    """

    names: Mapping[int, str]
    supercategories: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        names: ClassNames | Mapping[int, str] | Sequence[str],
        supercategories: Mapping[str, str] | None = None,
    ) -> ClassNames:
        """Take names by index, as a mapping or in order.

        Raises:
            InputError: a super-category is given for an unknown class.
        """
        if isinstance(names, ClassNames):
            return names
        by_index = names if isinstance(names, Mapping) else dict(enumerate(names))
        found = {int(index): str(name) for index, name in by_index.items()}
        unknown = sorted(set(supercategories or {}) - set(found.values()))
        if unknown:
            raise InputError(
                f"supercategories names the class {unknown[0]!r}, which is not among the class "
                f"names; it maps class names to super-categories"
            )
        return cls(found, dict(supercategories or {}))

    def without(self, index: int | None) -> ClassNames:
        """Return these names less the class of that index, such as the background."""
        kept = {number: name for number, name in self.names.items() if number != index}
        left = set(kept.values())
        return ClassNames(kept, {n: s for n, s in self.supercategories.items() if n in left})

    def rows_by_class(self, classes: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
        """Return the (K,) mask of each class's objects, by the class's slug; all classes.

        Raises:
            InputError: a class index has no name.
        """
        return self._rows(classes, dict(self.names), self.slugs)

    def rows_by_supercategory(self, classes: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
        """Return the (K,) mask of each super-category's objects, by its slug."""
        groups = {i: self.supercategories.get(name, "") for i, name in self.names.items()}
        return self._rows(classes, groups, self.supercategory_slugs)

    @cached_property
    def slugs(self) -> dict[str, str]:
        """By class name, what stands for it in a field's name."""
        return slugs(self.names.values())

    @cached_property
    def supercategory_slugs(self) -> dict[str, str]:
        """By super-category, what stands for it in a field's name."""
        return slugs(self.supercategories.values())

    def _rows(
        self, classes: NDArray[np.int64], groups: Mapping[int, str], names: Mapping[str, str]
    ) -> dict[str, NDArray[np.bool_]]:
        unnamed = sorted(set(classes.tolist()) - set(self.names))
        if unnamed:
            raise InputError(
                f"class {unnamed[0]} has no name; class names are given for {_span(self.names)}"
            )
        rows = {slug: np.zeros(len(classes), dtype=bool) for slug in names.values()}
        for place, index in enumerate(classes.tolist()):
            if groups[index] in names:
                rows[names[groups[index]]][place] = True
        return rows


def as_classes(classes: ArrayLike) -> NDArray[np.int64]:
    """Return (K,) class indices.

    Raises:
        InputError: one of them is no whole number.
    """
    found = np.asarray(classes).reshape(-1)
    numbers = found.astype(np.float64) if found.size else np.zeros(0)
    for number in numbers[~(numbers == np.floor(numbers)) | np.isinf(numbers)][:1]:
        raise InputError(f"a class is a whole number, got {number}")
    return numbers.astype(np.int64)


def slugs(names: Iterable[str]) -> dict[str, str]:
    """Return a slug for each name: lower-case letters and digits of any script, joined by `_`.

    A symbol goes by its Unicode name (🚗 is `automobile`). Names that come to the same slug, or to
    nothing, each get some digits of their own hash: the order of the names changes nothing.

    Example:
        >>> slugs(["traffic light", "🚗", 'a "b"/c'])
        {'traffic light': 'traffic_light', '🚗': 'automobile', 'a "b"/c': 'a_b_c'}
        >>> slugs(["Car", "car", "?"])
        {'Car': 'car_a5cd', 'car': 'car_2b29', '?': 'class_8a8d'}
    """
    plain = {name: _plain(name) for name in dict.fromkeys(names)}
    length = HASH_LENGTH
    while True:
        shared = Counter(plain.values())
        found = {
            name: slug if slug and shared[slug] == 1 else f"{slug or 'class'}_{_hash(name, length)}"
            for name, slug in plain.items()
        }
        if len(set(found.values())) == len(found):
            return found
        length *= 2


def _plain(name: str) -> str:
    spelled = "".join(
        f" {unicodedata.name(sign, '')} " if unicodedata.category(sign) == "So" else sign
        for sign in unicodedata.normalize("NFKC", name)
    )
    return re.sub(r"[\W_]+", "_", spelled.casefold()).strip("_")[:SLUG_LENGTH]


def _hash(name: str, length: int) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def _span(names: Mapping[int, str]) -> str:
    return f"{len(names)} indices, {min(names)}…{max(names)}" if names else "no index"
