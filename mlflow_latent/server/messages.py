"""Pages that say what is the matter and what to do, without needing anything that was built."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

from mlflow_latent.server import headers

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:15px/1.6 system-ui,sans-serif;max-width:40rem;margin:18vh auto;padding:0 1.5rem}"
    "h1{font-size:1.35rem;font-weight:600;margin:0 0 .5rem}"
    "p{margin:.5rem 0}code{font-size:.92em}"
    "a{color:light-dark(#0b5cad,#7cb8ff)}"
)
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1">'
    "<title>{title} · Latent</title><style>{style}</style></head>"
    "<body><main><h1>{title}</h1>{paragraphs}{links}</main></body></html>"
)
_HEADERS = headers.message(_STYLE)


def message_page(
    status: int,
    title: str,
    *paragraphs: str,
    links: dict[str, str] | None = None,
    extra_headers: dict[str, str] | None = None,
) -> HTMLResponse:
    """Return a page of plain text.

    Args:
        status: of HTTP.
        title: what is the matter.
        *paragraphs: what to do; text, not HTML.
        links: address by what it says.
        extra_headers: beside the page's own.
    """
    anchors = " · ".join(
        f'<a href="{escape(address)}">{escape(text)}</a>' for text, address in (links or {}).items()
    )
    html = _PAGE.format(
        title=escape(title),
        style=_STYLE,
        paragraphs="".join(f"<p>{escape(text)}</p>" for text in paragraphs),
        links=f"<p>{anchors}</p>" if anchors else "",
    )
    return HTMLResponse(html, status, _HEADERS | (extra_headers or {}))
