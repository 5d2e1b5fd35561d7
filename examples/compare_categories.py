"""Did merging car, bus, truck and train into `vehicle` help, and where?

    python examples/compare_categories.py --data coco      # trains the pair, then compares it
    python examples/compare_categories.py --runs RUN RUN   # a pair that was trained before

Trains the two models of `coco_segmentation.py` on the same images and compares them sample by
sample. Their losses are not on one scale; overlaps are measured in both label spaces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow_latent as ml
from mlflow_latent_examples.coco_segmentation import draw_scenes, make_parser, train

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from mlflow_latent.report.comparison.model import Change, Comparison

MEASURES = ("metric_iou_person", "metric_iou_car", "metric_iou_vehicle")
FIELDS = ("count_bus", "count_car", "supercategory_count_vehicle", "bbox_area_median")
WHERE = 5  # groups that are named


def compare(options: argparse.Namespace) -> Comparison:
    """Compare the pair, which is trained first if there is none; the result is in both runs."""
    if options.runs is None:
        options.data = options.data or draw_scenes(options)
        options.runs = [train(options, supercategory=merged) for merged in (False, True)]
    return ml.compare(*options.runs, tracking_uri=options.tracking_uri)


def tell(comparison: Comparison) -> Iterator[str]:
    """Say in words what the comparison found."""
    split = comparison.tested_split
    yield f"{comparison.shared[split]} shared images of {split}; each difference is b − a"
    yield f"a: {', '.join(comparison.a.class_names)}; b: {', '.join(comparison.b.class_names)}"
    for measure in MEASURES:
        change = comparison.overall(measure, split)
        if change is not None:
            yield f"{measure:20} {_in_words(change)}"
    yield "Where it changed most beyond the rest:"
    yield from [f"  {_place(change)}: {_in_words(change)}" for change in where(comparison)]
    for field in FIELDS:
        yield from _curve(comparison, field)
    for refused in comparison.refused:
        yield f"not compared: {refused.name}, since {refused.reason}"


def where(comparison: Comparison) -> list[Change]:
    """Return the groups whose change differs most from that of the other images."""
    found = [
        change
        for change in comparison.changes
        if change.split == comparison.tested_split
        and change.measure in MEASURES
        and (change.excess_q_value or 1) <= comparison.error_rate
    ]
    return sorted(found, key=lambda change: -abs(change.excess or 0))[:WHERE]


def _in_words(change: Change) -> str:
    low, high = change.interval
    span = "" if low is None or high is None else f" [{low:+.3f}, {high:+.3f}]"
    means = f"{change.mean_a:.3f} → {change.mean_b:.3f}"
    return f"{means}, {change.difference:+.3f}{span} on {change.n} images: {change.verdict}"


def _place(change: Change) -> str:
    group = (
        f"{change.field} {change.group}" if change.field else f"{change.grouping} {change.group}"
    )
    return f"{change.measure.removeprefix('metric_')}, {group}"


def _curve(comparison: Comparison, field: str) -> Iterator[str]:
    """A field's curve of both runs, bin by bin."""
    for pair in comparison.curves:
        if pair.field != field or pair.measure != "metric_iou_vehicle":
            continue
        series = pair.series[comparison.tested_split]
        yield f"{pair.measure} against {field} ({pair.binning}): a, b, n"
        for a, b in zip(series["a"], series["b"], strict=True):
            if a.mean is not None and b.mean is not None:
                yield f"  {a.label:>16}  {a.mean:.3f}  {b.mean:.3f}  {a.n}"
        return


if __name__ == "__main__":
    parser = make_parser(__doc__)
    parser.add_argument("--runs", nargs=2, metavar="RUN", help="a pair that was trained before")
    print(*tell(compare(parser.parse_args())), sep="\n")
