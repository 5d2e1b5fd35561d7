"""Which epochs keep their embeddings: they are a hundred times larger than all the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_latent.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ALL, LAST, BEST = "all", "last", "best"


@dataclass(frozen=True)
class KeepEmbeddings:
    """The epochs whose embeddings stay: `all`, the `last` captured, the `best`, or by number."""

    wanted: frozenset[str | int]

    @classmethod
    def parse(cls, keep: str | int | Sequence[str | int]) -> KeepEmbeddings:
        """Check what a user asked for.

        Args:
            keep: `"all"`, `"last"`, `"best"`, a 0-based epoch, or several of these.

        Raises:
            InputError: one of them is none of these.
        """
        wanted = [keep] if isinstance(keep, str | int) else list(keep)
        for value in wanted:
            named = isinstance(value, str) and value in {ALL, LAST, BEST}
            counted = isinstance(value, int) and not isinstance(value, bool) and value >= 0
            if not named and not counted:
                raise InputError(
                    f"keep_embeddings takes 'all', 'last', 'best' and epochs (0 or more), got "
                    f"{value!r}"
                )
        return cls(frozenset(wanted))

    def superseded(self, captured: Iterable[int], last: int, best: int | None) -> list[int]:
        """Return the captured epochs whose embeddings are not wanted any longer.

        Args:
            captured: epochs that have been captured.
            last: the one captured most recently.
            best: the best by the monitored metric, if there is one.
        """
        if ALL in self.wanted:
            return []
        kept = {epoch for epoch in self.wanted if isinstance(epoch, int)}
        kept |= {last} if LAST in self.wanted else set()
        kept |= {best} if BEST in self.wanted and best is not None else set()
        return sorted(set(captured) - kept)
