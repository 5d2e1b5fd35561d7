"""A detector meets another camera: see the gap without labels, and make data that closes it.

    python examples/domain_gap.py --out runs --tracking-uri sqlite:///mlflow.db

YOLO11n learns street scenes through a normal camera. Then come images without labels, through a
fisheye lens in other colors and light. What differs? Where will the detector fail? Which of three
synthetic sets comes near: A with wrong colors, B with the right ones, C tuned from what the tool
said of B? Everything is drawn here, so that the truth is known and the answers can be checked.
`--data coco.yaml` does the same with real photos that a lens is put before.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

import mlflow_latent as ml
from mlflow_latent_examples.camera_tuning import changes, tune
from mlflow_latent_examples.coco_detection import stay_offline
from mlflow_latent_examples.domains import (
    NORMAL,
    RIGHT_COLORS,
    TARGET,
    WRONG_COLORS,
    Photos,
    Streets,
    World,
    about,
)

if TYPE_CHECKING:
    import pandas as pd

    from mlflow_latent_examples.streets.camera import Camera

TRAINING = "domain_gap"  # Ultralytics' folder of it
SAME, FISHEYE, A, B, C = "same_camera", "fisheye", "synthetic_a", "synthetic_b", "synthetic_c"


@dataclass
class Story:
    """What was found, for people and for tests.

    Attributes:
        run_id: in MLflow.
        lines: as they were printed.
        numbers: the measured ones, by name.
        cameras: that the sets were made with.
    """

    run_id: str = ""
    lines: list[str] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)
    cameras: dict[str, Camera] = field(default_factory=dict)

    def say(self, line: str) -> None:
        """Print a line, and keep it."""
        print(line, flush=True)
        self.lines.append(line)


class Loop:
    """One detector, one run, and the sets that are held against it.

    Args:
        world: where images come from.
        options: of the command line.
    """

    def __init__(self, world: World, options: argparse.Namespace) -> None:
        self.world, self.options, self.story = world, options, Story()
        self.uri: str = options.tracking_uri
        self.model: Any = None
        self.folders: dict[str, Path] = {}

    def train(self) -> None:
        """Train through the normal camera, with one line more; or take what is trained."""
        import mlflow
        from ultralytics import YOLO

        from mlflow_latent.capture.ultralytics import attach

        mlflow.set_tracking_uri(self.uri)
        os.environ["MLFLOW_EXPERIMENT_NAME"] = self.options.experiment
        self.model = YOLO(self.options.model)
        if self.options.run is not None:
            self.story.run_id = self.options.run
            return self.capture_val(self.world.root / "source" / "data.yaml")
        data = self.world.training()
        epochs = self.options.epochs
        with mlflow.start_run(
            experiment_id=_experiment(self.options.experiment), run_name="domain gap"
        ) as run:
            self.story.run_id = run.info.run_id
            attach(
                self.model,
                layers=self.options.layer,
                every_n_epochs=epochs,
                analyze=False,
                metadata=_everywhere(data, NORMAL),
            )
            self.model.train(
                data=str(data),
                epochs=epochs,
                imgsz=self.options.imgsz,
                batch=8,
                workers=0,
                plots=False,
                patience=epochs,
                device=self.options.device,
                project=str(self.options.out.resolve()),
                name=TRAINING,
                exist_ok=True,
                verbose=False,
                mosaic=0.0,  # a few epochs are too short for it
                warmup_epochs=1.0,
                optimizer="AdamW",
                lr0=0.002,
            )
        return self.capture_val(data)

    def capture_val(self, data: Path) -> None:
        """Capture val again, as all other sets will be: by the checkpoint, whose weights are half.

        After a short training the rounding of the weights is as large as what images differ in.
        """
        folder = data.parent / "images" / "val2017"
        ml.capture(
            self.model,
            folder,
            run_id=self.story.run_id,
            split="val",
            labelled=True,
            metadata=about(folder, NORMAL),
            imgsz=self.options.imgsz,
            replace=True,
            tracking_uri=self.uri,
        )

    def capture(self, name: str, camera: Camera, seed: int) -> None:
        """See the world through a camera, and capture that without labels."""
        self.story.cameras[name] = camera
        folder = self.world.seen(name, camera, self.options.images, seed)
        self.folders[name] = folder
        ml.capture(
            self.model,
            folder,
            run_id=self.story.run_id,
            split=name,
            metadata=about(folder, camera),
            imgsz=self.options.imgsz,
            replace=self.options.run is not None,
            tracking_uri=self.uri,
        )

    def gap(self, source: str, target: str = FISHEYE) -> ml.DomainGap:
        """Measure a gap, tell of it, and return it."""
        found = ml.gap(
            self.story.run_id,
            source=source,
            target=target,
            tracking_uri=self.uri,
            folder=self.options.out / "gaps" / f"{source}-{target}",
        )
        distance = found.distance()
        self.story.numbers[f"{source} {target}"] = found.verdict, found.auc
        self.story.numbers[f"fields {source} {target}"] = [one.name for one in found.fields]
        self.story.say(
            f"{source} → {target}: {found.verdict}, told apart with AUC {_span(found.auc, found)}"
            + (f", Fréchet distance {distance.value:.3g}" if distance else "")
        )
        for one in found.fields[: self.options.fields]:
            self.story.say(
                f"    {one.name} {one.direction} ({one.inside:.3g} against {one.outside:.3g}; "
                f"effect {one.effect:+.2f})"
            )
        return found

    def trend(self, *candidates: str) -> ml.GapTrend:
        """Order candidates by how near they come."""
        trend = ml.gap_trend(
            candidates,
            target=FISHEYE,
            run=self.story.run_id,
            tracking_uri=self.uri,
            folder=self.options.out / "gaps" / "trend",
        )
        for one in trend.candidates:
            distance, fits = one.distance(), one.fits
            self.story.say(
                f"{one.rank}. {one.origin.name}: Fréchet distance "
                f"{distance.value if distance else float('nan'):.3g}, AUC {one.auc or 0:.2f}, "
                f"{100 * fits.share if fits else 0:.0f} % of it is worth keeping; still differs in "
                f"{', '.join(f.name for f in one.fields[:4]) or 'nothing'}"
            )
        self.story.numbers["order"] = [one.origin.name for one in trend.candidates]
        self.story.numbers["sure"] = all(
            step.sure for step in trend.steps if step.distance == "frechet"
        )
        return trend

    def judge_prediction(self, report: ml.Report) -> None:
        """Hold predicted losses against the truth, which only this example knows."""
        truth = self._true_losses()
        rows = report.samples[report.samples["split"] == FISHEYE].set_index("sample_id")
        val = report.samples[report.samples["split"] == "val"]["loss"]
        if "predicted_loss" not in rows:
            why = [one.reason for one in report.not_applicable if one.kind == "predicted_loss"]
            self.story.say(f"losses are not predicted: {'; '.join(why)}")
            return
        true = truth.reindex(rows.index).to_numpy(dtype=float)
        predicted = rows["predicted_loss"].to_numpy(dtype=float)
        rank = float(stats.spearmanr(predicted, true, nan_policy="omit").statistic)
        low, high = (rows[f"predicted_loss_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
        held = float(np.mean((low <= true) & (true <= high)))
        self.story.numbers |= {
            "val loss": float(val.mean()),
            "predicted loss": float(predicted.mean()),
            "true loss": float(np.nanmean(true)),
            "rank correlation": rank,
            "intervals held": held,
            "outside": float(rows["predicted_loss_outside"].astype(float).mean()),
        }
        numbers = self.story.numbers
        self.story.say(
            f"mean loss of val {numbers['val loss']:.3g}; of {FISHEYE} predicted "
            f"{numbers['predicted loss']:.3g}, in truth {numbers['true loss']:.3g}; order of the "
            f"predictions {rank:.2f}, {100 * held:.0f} % of the 90 % intervals hold; "
            f"{100 * numbers['outside']:.0f} % of {FISHEYE} lie outside of what they were "
            "fitted on"
        )

    def _true_losses(self) -> pd.Series[float]:
        """Capture the target with its labels, beside the run: into the training's own folder."""
        spool = self.options.out / TRAINING / ".mlflow_latent" / self.story.run_id
        ml.capture(
            self.model,
            self.folders[FISHEYE],
            run_id=spool,
            split="truth",
            labelled=True,
            imgsz=self.options.imgsz,
            replace=True,
        )
        from mlflow_latent.store import CaptureStore

        frame = CaptureStore(spool / "latent").snapshot().frame
        return frame[frame["split"] == "truth"].set_index("sample_id")["loss"]


