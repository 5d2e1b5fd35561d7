"""May the caller see this? MLflow decides, each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from mlflow_latent.server.paths import is_run_id
from mlflow_latent.server.upstream import API, SERVER_ERRORS

if TYPE_CHECKING:
    from starlette.requests import Request

    from mlflow_latent.server.upstream import Answer, Upstream

NOT_FOUND = 404
BAD_GATEWAY = 502
_REFUSALS = {
    401: "sign in to MLflow first",
    403: "MLflow does not let you read this; ask for the permission READ on its experiment",
    404: "MLflow knows no such run",
}


async def require_caller(upstream: Upstream, caller: Request) -> None:
    """Let MLflow check who is calling.

    Raises:
        HTTPException: MLflow does not know them.
    """
    path = f"{API}/experiments/search"
    require_ok(await upstream.get(caller, path, {"max_results": "1"}))


async def require_run(upstream: Upstream, caller: Request, run_id: str) -> None:
    """Let MLflow check that the caller may read the run.

    Raises:
        HTTPException: they may not, or there is no such run.
    """
    await require_run_id(upstream, caller, run_id)
    require_ok(await upstream.get(caller, f"{API}/runs/get", {"run_id": run_id}))


async def require_run_id(upstream: Upstream, caller: Request, run_id: str) -> None:
    """Refuse what cannot be the id of a run, telling only those whom MLflow knows.

    Raises:
        HTTPException: it cannot.
    """
    if not is_run_id(run_id):
        await require_caller(upstream, caller)
        raise HTTPException(NOT_FOUND, _REFUSALS[NOT_FOUND])


def require_ok(answer: Answer) -> None:
    """Hand MLflow's refusal on, without MLflow's words.

    Raises:
        HTTPException: MLflow refused.
    """
    if answer.is_ok:
        return
    broken = answer.status >= SERVER_ERRORS or answer.status not in _REFUSALS
    challenge = answer.headers.get("www-authenticate")
    raise HTTPException(
        BAD_GATEWAY if broken else answer.status,
        f"MLflow answered {answer.status}; its log says why"
        if broken
        else _REFUSALS[answer.status],
        {"WWW-Authenticate": challenge} if challenge else None,
    )
