"""Heat-maps of a module's samples: when fitting ends, or outside of any training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightning_callbacks.module_explainer import ModuleExplainer, Reading, Runner
from mlflow_latent.explain import Explained, ExplainOptions, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lightning_callbacks.notices import Notices
    from lightning_callbacks.settings import Settings
    from mlflow_latent import Report, Snapshot
    from mlflow_latent.explain import Wanted

    Explainer = Callable[[Report, Snapshot], Explained]


def explain_safely(
    settings: Settings,
    runner: Runner,
    loaders: Mapping[str, Any],
    options: ExplainOptions,
    notices: Notices,
) -> Explainer:
    """Return what explains the samples that a report's insights are known by.

    Any failure of it is a warning: the analysis does without maps.
    """

    def run(report: Report, snapshot: Snapshot) -> Explained:
        try:
            reading = Reading.of(settings, report.layer)
            explainer = ModuleExplainer(reading, runner, loaders, options)
            made = explainer.explain(choose(report, snapshot, options), report.class_names)
        except Exception as error:
            if settings.strict:
                raise
            notices.warn("heatmaps", f"no heat-maps: {type(error).__name__}: {error}")
            return Explained()
        for note in made.notes:
            notices.say(f"heat-maps: {note}", f"heat-maps: {note}")
        return made

    return run


def explain_with(
    model: Any,
    loaders: Mapping[str, Any],
    wanted: Sequence[Wanted],
    report: Report,
    options: ExplainOptions,
    **reading: Any,
) -> Explained:
    """Return the maps of samples of a torch module outside of any training.

    Args:
        model: a LightningModule, whose `validation_step` is run, or any torch module, which is
            called with the batch's first tensor and whose output are the logits.
        loaders: of batches, by split; in the order in which they were captured, or with ids.
        wanted: those that matter most first.
        report: of the run.
        options: how many maps, how long.
        **reading: see `Reading`.
    """
    known = {"layer": report.layer, "task": report.task} | reading
    explainer = ModuleExplainer(Reading(**known), Runner(None, model), loaders, options)
    return explainer.explain(wanted, report.class_names)
