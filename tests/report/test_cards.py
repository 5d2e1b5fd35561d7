from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.report.cards import SHOWN_SAMPLES, Gallery, representatives
from mlflow_latent.report.pictures import Budget
from mlflow_latent.report.table import SampleTable

if TYPE_CHECKING:
    from mlflow_latent.report.model import Report


def test_a_failing_set_is_known_by_its_worst_samples_of_the_tested_split(digits: Report) -> None:
    table = SampleTable.of(digits)
    overfitting = digits.insights[1]
    rows, order = representatives(table, overfitting)
    assert order == "highest loss first"
    assert table.loss is not None
    losses = table.loss[rows]
    assert (np.diff(losses) <= 0).all()
    assert set(table.split[rows]) == {"val"}
    everyone = table.rows(overfitting.samples)
    assert losses[0] == table.loss[everyone[table.split[everyone] == "val"]].max()


def test_a_rare_set_is_known_by_its_typical_samples(digits: Report) -> None:
    table = SampleTable.of(digits)
    rare = digits.insights[3]
    region = next(region for region in digits.regions if region.id == rare.region)
    rows, order = representatives(table, rare)
    assert order == "nearest to the region's center first"
    assert rows == table.rows(region.typical)[:SHOWN_SAMPLES].tolist()


def test_without_losses_the_datas_order_serves(digits: Report) -> None:
    report = digits.with_samples(digits.samples.drop(columns=["loss"]))
    rows, order = representatives(SampleTable.of(report), digits.insights[0])
    assert order == "in the order of the data"
    assert rows


def test_tiles_say_what_is_known(digits: Report) -> None:
    frame = digits.samples.assign(target=digits.samples["target"].where(lambda t: t != 3))
    table = SampleTable.of(digits.with_samples(frame))
    assert table.target is not None
    unknown = Gallery(table, None, Budget(0)).tile(int(np.flatnonzero(table.target < 0)[0]))
    assert unknown.target is None
    assert unknown.prediction is not None
    assert not unknown.is_wrong
    assert unknown.picture is None


def test_only_shown_samples_are_asked_for_their_thumbnail(digits: Report) -> None:
    asked: list[tuple[str, str]] = []

    def remember(split: str, sample_id: str) -> None:
        asked.append((split, sample_id))

    cards = Gallery(SampleTable.of(digits), remember, Budget(10**6)).cards({})
    assert len(cards) == len(digits.insights)
    assert len(asked) == sum(len(card.tiles) for card in cards) <= SHOWN_SAMPLES * len(cards)
