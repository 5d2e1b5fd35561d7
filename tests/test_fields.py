from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from mlflow_latent.fields import MAX_CATEGORIES, OTHER, SIMILAR, Fields, collect_fields
from mlflow_latent.snapshot import Snapshot

SIZE = 400


def fields_of(metadata: dict[str, object], **arrays: object) -> Fields:
    snapshot = Snapshot.from_arrays(
        sample_id=np.arange(SIZE),
        split="val",
        embedding=np.ones((SIZE, 2)),
        metadata=pd.DataFrame(metadata, index=range(SIZE)),
        **arrays,  # type: ignore[arg-type]
    )
    return collect_fields(snapshot)


def test_what_explains_nothing_is_left_out_with_the_reason() -> None:
    fields = fields_of(
        {
            "constant": 3,
            "missing": [None] * SIZE,
            "path": [f"/images/{i}.png" for i in range(SIZE)],
            "light": np.arange(SIZE),
        }
    )
    assert [field.name for field in fields.usable] == ["light"]
    assert "'constant' explains nothing: it is 3 everywhere" in fields.skipped[0]
    assert "it is missing everywhere" in fields.skipped[1]
    assert "'path' was not tested" in fields.skipped[2]
    assert "are ids" in fields.skipped[2]


def test_fields_that_say_the_same_are_grouped() -> None:
    rng = np.random.default_rng(0)
    mean = rng.normal(size=SIZE)
    fields = fields_of(
        {
            "area_mean": mean,
            "area_median": mean**3 + 0.001 * rng.normal(size=SIZE),
            "other": rng.normal(size=SIZE),
            "weather": np.where(mean > 0, "sun", "rain"),
            "wet": mean <= 0,
        }
    )
    assert fields.similar["area_mean"] == ("area_median",)
    assert fields.similar["weather"] == ("wet",)
    assert fields.similar["other"] == ()
    assert [f.name for f in fields.leaders(fields.usable)] == ["area_mean", "other", "weather"]


def test_a_field_that_groups_another_does_not_say_the_same() -> None:
    city = np.random.default_rng(0).integers(0, 30, SIZE)
    places = {"city": [f"city {n}" for n in city], "country": [f"country {n // 6}" for n in city]}
    fields = fields_of(places | {"town": [f"town {n}" for n in city]})
    assert fields.similar == {"city": ("town",), "country": (), "town": ("city",)}


def test_thousands_of_categories_are_cut_to_the_frequent_ones() -> None:
    rng = np.random.default_rng(0)
    names = [f"tag {number}" for number in rng.zipf(1.5, SIZE).clip(max=150)]
    field = fields_of({"tag": names}).usable[0]

    assert len(field.categories) == MAX_CATEGORIES + 1
    assert field.categories[-1] == OTHER
    counts = np.bincount(field.column.astype(int))
    assert counts.sum() == SIZE
    assert field.categories[int(counts.argmax())] in {"tag 1", OTHER}


def test_class_and_prediction_are_fields_by_name() -> None:
    fields = fields_of({}, target=np.arange(SIZE) % 2, class_names=["cat", "<b>dog</b>"])

    assert [(field.name, field.categories) for field in fields.usable] == [
        ("class", ("<b>dog</b>", "cat"))
    ]


def test_similarity_of_numbers_is_spearmans_over_the_rows_that_both_have() -> None:
    rng = np.random.default_rng(1)
    mean = rng.normal(size=SIZE)
    columns = {f"noise_{n}": mean + rng.normal(scale=n / 20, size=SIZE) for n in range(1, 12)}
    half = np.arange(SIZE) % 2 == 0
    columns |= {f"half_{n}": np.where(half, columns[f"noise_{n}"], np.nan) for n in range(1, 12)}
    fields = fields_of(columns)
    for a, b in combinations(fields.usable, 2):
        both = a.present & b.present
        rho = abs(stats.spearmanr(a.column[both], b.column[both]).statistic)
        if abs(rho - SIMILAR) > 0.005:  # where b lacks rows, a keeps its ranks among all of its own
            assert (b.name in fields.similar[a.name]) == (rho >= SIMILAR), (a.name, b.name, rho)


def test_a_few_shared_rows_are_no_likeness() -> None:
    early, late = np.arange(SIZE) < 60, np.arange(SIZE) >= 55
    light = np.arange(SIZE, dtype=float)
    fields = fields_of(
        {"early": np.where(early, light, np.nan), "late": np.where(late, light, np.nan)}
    )
    assert fields.similar == {"early": (), "late": ()}


def test_names_of_small_groups_are_no_categories() -> None:
    """The images that objects are in: fifty of them, and the rest of the world."""
    images = [f"{number // 2}.jpg" for number in range(SIZE)]  # 200 names, each there twice
    fields = fields_of({"image": images, "light": np.arange(SIZE)})
    assert [field.name for field in fields.usable] == ["light"]
    assert (
        "'image' was not tested: its 50 most frequent texts of 200 are only 25%"
        in (fields.skipped[0])
    )
