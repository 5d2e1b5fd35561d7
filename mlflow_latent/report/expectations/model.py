"""What should hold for a slice of every later run, and what came of asking.

```python
import mlflow_latent as ml

small_cars = ml.Expectation('size < 0.2 and class == "car"', "loss / rest", "<=", 1.25)
assert ml.test(run_id, [small_cars]).passed
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Strict, ValidationError

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.report.document import Document, Interval, Number, read_document
from mlflow_latent.report.expectations.filters import parse_filter

if TYPE_CHECKING:
    from pathlib import Path

RESULTS_SCHEMA_VERSION = 1

NO_WORSE = "no worse than before"
Comparison = Literal["<=", ">=", "no worse than before"]
Status = Literal["passed", "failed", "undecided"]


def _readable(text: str) -> str:
    parse_filter(text)
    return text


class Expectation(Document):
    """Something that should hold for a slice of every run.

    Attributes:
        filter: which samples, e.g. `size < 0.2 and class == "car"`; `all`; `in samples`, those that
            are listed; `in region`, the regions that mostly hold them. Of the tested split (val)
            unless it names a split.
        metric: what is measured: `loss`, `accuracy`, `error_rate`, `metric_<name>`, any other
            number that a sample has; each alone, `… / rest` (ratio to the rest of the split) or
            `… - rest`; `gap` (tested split − train) and `gap - rest`; `odds_ratio` (train ÷ tested
            split); `share_<kind>` (share of samples in insights of that kind).
        comparison: `<=`, `>=`, or `no worse than before` by more than the threshold.
        threshold: what it is compared with.
        name: what it is called; by default what it says.
        samples: ids by split, where the filter speaks of samples.
        samples_of: or the insight whose samples they are, as `<run id>/<key of the insight>`.
    """

    filter: Annotated[str, AfterValidator(_readable)]
    metric: str
    comparison: Comparison
    threshold: Annotated[Number, Strict()]
    name: str = ""
    samples: dict[str, tuple[str, ...]] | None = None
    samples_of: str | None = None

    def __init__(
        self,
        filter: str,  # noqa: A002 - what it is called in the file, too
        metric: str,
        comparison: str,
        threshold: float,
        **more: Any,
    ) -> None:
        values: dict[str, Any] = {"filter": filter, "metric": metric, "comparison": comparison}
        values["threshold"] = threshold
        try:
            super().__init__(**values, **more)
        except ValidationError as error:
            raise InputError(f"expectation {describe_problem(error)}") from None

    @property
    def title(self) -> str:
        """Its name, or what it says."""
        return self.name or self.text

    @property
    def text(self) -> str:
        """What it says: `loss / rest <= 1.25 where size < 0.2`."""
        where = "" if self.filter == "all" else f" where {self.filter}"
        joint = " by more than" if self.comparison == NO_WORSE else ""
        return f"{self.metric} {self.comparison}{joint} {self.threshold:g}{where}"


class EarlierValue(Document):
    """What a run before had for the same expectation; `value` is null where nothing can be said."""

    run_id: str
    name: str
    n: int
    value: Number | None = None
    interval: Interval = (None, None)
    reason: str = ""


class ExpectationResult(Document):
    """What came of one expectation.

    Attributes:
        expectation: what was asked.
        status: `passed` where the whole interval agrees, `failed` where none of it does,
            `undecided` where it holds the threshold or there is none.
        n: samples of the slice that were measured.
        value: of the metric; of `no worse than before` how much worse than the best run before.
        interval: of the value, at `confidence`; a share of findings is counted, so it is the value.
        reason: why it is undecided, in words; empty otherwise.
        before: the same of the runs before it in the experiment, newest first.
    """

    expectation: Expectation
    status: Status
    n: int
    value: Number | None = None
    interval: Interval = (None, None)
    reason: str = ""
    before: tuple[EarlierValue, ...] = ()


class ExpectationResults(Document):
    """What came of all expectations of a run."""

    schema_version: int = RESULTS_SCHEMA_VERSION
    run_id: str | None = None
    run_name: str | None = None
    epoch: int | None = None
    layer: str | None = None
    confidence: Number
    results: tuple[ExpectationResult, ...]

    @property
    def passed(self) -> bool:
        """Whether all passed: what is undecided did not."""
        return all(result.status == "passed" for result in self.results)

    @property
    def counts(self) -> dict[str, int]:
        """How many passed, failed and are undecided."""
        found = [result.status for result in self.results]
        return {status: found.count(status) for status in get_args(Status)}

    @classmethod
    def load(cls, path: Path) -> ExpectationResults:
        """Read results back from the file that they were logged as.

        Raises:
            NewerSchemaError: a later version of this package wrote it.
            CorruptFileError: the file is missing, or something else.
        """
        return read_document(cls, path, RESULTS_SCHEMA_VERSION, "results of expectations")


def describe_problem(error: ValidationError) -> str:
    """Say in one line what is wrong with an expectation's first wrong key."""
    first = error.errors()[0]
    key = ".".join(map(str, first["loc"])) or "itself"
    if first["type"] == "extra_forbidden":
        return f"key {key!r} is unknown{did_you_mean(key, Expectation.model_fields)}"
    if first["type"] == "missing":
        return f"key {key!r} is missing"
    if first["type"] == "value_error":
        return f"{key}: {first['ctx']['error']}"
    return f"{key} is {first['input']!r}: {first['msg'][:1].lower()}{first['msg'][1:]}"
