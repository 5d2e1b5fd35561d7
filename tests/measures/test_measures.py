from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from mlflow_latent.errors import InputError
from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.snapshot import Snapshot


def world(rows: int, columns: int = 10, **more: object) -> Snapshot:
    random = np.random.default_rng(0)
    centers = 3 * random.normal(size=(4, columns))
    target = random.integers(0, 4, rows)
    defaults = {
        "sample_id": np.arange(rows),
        "split": random.choice(["train", "val"], rows, p=[0.7, 0.3]),
        "embedding": centers[target] + random.normal(size=(rows, columns)),
        "loss": random.exponential(size=rows),
        "target": target,
    }
    return Snapshot.from_arrays(**(defaults | more))  # type: ignore[arg-type]


def digest(measures: Measures) -> str:
    whole = hashlib.sha256()
    classes = measures.class_distance
    assert classes is not None
    for level in ("coarse", "fine"):
        regions = measures.clusters[level]
        for values in (regions.labels, regions.centers, regions.stability):
            whole.update(values.tobytes())
    graph = measures.neighbors
    for values in (measures.reduced, graph.indices, graph.distances, measures.projection):
        whole.update(np.ascontiguousarray(values).tobytes())
    whole.update(classes.to_csv().encode())
    return whole.hexdigest()


def test_nothing_is_computed_before_it_is_asked_for() -> None:
    measures = Measures(world(300))
    assert measures.clusters["fine"] is measures.clusters["fine"]
    computed = set(vars(measures))
    assert "clusters" in computed
    assert not computed & {"projection", "_projection", "neighbors", "class_distance"}


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 16])
@pytest.mark.parametrize("columns", [1, 10])
def test_few_samples(rows: int, columns: int) -> None:
    measures = Measures(world(rows, columns, split="val"), MeasureOptions(projection="tsne"))
    projection = measures.projection
    assert projection is not None
    assert projection.shape == (rows, 2)
    assert np.isfinite(projection).all()
    assert measures.neighbors.k == min(15, rows - 1)
    assert len(measures.clusters["fine"]) == 1
    assert measures.class_distance is not None
    assert len(measures.class_distance) == rows
    assert any("n_neighbors 15 capped" in note for note in measures.notes) == (rows < 16)
    assert any("replaced by PCA" in note for note in measures.notes) == (rows < 16)
    assert np.isfinite(measures.place(measures.snapshot.embedding + 1)).all()


def test_all_embeddings_equal() -> None:
    measures = Measures(world(200, embedding=np.full((200, 5), 3.3)))
    assert not measures.neighbors.distances.any()
    assert len(measures.clusters["fine"]) == 1
    assert measures.projection is not None
    assert not measures.projection.any()
    assert "embeddings are equal" in measures.notes[0]


def test_what_was_capped_is_said() -> None:
    measures = Measures(world(500), MeasureOptions(n_fine=1000, projection="none"))
    assert len(measures.clusters["fine"]) == 20
    assert measures.projection is None
    assert measures.notes == ("n_fine 1000 capped to 20: 500 samples support no more regions",)


def test_samples_without_any_activity_are_named() -> None:
    embedding = np.maximum(np.random.default_rng(0).normal(size=(100, 8)), 0)
    embedding[:12] = 0
    split = np.where(np.arange(100) < 9, "train", "val")
    measures = Measures(
        Snapshot.from_arrays(sample_id=np.arange(100), split=split, embedding=embedding)
    )
    assert measures.duplicates is not None
    (note,) = (note for note in measures.notes if "of 0 in every column" in note)
    assert note.startswith("12 samples (9 of train, 3 of val) have")


def test_a_tiny_unlabeled_split_keeps_to_itself() -> None:
    random = np.random.default_rng(0)
    embedding = random.normal(size=(8000, 512))
    embedding[:60] += 6 * random.normal(size=512) / np.sqrt(512)
    kept = {}
    for name in ("unlabeled", "train"):
        split = np.where(np.arange(8000) < 60, name, "train")
        snapshot = Snapshot.from_arrays(sample_id=np.arange(8000), split=split, embedding=embedding)
        near = Measures(snapshot).neighbors.indices[:60]
        kept[name] = (near < 60).mean()
    assert kept["unlabeled"] > 0.35  # by chance it would be 0.007
    assert kept["unlabeled"] > 2 * kept["train"]  # what PCA keeps without knowing of the split


def test_class_names_and_missing_targets() -> None:
    assert Measures(world(50, target=None)).class_distance is None
    frame = Measures(world(50, class_names=["a", "b", "c", "d"])).class_distance
    assert frame is not None
    assert set(frame["nearest_class"]) <= {"a", "b", "c", "d"}


def test_gap_of_regions() -> None:
    measures = Measures(world(400))
    gap = measures.gap["coarse"]
    assert gap.splits == ("train", "val")
    assert gap.counts.sum() == 400
    assert gap.counts.sum(axis=1).tolist() == measures.clusters["coarse"].sizes.tolist()


@pytest.mark.parametrize(
    ("embedding", "message"),
    [(np.ones((2, 3)), "must have 10 columns, got 3"), (np.full((1, 10), np.nan), "NaN")],
)
def test_place_refuses_what_does_not_fit(embedding: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Measures(world(60), MeasureOptions(projection="pca")).place(embedding)


def test_place_needs_a_projection() -> None:
    with pytest.raises(InputError, match="projection is 'none'"):
        Measures(world(60), MeasureOptions(projection="none")).place(np.ones((1, 10)))


@pytest.mark.slow
def test_the_same_bytes_in_another_process() -> None:
    """Enough rows for landmarks and the approximate search, warm-up in the background or not."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from test_measures import Measures, MeasureOptions, digest, world\n"
        "measures = Measures(world(21_000, 24), MeasureOptions(n_landmarks=1500))\n"
        "sys.argv[2] == 'warm' and measures.warm_up()\n"
        "print(digest(measures))\n"
    )
    folder = str(__import__("pathlib").Path(__file__).parent)
    digests = [
        subprocess.run(
            [sys.executable, "-c", script, folder, warm], check=True, capture_output=True, text=True
        ).stdout
        for warm in ("warm", "cold", "cold")
    ]
    assert len(digests[0]) > 60
    assert len(set(digests)) == 1
