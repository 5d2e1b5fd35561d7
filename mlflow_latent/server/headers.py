"""The headers that keep what we send from doing harm in a browser."""

from __future__ import annotations

import base64
import hashlib

_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# The page: nothing but our own files, and MLflow's REST API on the same server.
PAGE = _COMMON | {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    ),
    "Cache-Control": "no-cache",
}

# The page's own code, the same for everyone: kept, and asked about each time.
ASSET = _COMMON | {"Cache-Control": "no-cache"}

# A run's file: asked about each time, since permission may be gone; never a document of ours.
FILE = _COMMON | {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-cache",
    "Vary": "Accept-Encoding, Authorization, Cookie",
}


def message(style: str) -> dict[str, str]:
    """Return the headers of a page whose only style is the inline one given."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    )
    return _COMMON | {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
