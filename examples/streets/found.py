"""What an analysis of objects found of what was planted into the drawn scenes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from mlflow_latent.report.model import Report

TESTED = "val"
SMALL = 32**2  # square pixels
WORSE = ("low_performance", "metadata_loss")


@dataclass(frozen=True)
class Found:
    """How one planted thing shows.

    Attributes:
        planted: what it is.
        objects: how many of the tested split's objects it is in.
        loss_ratio: their mean loss ÷ that of the others, among those that are not small (if it is
            another thing than being small).
        found_share: share of them that the detector finds, among the same.
        rest_found_share: the same of the others.
        ranking: probability that such an object has a lower `label_quality` than another.
        kinds: of insight that speak of it, and by what.
        recall: share of them that these insights hold.
        precision: share of these insights' objects that are such.
    """

    planted: str
    objects: int
    loss_ratio: float
    found_share: float
    rest_found_share: float
    ranking: float
    kinds: tuple[str, ...]
    recall: float
    precision: float


def found_objects(folder: Path, run_id: str, tracking_uri: str) -> list[Found]:
    """Compare the analysis of a run's objects with the truth of its scenes.

    Args:
        folder: of the drawn scenes.
        run_id: of the images.
        tracking_uri: where it is.
    """
    from mlflow import MlflowClient

    from mlflow_latent.report.model import Report

    client = MlflowClient(tracking_uri)
    objects = client.get_run(run_id).data.tags["latent.objects"]
    analyses = sorted(item.path for item in client.list_artifacts(objects, "latent/analysis"))
    report = Report.load(Path(client.download_artifacts(objects, analyses[-1])))
    return compare(report, truth_of(report.samples, folder))


def truth_of(samples: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Return the table of objects with what was planted: `small`, `grayscale`, `mislabeled`.

    The n-th label of an image's file is the n-th of its annotations.
    """
    truth = pd.read_csv(folder / "truth_objects.csv")
    images = pd.read_csv(folder / "truth_images.csv")
    truth["number"] = truth.groupby(["split", "file_name"]).cumcount()
    truth["sample_id"] = truth["file_name"] + "#" + truth["number"].astype(str)
    truth = truth.merge(images[["split", "file_name", "grayscale"]], on=["split", "file_name"])
    truth["small"] = truth["w"] * truth["h"] < SMALL
    planted = truth[["split", "sample_id", "small", "grayscale", "mislabeled"]]
    return samples.merge(planted, on=["split", "sample_id"], validate="one_to_one")


def compare(report: Report, samples: pd.DataFrame) -> list[Found]:
    """Return how each planted thing shows in a report."""
    tested = samples[samples["split"] == TESTED].set_index("sample_id")
    return [
        _found(report, tested, "small", ("size", "area", "width", "height")),
        _found(report, tested, "grayscale", ("is_colored", "saturation", "chroma", "lab_")),
        _found(report, tested, "mislabeled", ()),
    ]


def _found(report: Report, tested: pd.DataFrame, planted: str, fields: tuple[str, ...]) -> Found:
    mask = tested[planted].astype(bool)
    kinds, members = [], set[str]()
    for insight in report.insights:
        named = [field.name for field in insight.metadata[:1] if field.name.startswith(fields)]
        said = insight.kind == "label_error" if not fields else insight.kind in WORSE and named
        if said:
            kinds.append(f"{insight.kind}: {insight.title}")
            members |= {sample for split, sample in insight.samples if split == TESTED}
    held = tested.index.isin(members)
    hits = int((held & mask).sum())
    judged = np.ones(len(tested), bool) if planted == "small" else ~tested["small"].astype(bool)
    these, others = tested[judged & mask], tested[judged & ~mask]
    return Found(
        planted=planted,
        objects=int(mask.sum()),
        loss_ratio=float(these["loss"].mean() / others["loss"].mean()),
        found_share=float(these["metric_found"].mean()),
        rest_found_share=float(others["metric_found"].mean()),
        ranking=_ranking(these, others),
        kinds=tuple(kinds),
        recall=hits / max(int(mask.sum()), 1),
        precision=hits / max(int(held.sum()), 1),
    )


def _ranking(these: pd.DataFrame, others: pd.DataFrame) -> float:
    if "label_quality" not in these or these.empty or others.empty:
        return float("nan")
    low = these["label_quality"].to_numpy()[:, None]
    high = others["label_quality"].to_numpy()[None]
    return float((low < high).mean() + (low == high).mean() / 2)


def print_found(found: list[Found]) -> None:
    """Print it as a table of words."""
    for one in found:
        print(
            f"{one.planted}: {one.objects} objects of {TESTED}, loss {one.loss_ratio:.2f} × that of"
            f" the others, {one.found_share:.0%} found by the detector ({one.rest_found_share:.0%} "
            f"of the others), ranking by label quality {one.ranking:.2f}; insights hold "
            f"{one.recall:.0%} of them, {one.precision:.0%} of what they hold is such"
        )
        for kind in one.kinds:
            print(f"    {kind}")
