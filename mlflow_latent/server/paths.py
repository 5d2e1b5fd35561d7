"""Which addresses may be asked for: ids of runs, and artifacts that are ours."""

from __future__ import annotations

import re
from urllib.parse import unquote

from mlflow_latent.errors import InputError
from mlflow_latent.store import LATENT

OVERVIEW = "latent_overview.png"
LONGEST_PATH = 1024  # characters
ANALYSIS = re.compile(rf"({LATENT}/analysis/epoch=\d+)/(.+)")
MEDIA = f"{LATENT}/media/"

_RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MOST_ENCODINGS = 8  # `%25` may hide `%2e`; who nests deeper is up to something


def is_run_id(text: str) -> bool:
    """Whether `text` could be the id of an MLflow run."""
    return bool(_RUN_ID.fullmatch(text))


def checked_path(path: str) -> str:
    """Return the artifact path, as it came out of the address.

    Raises:
        InputError: it is not a plain relative path, however often it is encoded, or leads
            elsewhere than to what this package logs.
    """
    if len(path) > LONGEST_PATH:
        raise InputError(f"the path has {len(path)} characters; at most {LONGEST_PATH} are taken")
    for form in _decodings(path):
        _require_plain(form)
    if path != OVERVIEW and not path.startswith(f"{LATENT}/"):
        raise InputError(f"only files below {LATENT}/ and {OVERVIEW} are served here")
    return path


def _decodings(path: str) -> list[str]:
    forms = [path]
    while (decoded := unquote(forms[-1])) != forms[-1]:
        if len(forms) == _MOST_ENCODINGS:
            raise InputError("the path is encoded too often")
        forms.append(decoded)
    return forms


def _require_plain(path: str) -> None:
    parts = path.split("/")
    if {"", ".", ".."} & set(parts) or "\\" in path or _CONTROL.search(path):
        raise InputError("the path is not a plain relative one")
