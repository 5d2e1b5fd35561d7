"""A progress bar on standard error, or none."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def counting(what: str, total: int, *, shown: bool) -> Iterator[Callable[[], None]]:
    """Give a function to call after each of `total` files."""
    from tqdm import tqdm

    with tqdm(total=total, desc=what, unit="file", disable=not shown or not total) as bar:

        def count() -> None:
            bar.update()

        yield count