def tell(world: World, options: argparse.Namespace) -> Story:
    """Tell the story from end to end."""
    stay_offline(options.out / "ultralytics")
    loop = Loop(world, options)
    loop.train()
    see_the_gap(loop)
    close_the_gap(loop)
    use_it(loop)
    _write(loop.story, options.out / "story.json")
    return loop.story


def see_the_gap(loop: Loop) -> None:
    """Capture the target without labels, and say what differs; the same camera as a control."""
    loop.story.say("Other scenes through the same camera: there should be no gap.")
    loop.capture(SAME, NORMAL, 6)
    loop.gap("val", SAME)
    loop.story.say("\nImages without labels arrive, from another camera. Is there a gap, in what?")
    loop.capture(FISHEYE, TARGET, 2)
    loop.gap("val")


def close_the_gap(loop: Loop) -> None:
    """Make three synthetic sets, the third as the tool says, and order them."""
    loop.story.say("\nTwo synthetic sets: A with wrong colors, B with the right ones.")
    loop.capture(A, WRONG_COLORS, 3)
    loop.capture(B, RIGHT_COLORS, 4)
    loop.gap(A)
    said = loop.gap(B)
    loop.story.say("\nC is B, tuned in what the tool said still differs.")
    tuned = tune(RIGHT_COLORS, said)
    loop.story.say(f"    {changes(RIGHT_COLORS, tuned)}")
    loop.capture(C, tuned, 5)
    loop.gap(C)
    loop.trend(A, B, C)


