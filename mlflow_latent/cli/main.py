"""The group of subcommands: names and one-line helps, and nothing heavy."""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "analyze": "Find what is wrong with the samples of a run, and log it to the run.",
    "capture": "Capture a further split with a trained model, with labels or without.",
    "check": "Try a training script for two batches, or validate the captures of a run.",
    "compare": "Compare runs sample by sample, and log the comparison to them.",
    "demo": "Train on real digits with the callback, analyze, and open MLflow on the result.",
    "explain": "Make heat-maps of samples of a run: what the model looks at.",
    "export": "Save the report of a run as one HTML file, or its samples to work on.",
    "gap": "Measure how unlabeled or synthetic data differs from what the model knows.",
    "label-next": "List the samples without labels that are most worth one, with reasons.",
    "similar": "List the samples nearest to one in the latent space of a run.",
    "sync": "Upload the captures that a training could not upload.",
    "test": "Ask whether a run meets expectations: tests on slices, for CI.",
}


class LazyGroup(click.Group):
    """Imports a subcommand's module only when that subcommand is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the subcommands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a subcommand."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"mlflow_latent.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)  # noqa: S101 - tells the type checker
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mlflow-latent")
def main() -> None:
    """See which samples your vision model fails on, and why, inside MLflow."""
