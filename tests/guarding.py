"""MLflow's basic-auth around a test's server: an admin, a reader of one experiment, a stranger."""

from __future__ import annotations

import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from serving import ADMIN, READER, STRANGER, ask

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from servers import MlflowServer


def guard(folder: Path) -> dict[str, str]:
    """Write the guard's configuration to `folder`; returns the environment that asks for it."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "auth.ini"
    config.write_text(
        textwrap.dedent(f"""
            [mlflow]
            default_permission = NO_PERMISSIONS
            database_uri = sqlite:///{folder}/auth.db
            admin_username = {ADMIN[0]}
            admin_password = {ADMIN[1]}
            authorization_function = mlflow.server.auth:authenticate_request_basic_auth
            grant_default_workspace_access = false
            auth_cache_ttl_seconds = 60
        """)
    )
    return {
        "MLFLOW_LATENT_BASE_APP": "basic-auth",
        "MLFLOW_AUTH_CONFIG_PATH": str(config),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "only for tests",
    }


@contextmanager
def as_admin() -> Iterator[None]:
    """Let MLflow's client of this process be the admin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN[0])
        patch.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN[1])
        yield


def admit(server: MlflowServer, experiment: str) -> None:
    """Create the reader, who may read `experiment`, and the stranger, who may not."""
    for name, password in (READER, STRANGER):
        _post(server, "api/2.0/mlflow/users/create", {"username": name, "password": password})
    grant = {"username": READER[0], "resource_type": "experiment", "resource_id": experiment}
    _post(server, "api/3.0/mlflow/users/permissions/grant", grant | {"permission": "READ"})


def _post(server: MlflowServer, path: str, body: dict[str, str]) -> None:
    reply = ask(server.uri, path, ADMIN, method="POST", body=body)
    assert reply.status == 200, reply
