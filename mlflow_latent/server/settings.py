"""What the environment says about the server; read when asked, never at import."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

NAME = "latent"  # of the app, and of the folder of its addresses
BASE_APP_VARIABLE = "MLFLOW_LATENT_BASE_APP"
SIDEBAR_VARIABLE = "MLFLOW_LATENT_SIDEBAR"
CACHE_VARIABLE = "MLFLOW_LATENT_SERVER_CACHE"
CACHE_SIZE_VARIABLE = "MLFLOW_LATENT_SERVER_CACHE_MB"
STATIC_VARIABLE = "MLFLOW_LATENT_STATIC"
DEFAULT_CACHE_MB = 2048
MEGABYTE = 1024 * 1024

_PREFIX_VARIABLE = "_MLFLOW_STATIC_PREFIX"  # set by `mlflow server` for its workers
_SERVER_VARIABLE = "_MLFLOW_SGI_NAME"  # the same: uvicorn, gunicorn or waitress
_OFF = {"off", "false", "0", "no"}
_BUILT_PAGE = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Settings:
    """The server's settings.

    Attributes:
        prefix: what all addresses begin with (`--static-prefix`), without a slash at its end.
        base_app: the `mlflow.app` that ours is put into, or empty for MLflow itself.
        is_asgi: whether an ASGI server (uvicorn) runs us, else a WSGI one (gunicorn, waitress).
        sidebar: whether MLflow's own pages get links to ours.
        static: folder of the built page.
        cache: folder of the files that were passed through.
        cache_bytes: how large that folder may grow.
    """

    prefix: str
    base_app: str
    is_asgi: bool
    sidebar: bool
    static: Path
    cache: Path
    cache_bytes: int

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment as `mlflow server` and the user set it."""
        read = os.environ.get
        return cls(
            prefix=read(_PREFIX_VARIABLE, "").rstrip("/"),
            base_app=read(BASE_APP_VARIABLE, "").strip(),
            is_asgi=_is_asgi(),
            sidebar=read(SIDEBAR_VARIABLE, "").strip().lower() not in _OFF,
            static=Path(read(STATIC_VARIABLE) or _BUILT_PAGE),
            cache=Path(read(CACHE_VARIABLE) or _default_cache()),
            cache_bytes=_megabytes(read(CACHE_SIZE_VARIABLE, "")) * MEGABYTE,
        )

    @property
    def root(self) -> str:
        """The address of our pages."""
        return f"{self.prefix}/{NAME}"

    def is_ours(self, path: str) -> bool:
        """Whether an address is one of ours."""
        return path == self.root or path.startswith(f"{self.root}/")


def _is_asgi() -> bool:
    named = os.environ.get(_SERVER_VARIABLE)
    if named:
        return named == "uvicorn"
    return "uvicorn" in sys.modules or not {"gunicorn", "waitress"} & sys.modules.keys()


def _default_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "mlflow-latent" / "server"


def _megabytes(text: str) -> int:
    return int(text) if text.strip().isdecimal() else DEFAULT_CACHE_MB
