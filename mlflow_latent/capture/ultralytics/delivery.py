"""Where captures go: a spool on disk, from there to an MLflow run, and to the analysis."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_latent.capture.spool import Spool
from mlflow_latent.capture.uploader import Uploader
from mlflow_latent.errors import LatentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_latent.capture.ultralytics.guard import Guard
    from mlflow_latent.capture.ultralytics.settings import Settings

    Run = tuple[str, str | None]  # its id, and where it lives
    StartRun = Callable[[], Run | None]

SPOOL_FOLDER = ".mlflow_latent"
EXPERIMENT = "/Shared/Ultralytics"
"""Of runs of our own, where the project has no name: the one that Ultralytics itself logs to."""
OBJECTS = "objects"
"""Folder of the objects' spools below that of the images'."""
LAST_SECONDS = 5.0
"""To upload when a training breaks: somebody waits at the keyboard, and `sync` does the rest."""


@dataclass(frozen=True)
class Occasion:
    """What is captured, and where its files are.

    Attributes:
        save_dir: Ultralytics' folder of this training or validation.
        experiment: for a run of our own.
        name: the same.
        resumed: whether an earlier training goes on.
        first_epoch: 0-based, that comes first now.
    """

    save_dir: Path
    experiment: str
    name: str
    resumed: bool = False
    first_epoch: int = 0


class Delivery:
    """A spool, who carries it to MLflow, and whose run that is.

    Args:
        spool: gets the files.
        owned: whether the run was started here, and is to be ended here.
        guard: says what there is to say.

    Attributes:
        objects: the same for single objects, in a run of their own; None if they are not wanted.
    """

    objects: Delivery | None = None

    def __init__(self, spool: Spool, guard: Guard, *, owned: bool) -> None:
        self.spool = spool
        self._guard, self._owned = guard, owned
        self._uploader = _start_uploader(spool)

    @classmethod
    def open(cls, settings: Settings, occasion: Occasion, guard: Guard) -> Delivery:
        """Find the run, and open its spool.

        The run is the one named in `settings`, else the one that is active in MLflow, where
        Ultralytics logs to, else the own one of the training that is resumed, else a new one.
        Objects get a run below that one, or that of the training that is resumed.
        """
        root = settings.spool or occasion.save_dir / SPOOL_FOLDER

        def start() -> Run | None:
            return _new_run(settings, occasion, guard)

        images = cls._open(root, occasion, guard, given=_given_run(settings), start=start)
        if settings.objects is not False:

            def start_below() -> Run | None:
                return _run_below(images.spool, guard)

            folder = root / OBJECTS
            images.objects = cls._open(folder, occasion, guard, given=None, start=start_below)
        return images

    @classmethod
    def _open(
        cls, root: Path, occasion: Occasion, guard: Guard, *, given: Run | None, start: StartRun
    ) -> Delivery:
        earlier = _newest_spool(root) if occasion.resumed else None
        owned = given is None
        run_id, tracking_uri = given or _run_of(earlier) or start() or (None, None)
        if earlier is not None and earlier.run_id is None and run_id is None:
            return cls(earlier, guard, owned=False)
        spool = Spool.create(root, run_id=run_id, tracking_uri=tracking_uri)
        if earlier is not None:
            _adopt(earlier, spool, occasion.first_epoch)
        return cls(spool, guard, owned=owned and run_id is not None)

    def submit(self) -> None:
        """Hand everything that is new in the spool to the uploader."""
        if self.objects is not None:
            self.objects.submit()
        if self._uploader is not None:
            for path in self.spool.pending():
                self._uploader.submit(path)

    def finish(self, *, analyze: bool) -> None:
        """Upload what is left, analyze, and end a run of our own."""
        if self.objects is not None:
            self.objects.finish(analyze=analyze)
        left = self._uploader.close().left if self._uploader is not None else 0
        if analyze:
            self._analyze(server_away=left > 0)
        self._end(failed=False, away=left > 0)

    def stop(self) -> None:
        """Leave whole files behind when the training breaks."""
        if self.objects is not None:
            self.objects.stop()
        if self._uploader is not None:
            summary = self._uploader.close(timeout=LAST_SECONDS)
            self._end(failed=True, away=summary.left > 0)

    def _analyze(self, *, server_away: bool) -> None:
        if server_away:
            sync = f"mlflow-latent sync {shlex.quote(str(self.spool.folder))}"
            self._guard.warn(
                f"analysis of {self.spool.folder}",
                f"not analyzed, since MLflow does not answer; nothing is lost, later run: {sync} "
                f"&& {_command(self.spool)}",
            )
            return
        from mlflow_latent.api.analyze import analyze

        spool = self.spool
        try:
            analyze(spool.latent, run_id=spool.run_id, tracking_uri=spool.tracking_uri)
        except Exception as error:  # noqa: BLE001 - the training has succeeded, whatever this is
            self._guard.warn(
                f"analysis of {self.spool.folder}",
                f"the analysis failed ({type(error).__name__}: {error}); the captures are whole, "
                f"run it again with: {_command(spool)}",
            )

    def _end(self, *, failed: bool, away: bool) -> None:
        if not self._owned or away or self.spool.run_id is None:
            return
        from mlflow_latent.tracking import end_run

        try:
            end_run(self.spool.run_id, self.spool.tracking_uri, failed=failed)
        except LatentError as error:
            self._guard.warn("end", f"the run stays open in MLflow: {error}")


def experiment_name(args: Any) -> str:
    """Return the experiment that Ultralytics' own MLflow callback would log to."""
    return os.environ.get("MLFLOW_EXPERIMENT_NAME") or args.project or EXPERIMENT


