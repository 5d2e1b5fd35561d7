"""`ml.test`: a run asked whether it meets expectations, the answer logged to it."""

# ruff: noqa: PT028 - what users call is named `test`; it is no test of ours

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_latent.errors import InputError, LatentError
from mlflow_latent.expectations import (
    Earlier,
    Population,
    evaluate,
    proposals,
    read_expectations,
    write_expectations,
)
from mlflow_latent.expectations.evaluate import CONFIDENCE
from mlflow_latent.expectations.proposals import samples_of
from mlflow_latent.report.expectations.model import (
    EarlierValue,
    Expectation,
    ExpectationResult,
    ExpectationResults,
)
from mlflow_latent.report.model import Insight, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mlflow_latent.tracking import RunTracker

    Samples = Mapping[str, tuple[str, ...]]

Wanted = Expectation | Insight | Report
RUNS_BEFORE = 5
NAME = "expectations"  # of the files on the run, where the expectations came of no file


def test(
    run: str | Report,
    expectations: str | Path | Wanted | Iterable[Wanted],
    *,
    epoch: int | None = None,
    before: int = RUNS_BEFORE,
    confidence: float = CONFIDENCE,
    log: bool = True,
    tracking_uri: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> ExpectationResults:
    """Ask a run whether it meets expectations, and log the answer to it.

    Args:
        run: the id of an analyzed MLflow run; or a report, of which nothing is logged and which has
            no runs before it.
        expectations: a file of them (YAML), an expectation, an insight or a report (what they
            propose), or several.
        epoch: 0-based; default the newest that was analyzed.
        before: how many runs before it in the same experiment are looked at.
        confidence: of the intervals, two-sided.
        log: write `latent/expectations/…` and the metrics `latent/expectations_…` to the run.
        tracking_uri: where the run lives; default as MLflow is configured.
        progress: told what is being done, in a few words.

    Returns:
        For each expectation `passed`, `failed` or `undecided`, with n, value, interval and the
        values of the runs before.

    Raises:
        InputError: a file is broken, or an expectation names something that the run did not
            capture.
        TrackingError: the run was not analyzed, or cannot be reached.

    Example:
        >>> import numpy as np, mlflow_latent as ml
        >>> rng = np.random.default_rng(0)
        >>> report = ml.analyze(
        ...     ml.Snapshot.from_arrays(
        ...         sample_id=np.arange(200),
        ...         split="val",
        ...         embedding=rng.normal(size=(200, 4)),
        ...         loss=rng.exponential(size=200),
        ...     ),
        ...     projection="none",
        ... )
        >>> [r.status for r in ml.test(report, ml.Expectation("all", "loss", "<=", 2)).results]
        ['passed']
    """
    if not 0 < confidence < 1:
        raise InputError(f"confidence must be between 0 and 1, got {confidence}")
    wanted = collect(expectations)
    if isinstance(run, Report):
        asked = [_Asked(one, None if one.samples_of is None else {}) for one in wanted]
        if any(one.samples == {} for one in asked):
            raise InputError("`samples_of` is read from a run; test a run, or list the samples")
        return _ask(run, asked, [], confidence)
    from mlflow_latent.tracking import RunTracker

    progress("download")
    tracker = RunTracker(run, tracking_uri)
    report = tracker.read_report(epoch)
    asked = _with_samples(wanted, tracker)
    earlier = _earlier(tracker, before, progress)
    progress("tests")
    results = _ask(report, asked, earlier, confidence)
    results = results.model_copy(update={"run_name": tracker.read().info.run_name})
    if log:
        progress("upload")
        _log(tracker, results, wanted, _name(expectations))
    return results


def collect(expectations: str | Path | Wanted | Iterable[Wanted]) -> list[Expectation]:
    """Return expectations from wherever they are.

    Raises:
        InputError: a file is broken, there is none, or something is no expectation.
    """
    if isinstance(expectations, str | Path):
        return read_expectations(Path(expectations))
    several = not isinstance(expectations, Wanted)
    items = list(expectations) if several else [expectations]
    found = [one for item in items for one in _proposed(item)]
    if not found:
        raise InputError("there is no expectation to test; an insight-free report proposes none")
    return found


class _Asked:
    """An expectation and the samples that it speaks of, by split."""

    def __init__(self, expectation: Expectation, samples: Samples | None) -> None:
        self.expectation, self.samples = expectation, samples


def _proposed(item: object) -> list[Expectation]:
    if isinstance(item, Expectation):
        return [item]
    if isinstance(item, Insight):
        guard = item.guard()
        return [] if guard is None else [guard]
    if isinstance(item, Report):
        return [guard for insight in item.insights for guard in _proposed(insight)]
    raise InputError(f"an expectation, an insight or a report can be tested, got {item!r}")


def _with_samples(wanted: Sequence[Expectation], tracker: RunTracker) -> list[_Asked]:
    """Read the samples of the insights that expectations name, each run's report once."""
    from mlflow_latent.tracking import RunTracker

    reports: dict[str, Report] = {}
    asked = []
    for expectation in wanted:
        samples: Samples | None = expectation.samples
        if expectation.samples_of is not None:
            run_id, slash, key = expectation.samples_of.partition("/")
            if not slash:
                raise InputError(
                    f"samples_of is {expectation.samples_of!r}; it is '<run id>/<insight key>'"
                )
            if run_id not in reports:
                reports[run_id] = RunTracker(run_id, tracker.tracking_uri).read_report()
            samples = samples_of(reports[run_id], key)
        asked.append(_Asked(expectation, samples))
    return asked


def _earlier(
    tracker: RunTracker, count: int, progress: Callable[[str], None]
) -> list[Earlier | EarlierValue]:
    """Read the analyses of the runs before; one that cannot be read is named with the reason."""
    from mlflow_latent.tracking import RunTracker
    from mlflow_latent.tracking.expectations import runs_before

    found: list[Earlier | EarlierValue] = []
    if count <= 0:
        return found
    for run in islice(runs_before(tracker.connection, tracker.read()), count):
        name = run.info.run_name or run.info.run_id
        progress("runs before")
        try:
            report = RunTracker(run.info.run_id, tracker.tracking_uri).read_report()
        except LatentError as error:
            reason = str(error)
            found.append(EarlierValue(run_id=run.info.run_id, name=name, n=0, reason=reason))
        else:
            found.append(Earlier(run.info.run_id, name, Population(report)))
    return found


def _ask(
    report: Report,
    asked: Sequence[_Asked],
    earlier: Sequence[Earlier | EarlierValue],
    confidence: float,
) -> ExpectationResults:
    population = Population(report)
    return ExpectationResults(
        run_id=report.run_id,
        epoch=report.epoch,
        layer=report.layer,
        confidence=confidence,
        results=tuple(_results(population, asked, earlier, confidence)),
    )


def _results(
    population: Population,
    asked: Sequence[_Asked],
    earlier: Sequence[Earlier | EarlierValue],
    confidence: float,
) -> Iterator[ExpectationResult]:
    readable = [run for run in earlier if isinstance(run, Earlier)]
    for number, one in enumerate(asked, start=1):
        try:
            result = evaluate(
                one.expectation,
                population,
                samples=one.samples,
                before=readable,
                confidence=confidence,
            )
        except InputError as error:
            raise InputError(f"expectation {number} ({one.expectation.title}): {error}") from None
        values = iter(result.before)
        before = tuple(run if isinstance(run, EarlierValue) else next(values) for run in earlier)
        yield result.model_copy(update={"before": before})


def _log(
    tracker: RunTracker, results: ExpectationResults, wanted: Sequence[Expectation], name: str
) -> None:
    from mlflow_latent.tracking.expectations import log_results

    log_results(tracker.connection, results, write_expectations(wanted), name)


def _name(expectations: object) -> str:
    return Path(expectations).stem if isinstance(expectations, str | Path) else NAME


def propose(run: str, *, epoch: int | None = None, tracking_uri: str | None = None) -> str:
    """Return, as the text of a file, the expectations that a run's insights propose.

    Raises:
        TrackingError: the run was not analyzed, or cannot be reached.
        InputError: it has no insight.
    """
    from mlflow_latent.tracking import RunTracker

    report = RunTracker(run, tracking_uri).read_report(epoch)
    proposed = proposals(report)
    if not proposed:
        mend = f"; repeat it with `mlflow-latent analyze {run}`" if report.insights else ""
        none = "was made by an earlier version" if report.insights else "found no insight"
        raise InputError(f"the analysis of run {run!r} {none}, so it proposes nothing{mend}")
    comment = (
        f"Proposed by the insights of run {run}, epoch {report.epoch}.\n"
        "This run fails them; a mended one passes. Keep those that every later run should meet:\n"
        "mlflow-latent test RUN --file expectations.yaml"
    )
    return write_expectations(proposed, comment)
