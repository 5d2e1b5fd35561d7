"""`domain_gap`: a split of another origin whose samples are not like those the model is judged on.

Compared are the tested split, which the model has not learned by heart, and each split whose name
says that it is of another origin: `unlabeled`, and the user's own names. Train, val and test are
one origin and are not compared. Severity is the share of the target that the source does not give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.fields import PREDICTED_CLASS, Fields
from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.copies import keys
from mlflow_latent.insights.explanation import Population
from mlflow_latent.insights.registry import register
from mlflow_latent.measures.domain.two_sample import PERMUTATIONS
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.insights.base import Context
    from mlflow_latent.measures.domain import DomainPair
    from mlflow_latent.report.model import SeparatingField

KIND = "domain_gap"
ONE_ORIGIN = ("train", "val", "test")
MIN_AREA = 0.55  # AUC from which a difference matters: as if a tenth were of another place
MIN_EXCESS = 0.05  # share of the target out of reach, beyond what is of the source, likewise
UNLIKE = 0.05  # share of the source's own samples that are called unlike the source
TESTS = 2  # classifier and kernel, Bonferroni over them
PERMUTATIONS_PER_LEVEL = 2  # times 1 ÷ the level: so many that the smallest p-value is well below


@dataclass(frozen=True)
class Effect:
    """How large a gap is, in the terms in which it shows.

    Attributes:
        name: `AUC of telling them apart` or `share of <target> out of reach`.
        value: of the effect.
        lower: end of its interval.
        upper: end of its interval.
        matters: whether it is large enough to speak of, and its interval excludes none.
    """

    name: str
    value: float
    lower: float
    upper: float
    matters: bool


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test each split of another origin against the tested split.

    A cross-validated classifier and a kernel test, both by permutation; Bonferroni over the two,
    Benjamini–Hochberg over the splits.
    """
    source, targets = compared(context)
    level = context.alpha / (TESTS * len(targets))
    permutations = max(PERMUTATIONS, int(np.ceil(PERMUTATIONS_PER_LEVEL / level)))
    pairs = [context.measures.domain(source, target) for target in targets]
    p_value = np.array(
        [min(1.0, TESTS * min(t.p_value for t in pair.tests(permutations))) for pair in pairs]
    )
    q = context.q_values(KIND, p_value)
    for number in np.flatnonzero(q <= context.alpha).tolist():
        pair = pairs[number]
        effects = _effects(pair, targets[number], context.options.confidence)
        strongest = next((effect for effect in effects if effect.matters), None)
        if strongest is not None:
            certainty = float(p_value[number]), float(q[number])
            yield _insight(context, (source, targets[number]), strongest, certainty)


def compared(context: Context) -> tuple[str, list[str]]:
    """Return the split that others are compared with, and the others.

    Raises:
        NotApplicableError: there is no split of another origin, or all are too small.
    """
    sizes = context.counts(np.ones(len(context.snapshot), dtype=bool))
    least = context.options.min_samples
    own = [split for split in (context.tested, context.reference) if split]
    others = [split for split in sizes if split not in (*own, *ONE_ORIGIN)]
    if not own or not others:
        raise NotApplicableError(
            f"no split of another origin to compare; captured: {', '.join(map(repr, sizes))}"
        )
    source = next((split for split in own if sizes[split] >= least), own[0])
    targets = [split for split in others if sizes[split] >= least]
    if sizes[source] < least or not targets:
        small = source if sizes[source] < least else others[0]
        raise NotApplicableError(
            f"split {small!r} has {words.samples(sizes[small])}, at least {least} are needed"
        )
    return source, targets


def _effects(pair: DomainPair, target: str, confidence: float) -> Iterator[Effect]:
    area, lower, upper = pair.area()
    matters = area >= MIN_AREA and lower > 1 / 2
    yield Effect("AUC of telling them apart", area, lower, upper, matters)
    out = pair.reached_by_source > 1
    bounds = stats.binomtest(int(out.sum()), len(out)).proportion_ci(confidence, method="wilson")
    matters = bool(out.mean() >= UNLIKE + MIN_EXCESS and bounds.low > UNLIKE)
    yield Effect(
        f"share of {target} out of reach",
        float(out.mean()),
        float(bounds.low),
        float(bounds.high),
        matters,
    )


