"""The document about what to label next: a ranked list, each sample with its reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, Self

import pandas as pd

from mlflow_latent.errors import InputError
from mlflow_latent.report.document import Document, Number, read_document

LABEL_LIST_SCHEMA_VERSION = 1
LABEL_LIST_FILE, LABEL_LIST_TABLE = "label_next.json", "label_next.csv"

Strategy = Literal["coverage", "failure", "mix"]


class Pick(Document):
    """A sample that is worth a label.

    Attributes:
        rank: from 1.
        sample_id: its id.
        uri: where it can be read again, if that was captured.
        reason: why it, in words.
        stands_for: samples of the split, itself included, that it is nearest to of all that are
            labelled or on the list.
        distance: to the nearest sample that was labelled, or was on the list before it, in units of
            what is usual between neighbors of the split.
        predicted_loss: if losses could be predicted.
        predicted_loss_low: lower end of its interval.
        predicted_loss_high: upper end.
        outside: whether it is unlike all that the prediction was fitted on.
    """

    rank: int
    sample_id: str
    uri: str | None = None
    reason: str
    stands_for: int
    distance: Number
    predicted_loss: Number | None = None
    predicted_loss_low: Number | None = None
    predicted_loss_high: Number | None = None
    outside: bool | None = None


class LabelList(Document):
    """What to label next.

    Attributes:
        split: that the samples are of.
        strategy: how they were chosen.
        picks: the most wanted first.
        n: samples of the split.
        copies_of_labelled: samples left out, as a labelled sample is a near copy of them.
        copies_of_others: samples left out, as one of their near copies is enough.
        lonely: samples left out for coverage, as nothing of their split is near them.
        run_id: the run, if it is one.
        epoch: 0-based epoch of the embeddings.
        layer: whose output they are.
        notes: what else a reader should know, such as how good the predictions are.
    """

    schema_version: int = LABEL_LIST_SCHEMA_VERSION
    split: str
    strategy: Strategy
    picks: tuple[Pick, ...]
    n: int
    copies_of_labelled: int
    copies_of_others: int
    lonely: int
    run_id: str | None = None
    epoch: int | None = None
    layer: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def sample_ids(self) -> list[str]:
        """The ids, the most wanted first."""
        return [pick.sample_id for pick in self.picks]

    @property
    def table(self) -> pd.DataFrame:
        """One row per sample, with its reason."""
        rows = pd.DataFrame([pick.model_dump() for pick in self.picks], columns=list(_COLUMNS))
        return rows.assign(split=self.split)[["rank", "split", *_COLUMNS[1:]]]

    def export(self, path: str | Path) -> Path:
        """Write the list for another program.

        Args:
            path: `….csv` for a table with the reasons, `….json` for a list of ids.

        Raises:
            InputError: another ending.
        """
        path = Path(path)
        if path.suffix == ".csv":
            self.table.to_csv(path, index=False)
        elif path.suffix == ".json":
            text = json.dumps(self.sample_ids, ensure_ascii=False, indent=1)
            path.write_text(text + "\n", encoding="utf-8")
        else:
            raise InputError(f"{path.name!r} must end in .csv (a table) or .json (a list of ids)")
        return path

    def save(self, folder: Path) -> list[Path]:
        """Write the document and its table into `folder` and return their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        document = folder / LABEL_LIST_FILE
        document.write_text(self.to_json(), encoding="utf-8")
        return [document, self.export(folder / LABEL_LIST_TABLE)]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a list back from the folder that `save` wrote.

        Raises:
            NewerSchemaError: a later version of this package wrote it.
            CorruptFileError: the file is missing or something else.
        """
        path = folder / LABEL_LIST_FILE
        return read_document(cls, path, LABEL_LIST_SCHEMA_VERSION, "a list of samples to label")


_COLUMNS = tuple(Pick.model_fields)
