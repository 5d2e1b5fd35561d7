"""The pages themselves: what they say, what guards them, what happens when things are missing."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from serving import RUN_NAME, Served, ask

from mlflow_latent.server.routes import OWN_ASSETS

pytestmark = pytest.mark.slow


def test_a_page_runs_nothing_but_our_own_code(open_server: Served) -> None:
    for path in ("latent/", f"latent/run/{open_server.run_id}", "latent/compare"):
        reply = ask(open_server.uri, path)
        policy = reply.headers["content-security-policy"]
        assert reply.status == 200
        assert "script-src 'self';" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["x-frame-options"] == "SAMEORIGIN"  # MLflow's
        assert RUN_NAME not in reply.text  # the page asks for it, under the caller's permissions


def test_the_code_is_kept_and_asked_about(open_server: Served) -> None:
    for name in ("app.js", "app.css", "sidebar.js"):
        reply = ask(open_server.uri, f"latent/static/{name}")
        tag = {"If-None-Match": reply.headers["etag"]}
        assert reply.status == 200
        assert reply.headers["content-type"].startswith(("text/javascript", "text/css"))
        assert ask(open_server.uri, f"latent/static/{name}", headers=tag).status == 304
    packed = ask(open_server.uri, "latent/static/sidebar.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == (OWN_ASSETS / "sidebar.js").read_bytes()


@pytest.mark.parametrize("name", ["index.html", "nothing.js", "..%2f__init__.py", "%2e%2e/x"])
def test_only_known_names_are_code(open_server: Served, name: str) -> None:
    assert ask(open_server.uri, f"latent/static/{name}").status == 404


def test_an_unknown_run_gets_a_page_that_says_what_to_do(open_server: Served) -> None:
    reply = ask(open_server.uri, "latent/run/" + "f" * 32)

    assert reply.status == 404
    assert "No such run" in reply.text
    assert "mlflow-latent analyze" in reply.text
    assert 'href="../../latent/"' in reply.text


def test_too_many_runs_are_too_many(open_server: Served) -> None:
    four = "&".join([f"run={open_server.run_id}"] * 4)

    assert ask(open_server.uri, f"latent/compare?{four}").status == 200
    assert ask(open_server.uri, f"latent/compare?{four}&run=x").status == 400


def test_unknown_addresses_are_not_found(open_server: Served) -> None:
    for path in ("latent/nothing", "latent/run/", "latent/files/", "latentx"):
        assert ask(open_server.uri, path).status == 404


def test_no_redirect_follows_the_host_header(open_server: Served) -> None:
    for path in ("latent", f"latent/run/{open_server.run_id}/"):
        location = ask(open_server.uri, path).headers.get("location", "")
        assert "//" not in location


def test_a_page_that_was_not_built_says_so(open_server: Served) -> None:
    built = Path(open_server.server.environment["MLFLOW_LATENT_STATIC"]) / "index.html"
    content = built.read_text()
    built.unlink()
    try:
        reply = ask(open_server.uri, "latent/")
    finally:
        built.write_text(content)

    assert reply.status == 503
    assert "was not built" in reply.text
    assert ask(open_server.uri, "latent/").status == 200
