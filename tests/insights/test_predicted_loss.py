"""`predicted_loss`: fires where the model will fail, is silent where it will not, says why not."""

from __future__ import annotations

import numpy as np
import pytest

import mlflow_latent as ml
from mlflow_latent.insights.registry import insight_kinds

OPTIONS = {"projection": "none"}


def snapshot(
    seed: int = 0, *, shift: float = 0.0, loss: bool = True, size: int = 250
) -> ml.Snapshot:
    rng = np.random.default_rng(seed)
    split = np.repeat(["train", "val", "fisheye"], size)
    embedding = rng.normal(size=(3 * size, 5))
    embedding[split == "fisheye", 0] += shift
    losses = np.exp(embedding[:, 0]) * rng.lognormal(0, 0.3, 3 * size)
    given = np.where(split == "fisheye", np.nan, losses)
    return ml.Snapshot.from_arrays(
        sample_id=np.arange(3 * size),
        split=split,
        embedding=embedding,
        loss=given if loss else None,
        metadata={"lens": embedding[:, 0] + rng.normal(0, 0.1, 3 * size)},
    )


@pytest.fixture(scope="module")
def report() -> ml.Report:
    return ml.analyze(snapshot(shift=2.0), projection="none")


def test_it_fires_where_the_model_will_fail(report: ml.Report) -> None:
    (insight,) = [one for one in report.insights if one.kind == "predicted_loss"]
    assert {split for split, _ in insight.samples} == {"fisheye"} == set(insight.counts)
    assert insight.counts["fisheye"] > 125
    assert insight.interval[0] > 1.5
    assert insight.base_rates["predicted_to_fail_in_val"] == pytest.approx(0.1, abs=0.03)
    assert insight.base_rates["rank_correlation"] > 0.7
    assert "Nobody knows their losses" in insight.description
    assert "lie outside of what it was fitted on" in insight.description
    assert insight.metadata[0].name == "lens"
    assert insight.metadata[0].direction == "higher"


def test_its_worst_samples_come_first_and_the_table_holds_all(report: ml.Report) -> None:
    (insight,) = [one for one in report.insights if one.kind == "predicted_loss"]
    table = report.samples.set_index(["split", "sample_id"])
    predicted = table.loc[list(insight.samples), "predicted_loss"].to_numpy()
    assert (np.diff(predicted) <= 0).all()
    assert table.loc["fisheye", "predicted_loss_low"].notna().all()
    assert table.loc["val", "predicted_loss"].notna().all()  # to be held against the loss
    assert table.loc["train", "predicted_loss"].isna().all()
    assert table.loc["val", "predicted_loss_outside"].isna().all()
    assert any(note.startswith("predicted loss of 250 samples") for note in report.notes)


def test_it_is_silent_where_nothing_changed() -> None:
    fired = 0
    for seed in range(4):
        found = ml.analyze(snapshot(seed, size=120), **OPTIONS).insights
        fired += sum(one.kind == "predicted_loss" for one in found)
    assert fired == 0


def test_it_says_why_it_cannot_be_computed() -> None:
    def reason(data: ml.Snapshot) -> str:
        found = {one.kind: one.reason for one in ml.analyze(data, **OPTIONS).not_applicable}
        return found["predicted_loss"]

    assert reason(snapshot(loss=False)) in {
        "no per-sample loss was captured",
        "no split has losses to learn from",
    }
    labelled = ml.Snapshot.from_arrays(
        sample_id=np.arange(90), split="val", embedding=np.eye(90, 5), loss=np.arange(90.0)
    )
    assert "every sample has a loss" in reason(labelled)
    rng = np.random.default_rng(0)
    noise = snapshot()
    known = noise.frame["loss"].notna()
    noise.frame.loc[known, "loss"] = rng.permutation(noise.frame.loc[known, "loss"].to_numpy())
    assert "cannot be predicted well enough" in reason(noise)


def test_it_takes_its_share_of_the_error_budget() -> None:
    (kind,) = [one for one in insight_kinds() if one.name == "predicted_loss"]
    assert kind.tests


@pytest.mark.parametrize("size", [1, 5, 20])
def test_a_target_of_a_few_samples_is_predicted_and_tested_where_that_is_fair(size: int) -> None:
    data = snapshot(shift=3.0)
    keep = np.r_[0 : 500 + size]
    few = ml.Snapshot.from_arrays(
        sample_id=data.sample_id[keep],
        split=data.split[keep],
        embedding=data.embedding[keep],
        loss=data.frame["loss"].to_numpy()[keep],
    )
    report = ml.analyze(few, **OPTIONS)
    predicted = report.samples.loc[report.samples["split"] == "fisheye", "predicted_loss"]
    assert predicted.notna().all()
    found = [one for one in report.insights if one.kind == "predicted_loss"]
    assert bool(found) == (size >= 10)