def use_it(loop: Loop) -> None:
    """Ask where the detector will fail, and what to label next; hold it against the truth."""
    story, uri = loop.story, loop.uri
    story.say("\nWhere will the detector fail? The report, with predicted losses.")
    report = ml.analyze(story.run_id, tracking_uri=uri, projection="pca")
    for insight in report.insights:
        if insight.kind in {"domain_gap", "predicted_loss"}:
            story.say(f"{insight.kind}: {insight.title}")
    loop.judge_prediction(report)
    story.say("\nWhat to label next?")
    strategy = "mix" if "predicted_loss" in report.samples else "coverage"
    wanted = ml.label_next(story.run_id, split=FISHEYE, n=20, strategy=strategy, tracking_uri=uri)
    for pick in wanted.picks[:3]:
        story.say(f"{pick.rank}. {pick.sample_id}: {pick.reason}")
    wanted.export(loop.options.out / "label_next.csv")


def _span(value: float | None, gap: ml.DomainGap) -> str:
    low, high = gap.auc_interval
    return f"{value or 0:.2f} ({low or 0:.2f} to {high or 0:.2f})"


def _everywhere(data: Path, camera: Camera) -> pd.DataFrame:
    """Return what is known of the camera of all training and validation images."""
    import pandas as pd
    import yaml

    content = yaml.safe_load(data.read_text(encoding="utf-8"))
    folders = [Path(content["path"]) / content[split] for split in ("train", "val")]
    return pd.concat([about(folder, camera) for folder in folders])


def _experiment(name: str) -> str:
    import mlflow

    found = mlflow.get_experiment_by_name(name)
    return str(found.experiment_id if found else mlflow.create_experiment(name))


def _write(story: Story, path: Path) -> None:
    content = {"run_id": story.run_id, "numbers": story.numbers, "lines": story.lines}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="Ultralytics' data file of real images")
    parser.add_argument("--model", default="yolo11n.yaml")
    parser.add_argument("--run", help="go on with this run, trained to the weights in --model")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--imgsz", type=int, default=160)
    parser.add_argument("--layer", type=int, help="default: the last of the backbone")
    parser.add_argument("--train", type=int, default=400, help="images to train with")
    parser.add_argument("--images", type=int, default=160, help="of each other set")
    parser.add_argument("--fields", type=int, default=6, help="that are printed of each gap")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--processes", type=int, default=2, help="that draw at once")
    parser.add_argument("--out", type=Path, default=Path("runs"))
    parser.add_argument("--tracking-uri", default="sqlite:///mlflow.db")
    parser.add_argument("--experiment", default="domain-gap")
    return parser.parse_args(arguments)


def main(options: argparse.Namespace) -> Story:
    """Tell the story of drawn streets, or of real photos."""
    options.out.mkdir(parents=True, exist_ok=True)
    root = options.out / "images"
    if options.data is not None:
        return tell(Photos(root, options.data), options)
    streets = Streets(root, options.train, options.images, processes=options.processes)
    return tell(streets, options)


if __name__ == "__main__":
    main(parse())
