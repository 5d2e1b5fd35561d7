"""Read analyses back from a run; one whose upload was interrupted is not shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlflow_latent.errors import CorruptFileError, TrackingError, did_you_mean
from mlflow_latent.report.model import REPORT_FILE, SAMPLES_FILE, Report
from mlflow_latent.tracking.artifacts import Artifact, RunArtifacts
from mlflow_latent.tracking.manifest import MANIFEST_FILE, Manifest, ManifestFile
from mlflow_latent.tracking.publish import ANALYSIS_FOLDER, analysis_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_EPOCH = re.compile(r"/epoch=(\d+)$")


class ReportReader:
    """The analyses of one run.

    Args:
        artifacts: of the run.
        run_id: for error messages.
    """

    def __init__(self, artifacts: RunArtifacts, run_id: str) -> None:
        self._artifacts, self._run_id = artifacts, run_id

    def epochs(self) -> list[int]:
        """Return the epochs that have an analysis, complete or not."""
        folders = self._artifacts.list_folders(ANALYSIS_FOLDER)
        return sorted(int(match[1]) for match in map(_EPOCH.search, folders) if match)

    def read(self, epoch: int | None) -> Report:
        """Return the report of an epoch, or of the newest one whose analysis is complete."""
        return Report.load(self.fetch(epoch, [REPORT_FILE, SAMPLES_FILE], strict=False))

    def fetch(self, epoch: int | None, names: Sequence[str] | None, *, strict: bool = True) -> Path:
        """Return a folder with the named files of an analysis (default all of them).

        Args:
            epoch: default the newest complete one.
            names: which files.
            strict: whether each of `names` must be there.
        """
        known = self.epochs()
        if not known or (epoch is not None and epoch not in known):
            raise TrackingError(self._missing(epoch, known))
        wanted = [epoch] if epoch is not None else sorted(known, reverse=True)
        reasons = []
        for number in wanted:
            try:
                return self._fetch_epoch(number, names, strict=strict)
            except CorruptFileError as error:
                reasons.append(f"epoch {number}: {error}")
        raise TrackingError(
            f"run {self._run_id!r} has no complete analysis ({'; '.join(reasons)}); repeat it with "
            f"`mlflow-latent analyze {self._run_id}`"
        )

    def _fetch_epoch(self, epoch: int, names: Sequence[str] | None, *, strict: bool) -> Path:
        folder = analysis_folder(epoch)
        local = self._artifacts.folder / folder
        entries = list(_chosen(self._manifest(folder), names, strict=strict))
        # A file may change and keep its size: what is not the manifest's is fetched again.
        for entry in entries:
            if not entry.matches(local / entry.path):
                (local / entry.path).unlink(missing_ok=True)
        self._fetch([Artifact(f"{folder}/{entry.path}", entry.size) for entry in entries])
        changed = [entry.path for entry in entries if not entry.matches(local / entry.path)]
        if changed:
            raise CorruptFileError(f"{', '.join(changed)} is not what the manifest says")
        return local

    def _manifest(self, folder: str) -> Manifest:
        path = f"{folder}/{MANIFEST_FILE}"
        if path not in {file.path for file in self._artifacts.list_direct(folder)}:
            raise CorruptFileError("its upload was interrupted: it has no manifest")
        self._artifacts.fetch([Artifact(path, None)])
        return Manifest.read(self._artifacts.folder / path)

    def _fetch(self, files: Iterable[Artifact]) -> None:
        try:
            self._artifacts.fetch(files)
        except TrackingError as error:
            raise CorruptFileError(str(error)) from None

    def _missing(self, epoch: int | None, known: Sequence[int]) -> str:
        if not known:
            return (
                f"run {self._run_id!r} has not been analyzed; do it with "
                f"`mlflow-latent analyze {self._run_id}`"
            )
        listed = ", ".join(map(str, known))
        return f"run {self._run_id!r} has no analysis of epoch {epoch}, only of {listed}"


def _chosen(
    manifest: Manifest, names: Sequence[str] | None, *, strict: bool
) -> Iterable[ManifestFile]:
    if names is None:
        yield from manifest.files
        return
    for name in names:
        entry = manifest.named(name)
        if entry:
            yield entry
        elif strict:
            known = [file.path for file in manifest.files]
            raise TrackingError(f"the analysis has no {name!r}{did_you_mean(name, known)}")
