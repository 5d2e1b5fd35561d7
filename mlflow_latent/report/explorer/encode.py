"""`explorer.bin`: a report and its samples as compact columns."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from mlflow_latent.report.explorer.arrays import ArrayWriter
from mlflow_latent.report.explorer.columns import ColumnEncoder
from mlflow_latent.report.explorer.extras import Extras
from mlflow_latent.report.explorer.fidelity import FULL, Fidelity
from mlflow_latent.report.explorer.findings import encode_insights, encode_regions
from mlflow_latent.report.explorer.header import ExplorerHeader
from mlflow_latent.report.explorer.parts import PartEncoder, most_probable
from mlflow_latent.report.explorer.rows import RowFinder
from mlflow_latent.report.table import SampleTable

if TYPE_CHECKING:
    from mlflow_latent.report.model import Report


def encode_explorer(
    report: Report, extras: Extras | None = None, fidelity: Fidelity = FULL
) -> bytes:
    """Return the content of `explorer.bin`.

    Args:
        report: with its table of samples; without, there are no samples to see.
        extras: what is shown beside it.
        fidelity: how exactly numbers are written, and how much of the rest.

    Returns:
        The same bytes for the same report, extras and fidelity.
    """
    extras, table, arrays = extras or Extras(), SampleTable.of(report), ArrayWriter()
    finder = RowFinder(table.frame)
    best = most_probable(extras.pred_probs, fidelity.n_probabilities)
    parts = PartEncoder(table, arrays, fidelity)
    # What the page draws first is written first: it opens when that much of the file is there.
    projections = parts.projections(extras.projections)
    drawn = tuple(islice(projections, 1))
    certainty = None if best is None else best.values[:, 0]
    columns, first_bytes = ColumnEncoder(table, arrays, fidelity).encode(certainty)
    header = ExplorerHeader(
        n=len(table),
        run_id=report.run_id,
        run_name=extras.run_name,
        epoch=report.epoch,
        layer=report.layer,
        task=report.task,
        class_names=report.class_names,
        supercategories=dict(extras.supercategories),
        tested_split=report.tested_split,
        reference_split=report.reference_split,
        confidence=report.confidence,
        error_budget=report.error_budget,
        splits=report.splits,
        generalization=report.generalization,
        regions=encode_regions(table, finder),
        curves=report.curves,
        not_applicable=report.not_applicable,
        dropped=report.dropped,
        notes=(*report.notes, *extras.notes),
        tests=report.tests,
        projections=(*drawn, *projections),
        columns=columns,
        insights=encode_insights(table, finder, arrays),
        probabilities=parts.probabilities(best),
        thumbnails=parts.thumbnails(extras.thumbnails),
        neighbors=parts.neighbors(),
        history=parts.history(extras.history),
        overlays=parts.overlays(extras.objects),
    )
    sizes = {"data_bytes": arrays.size, "first_bytes": first_bytes}
    return arrays.finish(header.model_copy(update=sizes))
