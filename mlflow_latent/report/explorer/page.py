"""The explorer as one file: the built page with its data inside, which needs no network.

It opens from disk, and in MLflow's sandboxed frame: no requests, no storage, no links out. The
page's own policy lets only the script run that was built with it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import logging
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Self

from mlflow_latent.errors import InputError
from mlflow_latent.report.explorer.arrays import ALIGNMENT, LENGTH_BYTES
from mlflow_latent.report.explorer.encode import encode_explorer
from mlflow_latent.report.explorer.extras import Extras
from mlflow_latent.report.explorer.fidelity import FULL, LEVELS, Fidelity
from mlflow_latent.report.explorer.priority import rows_that_matter
from mlflow_latent.report.table import SampleTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from mlflow_latent.report.model import Report

_logger = logging.getLogger(__name__)

PAGE_BYTES = 10_000_000  # of the whole file; MLflow opens 5 MB in 2.2 s, 20 MB in 3.2 s
COMPRESSION = 1  # measured on 122,000 samples: 6 takes five times longer and saves 1 %
DOUBT = 0.9  # a level is tried if it may fit, though its size be a tenth below what is typical
STYLE_LINK, SCRIPT_LINK = '<link rel="stylesheet" href="app.css" />', '<script src="app.js" defer>'
META_PLACE, DATA_PLACE = "<!--latent:meta-->", "<!--latent:data-->"
TITLE = "<title>Latent</title>"
DATA_ID, REST_ID, HEATMAPS_ID = "latent-explorer", "latent-explorer-rest", "latent-heatmaps-"
HEATMAPS_BYTES = 1_500_000  # of all splits' heat-maps, as they stand in the file
HEATMAPS_LEFT_OUT = (
    "This file holds no heat-maps of {}, to stay small: the explorer of "
    "`mlflow server --app-name latent` shows them."
)
LEFT_OUT = (
    "This file holds less than the run, to stay small: fewer similars, pictures, epochs, "
    "projections or digits. The explorer of `mlflow server --app-name latent` shows all of it."
)
MEND = (
    "the explorer's page was not built, so report.html is the summary; in a source tree, build it "
    "with `pip install -e .`"
)


@dataclass(frozen=True)
class BuiltPage:
    """The built page: its HTML with places for what is put in, its style and its script."""

    template: str
    style: str
    script: str

    @classmethod
    def find(cls, folder: Traversable | None = None) -> Self | None:
        """Read the page that was built at install time; None if it was not.

        Args:
            folder: where it is; default inside this package.

        Raises:
            InputError: the built page lacks a place where something is to be put.
        """
        folder = folder or files("mlflow_latent") / "server" / "static"
        parts = [folder / name for name in ("index.html", "app.css", "app.js")]
        if not all(part.is_file() for part in parts):
            return None
        page = cls(*(part.read_text(encoding="utf-8") for part in parts))
        for place in (STYLE_LINK, SCRIPT_LINK, META_PLACE, DATA_PLACE, TITLE):
            if page.template.count(place) != 1:
                raise InputError(f"{parts[0]} must hold {place!r} once; build the page again")
        return page

    def with_data(self, title: str, content: bytes, beside: Mapping[str, str] | None = None) -> str:
        """Return the page as one file.

        Args:
            title: of the window; any text.
            content: of `explorer.bin`.
            beside: other files as `_inlined` gives them, by the id of their element.
        """
        script = _harmless(self.script)
        before, _, after = self.template.partition(SCRIPT_LINK)
        _, _, after = after.partition("</script>")
        rest = _element(REST_ID, _inlined(content[_first(content) :]))
        rest += "".join(_element(name, text) for name, text in (beside or {}).items())
        # The script stands between what it draws first and the rest, which is read meanwhile.
        page = f"{before}<script>{script}</script>{rest}{after}"
        page = page.replace(META_PLACE, _policy(script), 1)
        page = page.replace(TITLE, f"<title>{html.escape(title)}</title>", 1)
        page = page.replace(STYLE_LINK, f"<style>{self.style}</style>", 1)
        first = _element(DATA_ID, _inlined(content[: _first(content)]))
        return page.replace(DATA_PLACE, first, 1)


def write_page(report: Report, path: Path, extras: Extras | None = None) -> bool:
    """Write the explorer of a report as one file, of at most `PAGE_BYTES` where that can be.

    Args:
        report: with its table of samples.
        path: the file to write.
        extras: what is shown beside it.

    Returns:
        Whether it was written: it is not where the page was not built, which is logged once.
    """
    page = BuiltPage.find()
    if page is None:
        _say_once()
        return False
    text = render_page(page, report, extras or Extras())
    path.write_text(text, encoding="utf-8", errors="replace")
    return True


def render_page(page: BuiltPage, report: Report, extras: Extras) -> str:
    """Return the file: of the first level of fidelity that fits, or else of the last.

    Args:
        page: as it was built.
        report: with its table of samples.
        extras: what is shown beside it.
    """
    title = f"{extras.run_name or report.run_id or 'Latent'} · Latent"
    beside, left_out = _heatmaps(extras.heatmaps)
    without = replace(extras, thumbnails=None, notes=(*extras.notes, *left_out))
    room = PAGE_BYTES - len(page.script) - sum(map(len, beside.values()))
    level, content = _choose_level(report, without, room)
    if extras.pack is not None:
        rows = rows_that_matter(SampleTable.of(report))
        pictures = extras.pack(rows, level.thumbnail_bytes)
        content = _encode(report, replace(without, thumbnails=pictures), level)
    return page.with_data(title, content, beside)


def _heatmaps(files: Mapping[str, bytes]) -> tuple[dict[str, str], list[str]]:
    """Return the files that fit by the id of their element, and notes on the rest."""
    inlined = {split: _inlined(content) for split, content in files.items()}
    kept: dict[str, str] = {}
    left_out = []
    for split, text in sorted(inlined.items(), key=lambda item: len(item[1])):
        if sum(map(len, kept.values())) + len(text) <= HEATMAPS_BYTES:
            kept[f"{HEATMAPS_ID}{split}"] = text
        else:
            left_out.append(HEATMAPS_LEFT_OUT.format(split))
    return kept, left_out


def _choose_level(report: Report, extras: Extras, room: int) -> tuple[Fidelity, bytes]:
    """Return the level whose data and pictures fit into `room`, and the data without pictures."""
    level, content, full = FULL, b"", 0
    for level in LEVELS:
        pictures = level.thumbnail_bytes if extras.pack else 0
        if full * level.typical * DOUBT + pictures > room and level is not LEVELS[-1]:
            continue
        content = _encode(report, extras, level)
        size = len(_inlined(content))
        if size + pictures <= room:
            break
        full = full or size
    return level, content


def _encode(report: Report, extras: Extras, level: Fidelity) -> bytes:
    if level is not FULL:
        extras = replace(extras, notes=(*extras.notes, LEFT_OUT))
    return encode_explorer(report, extras, level)


def _element(name: str, text: str) -> str:
    return f'<script type="text/plain" id="{html.escape(name)}">{text}</script>'


def _first(content: bytes) -> int:
    """How much of `explorer.bin` the page needs to draw its first view."""
    length = int.from_bytes(content[:LENGTH_BYTES], "little")
    end = LENGTH_BYTES + length
    sizes = json.loads(content[LENGTH_BYTES:end])
    return end + -end % ALIGNMENT + int(sizes["first_bytes"])


def _inlined(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, COMPRESSION, mtime=0)).decode()


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; connect-src data: blob:; worker-src blob:; base-uri 'none'; "
        "form-action 'none'"
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{policy}" />'


def _harmless(script: str) -> str:
    r"""Keep a script from ending its own element: inside its strings, `<\/` is `</`."""
    return script.replace("</script", r"<\/script").replace("<!--", r"<\!--")


_told: set[str] = set()


def _say_once() -> None:
    if MEND not in _told:
        _told.add(MEND)
        _logger.warning(MEND)