def run_name(name: str) -> str:
    """Return the name that Ultralytics' own MLflow callback would give a run."""
    return os.environ.get("MLFLOW_RUN") or name


def _given_run(settings: Settings) -> Run | None:
    if settings.run_id is not None:
        return settings.run_id, settings.tracking_uri
    if "mlflow" not in sys.modules:  # nobody can have started one
        return None
    from mlflow_latent.tracking import active_run

    return active_run()


def _run_of(spool: Spool | None) -> Run | None:
    if spool is None or spool.run_id is None:
        return None
    return spool.run_id, spool.tracking_uri


def _new_run(settings: Settings, occasion: Occasion, guard: Guard) -> Run | None:
    from mlflow_latent.tracking import start_run

    try:
        return start_run(occasion.experiment, occasion.name, settings.tracking_uri)
    except LatentError as error:
        guard.warn("run", f"captures stay on disk, as MLflow gave no run: {error}")
        return None


def _run_below(images: Spool, guard: Guard) -> Run | None:
    """Start the run of the objects below that of the images."""
    if images.run_id is None:
        return None
    from mlflow_latent.tracking import start_run_below

    try:
        return start_run_below(images.run_id, images.tracking_uri)
    except LatentError as error:
        guard.warn("objects", f"objects stay on disk, as MLflow gave no run for them: {error}")
        return None


def _start_uploader(spool: Spool) -> Uploader | None:
    if spool.run_id is None:
        return None
    from mlflow_latent.tracking import RunTracker

    tracker = RunTracker(spool.run_id, spool.tracking_uri)
    return Uploader(spool, tracker.upload, tracker.is_reachable)


def _newest_spool(root: Path) -> Spool | None:
    own = Spool.find_all(root) if root.is_dir() else []
    found = [spool for spool in own if spool.folder.parent == root.resolve()]  # not the objects'
    return max(found, key=lambda spool: spool.folder.stat().st_mtime_ns, default=None)


def _adopt(earlier: Spool, spool: Spool, first_epoch: int) -> None:
    """Take over what the resumed training captured: the run it goes on in may be a new one."""
    if earlier.folder == spool.folder:
        return
    for part in ("samples", "media"):
        if (earlier.latent / part).is_dir():
            shutil.copytree(earlier.latent / part, spool.latent / part, dirs_exist_ok=True)
    for folder in (earlier.latent / "captures").glob("epoch=*"):
        if int(folder.name.removeprefix("epoch=")) < first_epoch:
            target = spool.latent / "captures" / folder.name
            shutil.copytree(folder, target, dirs_exist_ok=True)


def _command(spool: Spool) -> str:
    if spool.run_id is None:
        return f"mlflow-latent analyze {shlex.quote(str(spool.latent))}"
    uri = f" --tracking-uri {shlex.quote(spool.tracking_uri)}" if spool.tracking_uri else ""
    return f"mlflow-latent analyze {spool.run_id}{uri}"
