"""The explorer as one file: the built page with its data inside, which needs no network.

It opens from disk, and in MLflow's sandboxed frame: no requests, no storage, no links out. The
page's own policy lets only the script run that was built with it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import logging
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Self

from mlflow_latent.errors import InputError
from mlflow_latent.report.explorer.encode import encode_explorer
from mlflow_latent.report.explorer.extras import Extras
from mlflow_latent.report.explorer.fidelity import LEVELS
from mlflow_latent.report.explorer.priority import rows_that_matter
from mlflow_latent.report.table import SampleTable

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from mlflow_latent.report.model import Report

_logger = logging.getLogger(__name__)

PAGE_BYTES = 10_000_000  # of the whole file; MLflow opens 5 MB in 2.2 s, 20 MB in 3.2 s
THUMBNAIL_BYTES = 3_000_000  # of these, as base64; what the data leave free is not filled up
COMPRESSION = 6
LEAST_RATIO = 0.4  # compressed ÷ raw, at best: what is larger than that need not be tried
STYLE_LINK, SCRIPT_LINK = '<link rel="stylesheet" href="app.css" />', '<script src="app.js" defer>'
META_PLACE, DATA_PLACE = "<!--latent:meta-->", "<!--latent:data-->"
TITLE = "<title>Latent</title>"
DATA_ID = "latent-explorer"
LEFT_OUT = (
    "This file holds less than the run, to stay small: fewer similars, epochs, projections or "
    "digits. The explorer of `mlflow server --app-name latent` shows all of it."
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

    def with_data(self, title: str, content: bytes) -> str:
        """Return the page as one file.

        Args:
            title: of the window; any text.
            content: of `explorer.bin`.
        """
        script = _harmless(self.script)
        data = base64.b64encode(gzip.compress(content, COMPRESSION, mtime=0)).decode()
        before, _, after = self.template.partition(SCRIPT_LINK)
        _, _, after = after.partition("</script>")
        # The data go in last: they are the largest, and nothing is looked for in them.
        page = f"{before}<script>{script}</script>{after}"
        page = page.replace(META_PLACE, _policy(script), 1)
        page = page.replace(TITLE, f"<title>{html.escape(title)}</title>", 1)
        page = page.replace(STYLE_LINK, f"<style>{self.style}</style>", 1)
        inlined = f'<script type="text/plain" id="{DATA_ID}">{data}</script>'
        return page.replace(DATA_PLACE, inlined, 1)


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
    """Return the file: the first level of fidelity that fits, or else the last.

    Args:
        page: as it was built.
        report: with its table of samples.
        extras: what is shown beside it.
    """
    extras = _with_thumbnails(report, extras)
    title = f"{extras.run_name or report.run_id or 'Latent'} · Latent"
    for place, level in enumerate(LEVELS):
        last = place + 1 == len(LEVELS)
        told = replace(extras, notes=(*extras.notes, LEFT_OUT)) if place else extras
        content = encode_explorer(report, told, level)
        if not last and len(content) * LEAST_RATIO * 4 / 3 > PAGE_BYTES:
            continue
        text = page.with_data(title, content)
        if last or len(text) <= PAGE_BYTES:
            return text
    raise AssertionError("there is a last level")  # pragma: no cover


def _with_thumbnails(report: Report, extras: Extras) -> Extras:
    """Replace the run's sheets, which a file cannot reach, by the pictures that matter."""
    if extras.pack is None or extras.thumbnails is None:
        return replace(extras, thumbnails=None)
    rows = rows_that_matter(SampleTable.of(report))
    return replace(extras, thumbnails=extras.pack(rows, THUMBNAIL_BYTES))


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
