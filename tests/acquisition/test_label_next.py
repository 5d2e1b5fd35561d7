"""What to label next: far from what is labelled, predicted to fail, no copies, with reasons."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import mlflow_latent as ml
from mlflow_latent.errors import InputError, UnpredictableError
from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.report.acquisition.model import LabelList

if TYPE_CHECKING:
    from pathlib import Path


def make(**changes: Any) -> ml.Snapshot:
    """Labelled samples around 0; unlabelled ones there, in a far region, and where losses grow."""
    rng = np.random.default_rng(0)
    split = np.repeat(["val", "unlabeled"], [300, 200])
    embedding = rng.normal(size=(500, 4))
    embedding[440:, 1] += 8  # the region that nothing labelled reaches
    loss = np.exp(embedding[:, 0]) * rng.lognormal(0, 0.2, 500)
    arrays = {
        "sample_id": [f"s{number}" for number in range(500)],
        "split": split,
        "embedding": embedding,
        "loss": np.where(split == "val", loss, np.nan),
    }
    return ml.Snapshot.from_arrays(**(arrays | changes))


@pytest.fixture(scope="module")
def data() -> ml.Snapshot:
    return make()


def number(sample_id: str) -> int:
    return int(sample_id.removeprefix("s"))


def test_coverage_goes_where_nothing_is_labelled(data: ml.Snapshot) -> None:
    found = ml.label_next(data, n=10, strategy="coverage")
    assert number(found.sample_ids[0]) >= 440
    assert found.picks[0].stands_for > 1
    assert "× as far from what is labelled" in found.picks[0].reason
    assert "nearest to" in found.picks[0].reason
    assert len(set(found.sample_ids)) == 10
    assert found.n == 200


def test_coverage_agrees_with_a_slow_k_center(data: ml.Snapshot) -> None:
    found = ml.label_next(data, n=8, strategy="coverage")
    measures = Measures(data, MeasureOptions(projection="none"))
    points = measures.reduced.astype(np.float64)
    rest = [row for row in range(300, 500) if measures.duplicates.group[row] < 0]
    own = np.linalg.norm(points[300:, None] - points[None, 300:], axis=2)
    third = np.sort(own, axis=1)[:, 3]
    rest = [row for row in rest if third[row - 300] <= np.quantile(third, 0.99) + 1e-6]
    chosen, covered = [], list(range(300))
    for _ in range(8):
        gaps = [
            min(np.linalg.norm(points[row] - points[other]) for other in covered) for row in rest
        ]
        best = rest[int(np.argmax(gaps))]
        chosen.append(f"s{best}")
        covered.append(best)
        rest.remove(best)
    assert found.sample_ids == chosen


def test_failure_takes_the_largest_predicted_losses_and_a_mix_both(data: ml.Snapshot) -> None:
    failure = ml.label_next(data, n=20, strategy="failure")
    values = [pick.predicted_loss or 0 for pick in failure.picks]
    assert values == sorted(values, reverse=True)
    assert data.embedding[[number(name) for name in failure.sample_ids], 0].mean() > 1
    assert failure.picks[0].reason.startswith("predicted loss")
    assert "rank correlation" in failure.notes[0]
    mix = ml.label_next(data, n=20, strategy="mix")
    coverage = ml.label_next(data, n=20, strategy="coverage")
    means = [np.mean([p.predicted_loss for p in one.picks]) for one in (failure, mix, coverage)]
    reach = [np.mean([p.distance for p in one.picks]) for one in (failure, mix, coverage)]
    assert means[0] > means[1] > means[2]
    assert reach[0] < reach[1] < reach[2]


def test_copies_are_left_out() -> None:
    data = make()
    embedding = data.embedding.copy()
    embedding[300:310] = embedding[:10]  # of labelled ones
    embedding[450:453] = embedding[453]  # of one another
    found = ml.label_next(make(embedding=embedding), n=200, strategy="coverage")
    chosen = {number(name) for name in found.sample_ids}
    assert not chosen & set(range(300, 310))
    assert len(chosen & {450, 451, 452, 453}) == 1
    assert (found.copies_of_labelled, found.copies_of_others) == (10, 3)


def test_the_list_is_a_document_and_files(data: ml.Snapshot, tmp_path: Path) -> None:
    found = ml.label_next(data, n=3)
    found.save(tmp_path)
    assert LabelList.load(tmp_path) == found
    assert json.loads(found.export(tmp_path / "ids.json").read_text()) == found.sample_ids
    table = pd.read_csv(found.export(tmp_path / "list.csv"))
    assert table["sample_id"].tolist() == found.sample_ids
    assert table["split"].unique().tolist() == ["unlabeled"]
    assert table["reason"].str.len().gt(20).all()
    with pytest.raises(InputError, match=r"'list.txt' must end in"):
        found.export(tmp_path / "list.txt")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"split": "unlabelled"}, InputError, "did you mean 'unlabeled'"),
        ({"split": "val"}, InputError, "all samples of split 'val' have labels"),
        ({"strategy": "best"}, InputError, "strategy 'best' is unknown"),
        ({"n": 0}, InputError, "n must be 1 or more"),
    ],
)
def test_bad_input_is_named(
    data: ml.Snapshot, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ml.label_next(data, **options)


def test_without_losses_only_coverage_is_possible() -> None:
    data = make(loss=None)
    with pytest.raises(UnpredictableError, match="strategy='coverage' needs no losses"):
        ml.label_next(data)
    found = ml.label_next(data, split="unlabeled", n=4, strategy="coverage")
    assert found.picks[0].predicted_loss is None
    assert found.picks[0].reason.startswith("the first, as nothing is labelled")
    assert "losses were not predicted" in found.notes[0]


@pytest.mark.parametrize("size", [1, 5, 20])
def test_a_few_samples_are_a_short_list(size: int) -> None:
    rng = np.random.default_rng(0)
    found = ml.label_next(
        ml.Snapshot.from_arrays(
            sample_id=np.arange(100 + size),
            split=["val"] * 100 + ["unlabeled"] * size,
            embedding=rng.normal(size=(100 + size, 3)),
            target=[0] * 100 + [None] * size,
        ),
        strategy="coverage",
    )
    assert len(found.picks) == size