def unlike_source(pair: DomainPair) -> NDArray[np.intp]:
    """Return the target's samples that the source hardly gives, the least like it first."""
    source, target = pair.belonging
    order = np.argsort(target, kind="stable")
    few = int((target < np.quantile(source, UNLIKE)).sum())
    return order[: max(few, int(np.ceil(UNLIKE * len(target))))]


def _insight(
    context: Context, splits: tuple[str, str], effect: Effect, certainty: tuple[float, float]
) -> Insight:
    source, target = splits
    pair = context.measures.domain(source, target)
    in_source, in_target = (context.snapshot.rows(split) for split in splits)
    rows = np.flatnonzero(in_target)[unlike_source(pair)]
    members = np.zeros_like(in_target)
    members[rows] = True
    metadata = _separating(context, in_source, in_target)
    collectable = context.collectable(metadata)
    out_of_reach = float((pair.reached_by_source > 1).mean())
    distances = {f"{distance.name}_distance": distance.value for distance in pair.distances}
    area = pair.area()[0]
    beyond = max(0.0, len(rows) / int(in_target.sum()) - UNLIKE) / (1 - UNLIKE)
    separated = words.fields(collectable, limit=1, length=words.TITLE_NAME)
    return Insight(
        kind=KIND,
        title=words.title(
            f"{words.shorten(target)} is not like {words.shorten(source)}: told apart in "
            f"{words.percent(area)} of pairs{f', {separated}' if separated else ''}"
        ),
        description=_describe(splits, pair, out_of_reach),
        action=_action(splits, words.fields(collectable)),
        split=target,
        samples=keys(context, rows),
        effect=effect.value,
        effect_name=effect.name,
        interval=(effect.lower, effect.upper),
        p_value=certainty[0],
        q_value=certainty[1],
        severity=beyond,
        counts=context.counts(members),
        base_rates={
            "auc_by_chance": 0.5,
            f"share_of_{target}_out_of_reach": out_of_reach,
            f"share_of_{source}_out_of_its_own_reach": UNLIKE,
            **distances,
        },
        metadata=metadata,
    )


def _separating(
    context: Context, in_source: NDArray[np.bool_], in_target: NDArray[np.bool_]
) -> tuple[SeparatingField, ...]:
    """Fields that differ; distances to classes do not mean the same where there are no labels."""
    options = context.options
    usable = context.fields.usable
    comparable = Fields(
        tuple(field for field in usable if not field.derived or field.name == PREDICTED_CLASS)
    )
    both = Population(in_source | in_target, comparable, options.confidence)
    return both.separating_fields(
        in_target, min_effect=options.min_field_effect, limit=options.max_fields
    )


def _describe(splits: tuple[str, str], pair: DomainPair, out_of_reach: float) -> str:
    source, target = splits
    sizes = f"{words.samples(len(pair.target))} of {target}, {len(pair.source):,} of {source}"
    area = pair.area()[0]
    frechet = next(distance for distance in pair.distances if distance.name == "frechet")
    reach, own = words.span(*frechet.interval, pair.confidence), words.percent(1 - UNLIKE)
    return (
        f"Of one sample of each, a classifier that has seen neither tells which is of {target} in "
        f"{words.percent(area)} of pairs (half by chance; {sizes}). "
        f"{words.percent(out_of_reach)} of {target} is farther from {source} than {own} of "
        f"{source} is from itself. Fréchet distance {words.number(frechet.value)} of the spread of "
        f"{target} ({reach}). Listed are the samples that {source} hardly gives, the least like it "
        "first."
    )


def _action(splits: tuple[str, str], separated_by: str) -> str:
    source, target = splits
    what = f" It has {separated_by}." if separated_by else ""
    return (
        f"Do not trust what {source} says of {target}.{what} Label some of these samples, the "
        f"first ones first, or make data nearer to {target}: `gap` and `gap_trend` say how near."
    )
