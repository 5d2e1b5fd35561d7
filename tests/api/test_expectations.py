"""Expectations asked of real runs: what an insight proposes fails on the bad run and passes on the
mended one; the answer is logged, and is the command line's too."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from mlflow import MlflowClient

import mlflow_latent as ml
from mlflow_latent.cli import main
from mlflow_latent.errors import InputError, TrackingError
from mlflow_latent.expectations import read_expectations

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result
    from mending import Mended

pytestmark = pytest.mark.slow
MENDED = ("label_error", "leakage", "under_representation")  # what is not there any more


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_LATENT_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def command(mended_runs: Mended) -> Callable[..., Result]:
    def call(*arguments: str) -> Result:
        return CliRunner().invoke(
            main, ["test", *arguments, "--tracking-uri", mended_runs.tracking_uri]
        )

    return call


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(*expectations: ml.Expectation, name: str = "expectations") -> Path:
        from mlflow_latent.expectations import write_expectations

        path = tmp_path / f"{name}.yaml"
        path.write_text(write_expectations(expectations))
        return path

    return write


def test_what_insights_propose_fails_on_the_bad_run_and_passes_on_the_mended_one(
    mended_runs: Mended,
) -> None:
    bad = mended_runs.bad.report
    insights = [insight for insight in bad.insights if insight.kind in MENDED]
    assert {insight.kind for insight in insights} == set(MENDED)

    uri = mended_runs.tracking_uri
    failed = ml.test(mended_runs.bad.run_id, bad, tracking_uri=uri, log=False)
    assert failed.counts == {"passed": 0, "failed": len(bad.insights), "undecided": 0}
    passed = ml.test(mended_runs.mended.run_id, insights, tracking_uri=uri, log=False)
    assert passed.passed
    assert [one.before[0].value for one in passed.results] == [
        one.value for one in failed.results if one.expectation in [i.guard() for i in insights]
    ]


def test_the_answer_is_logged_to_the_run(mended_runs: Mended, file: Callable[..., Path]) -> None:
    uri, run_id = mended_runs.tracking_uri, mended_runs.mended.run_id
    path = file(ml.Expectation("all", "loss", "<=", 100), name="weak spots")
    for _ in range(2):  # twice leaves the same state
        results = ml.test(run_id, path, tracking_uri=uri)

    client = MlflowClient(uri)
    logged = client.download_artifacts(run_id, "latent/expectations/weak_spots.json")
    assert ml.ExpectationResults.load(Path(logged)) == results
    kept = client.download_artifacts(run_id, "latent/expectations/weak_spots.yaml")
    assert read_expectations(Path(kept)) == read_expectations(path)
    metrics = client.get_run(run_id).data.metrics
    assert metrics["latent/expectations_passed"] == 1
    assert metrics["latent/expectations_failed"] == 0


def test_samples_of_an_insight_are_read_from_its_run(
    mended_runs: Mended, file: Callable[..., Path]
) -> None:
    from mlflow_latent.report.explorer.findings import keyed_insights

    uri, bad = mended_runs.tracking_uri, mended_runs.bad
    key, insight = next(
        (key, one) for key, one in keyed_insights(bad.report).items() if one.kind == "leakage"
    )
    asked = ml.Expectation("in samples", "loss", "<=", 100, samples_of=f"{bad.run_id}/{key}")
    result = ml.test(mended_runs.mended.run_id, file(asked), tracking_uri=uri, log=False).results[0]
    assert result.n == insight.counts["val"]
    assert result.expectation == asked  # the ids are not in the answer
    for wrong, message in ((f"{bad.run_id}/x", "has no insight 'x'"), ("x", "'<run id>/<insight")):
        with pytest.raises(InputError, match=message):
            ml.test(
                bad.run_id,
                asked.model_copy(update={"samples_of": wrong}),
                tracking_uri=uri,
                log=False,
            )


def test_a_report_is_asked_without_a_run(mended_runs: Mended) -> None:
    report = mended_runs.bad.report
    results = ml.test(report, report.insights[0])
    assert [one.status for one in results.results] == ["failed"]
    with pytest.raises(InputError, match="no expectation to test"):
        ml.test(report, [])
    with pytest.raises(InputError, match="can be tested, got 3"):
        ml.test(report, [3])  # type: ignore[list-item]
    with pytest.raises(InputError, match="confidence must be between 0 and 1, got 95"):
        ml.test(report, report, confidence=95)
    with pytest.raises(InputError, match="read from a run"):
        ml.test(report, ml.Expectation("in samples", "loss", "<=", 1, samples_of="a/b"))
    with pytest.raises(InputError, match=r"expectation 2 \(los <= 1\): metric 'los'"):
        ml.test(report, [report.insights[0], ml.Expectation("all", "los", "<=", 1)])


def test_a_run_that_was_not_analyzed(mlflow_database: str, new_run: Callable[[str], str]) -> None:
    with pytest.raises(TrackingError, match="has not been analyzed; do it with"):
        ml.test(
            new_run(mlflow_database),
            ml.Expectation("all", "loss", "<=", 1),
            tracking_uri=mlflow_database,
        )


def test_the_command_proposes_and_tests(
    mended_runs: Mended, command: Callable[..., Result], tmp_path: Path
) -> None:
    proposed = command(mended_runs.bad.run_id, "--propose")
    assert proposed.exit_code == 0, proposed.output
    path = tmp_path / "proposed.yaml"
    path.write_text(proposed.stdout)
    assert len(read_expectations(path)) == len(mended_runs.bad.report.insights)

    done = command(mended_runs.bad.run_id, "--file", str(path), "--no-log")
    assert done.exit_code == 1
    assert "failed    not again: " in done.stdout
    assert "share_leakage = 0.0267, n = 450" in done.stdout
    assert "95 % interval" in done.stdout


def test_the_exit_status_says_what_came_of_it(
    mended_runs: Mended, command: Callable[..., Result], file: Callable[..., Path]
) -> None:
    right = ml.Expectation("all", "accuracy", ">=", 0.5)
    wrong = ml.Expectation("all", "accuracy", "<=", 0.5)
    nobody = ml.Expectation("brightness > 9", "accuracy", ">=", 0.5)
    run_id = mended_runs.mended.run_id
    for expectations, options, status in (
        ([right], [], 0),
        ([right, wrong, nobody], [], 1),
        ([right, nobody], [], 3),
        ([right, nobody], ["--allow-undecided"], 0),
        ([wrong, nobody], ["--allow-undecided"], 1),
    ):
        done = command(run_id, "--file", str(file(*expectations)), "--no-log", *options)
        assert done.exit_code == status, done.output
    printed = command(run_id, "--file", str(file(right)), "--no-log", "--json")
    found = json.loads(printed.stdout)
    assert found["results"][0]["status"] == "passed"
    assert found["results"][0]["before"][0]["name"] == "bad"


def test_expectations_that_are_kept_on_a_run_are_tested_again(
    mended_runs: Mended, command: Callable[..., Result], file: Callable[..., Path]
) -> None:
    run_id = mended_runs.bad.run_id
    none = command(run_id)
    assert none.exit_code == 2
    assert "no expectations are kept on run" in none.stderr

    kept = file(ml.Expectation("all", "accuracy", ">=", 0.5), name="kept")
    assert command(run_id, "--file", str(kept)).exit_code == 0
    assert command(run_id, "--no-log").exit_code == 0
    elsewhere = command(mended_runs.mended.run_id, "--of", run_id, "--no-log")
    assert "passed    accuracy >= 0.5" in elsewhere.stdout


def test_the_documentation_runs(
    mended_runs: Mended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "expectations.md").read_text()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mended_runs.tracking_uri)
    runs = {"run_id": mended_runs.mended.run_id, "bad_run": mended_runs.bad.run_id}
    names = runs | {"sample_id": min(mended_runs.leaked)}
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for block in blocks:
        code = block.replace("ml.analyze(bad_run)", "bad_report")  # it was analyzed already
        exec(  # noqa: S102 - our own documentation
            compile(code, "expectations.md", "exec"),
            names | {"ml": ml, "bad_report": mended_runs.bad.report},
        )
    assert (tmp_path / "sample.png").exists()
    example = re.findall(r"```yaml\n(expectations:.*?)```", page, re.DOTALL)[0]
    (tmp_path / "example.yaml").write_text(example)
    assert len(ml.test(runs["run_id"], "example.yaml", log=False).results) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("expectations: [", "is not YAML"),
        (
            "expectations: [{filter: brightnes < 1, metric: loss, comparison: <=, threshold: 1}]",
            "field 'brightnes' was not captured; did you mean 'brightness'?",
        ),
        (
            "expectations: [{filter: all, metric: loss, comparison: <=, threshold: one}]",
            "threshold is 'one': input should be a valid number",
        ),
    ],
)
def test_a_users_mistake_is_one_line(
    mended_runs: Mended, command: Callable[..., Result], tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    done = command(mended_runs.bad.run_id, "--file", str(path), "--no-log")
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.strip().count("\n") == 0
    both = command(mended_runs.bad.run_id, "--file", str(path), "--propose")
    assert "give one of --file, --of and --propose" in both.stderr
