"""A run's files on their way through: whole, fresh, in pieces, packed, and harmless."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from mlflow import MlflowClient
from serving import ANALYSIS, COLUMNS, SHEET, Served, ask, log_run, write_analysis

from mlflow_latent.tracking.manifest import MANIFEST_VERSION

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def direct(open_server: Served, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A run whose artifacts lie in a folder of their own, not behind MLflow's artifact proxy."""
    folder = tmp_path_factory.mktemp("direct")
    run_id = log_run(open_server.server, folder / "logged", (folder / "store").as_uri())
    return Served(open_server.server, run_id)


@pytest.fixture(params=["open_server", "direct"])
def served(request: pytest.FixtureRequest) -> Served:
    return request.getfixturevalue(request.param)


def test_the_bytes_are_those_that_were_logged(served: Served) -> None:
    reply = ask(served.uri, f"{served.files}/{ANALYSIS}/explorer.bin")

    assert reply.body == COLUMNS
    assert reply.headers["content-type"] == "application/octet-stream"
    assert int(reply.headers["content-length"]) == len(COLUMNS)


def test_who_can_unpack_gets_it_packed(served: Served) -> None:
    packed = ask(
        served.uri, f"{served.files}/{ANALYSIS}/explorer.bin", headers={"Accept-Encoding": "gzip"}
    )
    refused = ask(
        served.uri,
        f"{served.files}/{ANALYSIS}/explorer.bin",
        headers={"Accept-Encoding": "gzip;q=0, br"},
    )

    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == COLUMNS
    assert len(packed.body) < len(COLUMNS) / 10
    assert "content-encoding" not in refused.headers
    assert refused.headers["etag"] != packed.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_what_the_browser_holds_is_not_sent_again(served: Served, encoding: str) -> None:
    path = f"{served.files}/{ANALYSIS}/explorer.bin"
    headers = {"Accept-Encoding": encoding}
    tag = ask(served.uri, path, headers=headers).headers["etag"]

    again = ask(served.uri, path, headers=headers | {"If-None-Match": f'"other", W/{tag}'})
    other = ask(served.uri, path, headers=headers | {"If-None-Match": '"other"'})

    assert (again.status, again.body) == (304, b"")
    assert other.status == 200
    assert "no-cache" in again.headers["cache-control"]  # ask each time: permission may be gone


@pytest.mark.parametrize("path", [f"{ANALYSIS}/explorer.bin", "latent_overview.png"])
def test_a_range_is_one_of_the_plain_bytes(served: Served, path: str) -> None:
    address = f"{served.files}/{path}"
    whole = ask(served.uri, address).body
    headers = {"Range": "bytes=5-9", "Accept-Encoding": "gzip"}

    piece = ask(served.uri, address, headers=headers)

    assert piece.status == 206
    assert piece.body == whole[5:10]
    assert piece.headers["content-range"] == f"bytes 5-9/{len(whole)}"
    assert ask(served.uri, address, headers={"Range": "bytes=9999999-"}).status == 416


def test_head_tells_without_sending(served: Served) -> None:
    for path in (f"{ANALYSIS}/explorer.bin", "latent_overview.png"):
        reply = ask(served.uri, f"{served.files}/{path}", method="HEAD")
        assert (reply.status, reply.body) == (200, b"")
        assert int(reply.headers["content-length"]) > 0


def test_a_new_analysis_is_never_hidden_by_the_cache(open_server: Served, tmp_path: Path) -> None:
    served = Served(open_server.server, log_run(open_server.server, tmp_path))
    path = f"{served.files}/{ANALYSIS}/explorer.bin"
    first = ask(served.uri, path)
    changed = COLUMNS[::-1]  # as long as the first
    write_analysis(tmp_path / "again", changed)
    MlflowClient(served.uri).log_artifacts(served.run_id, str(tmp_path / "again"), ANALYSIS)

    second = ask(served.uri, path, headers={"If-None-Match": first.headers["etag"]})

    assert first.body == COLUMNS
    assert (second.status, second.body) == (200, changed)


def test_a_damaged_cache_is_not_believed(open_server: Served, tmp_path: Path) -> None:
    served = Served(open_server.server, log_run(open_server.server, tmp_path))
    path = f"{served.files}/{ANALYSIS}/explorer.bin"
    key = ask(served.uri, path).headers["etag"].strip('"')
    cached = served.server.folder / "cache" / key
    cached.write_bytes(cached.read_bytes()[:100])

    assert ask(served.uri, path).body == COLUMNS


def test_half_an_upload_is_not_shown(open_server: Served, tmp_path: Path) -> None:
    served = Served(open_server.server, log_run(open_server.server, tmp_path))
    client = MlflowClient(served.uri)
    torn = tmp_path / "explorer.bin"
    torn.write_bytes(b"of the next analysis")
    client.log_artifact(served.run_id, str(torn), ANALYSIS)  # and its manifest is still to come
    client.log_artifact(served.run_id, str(torn), "latent/analysis/epoch=00009")

    replaced = ask(served.uri, f"{served.files}/{ANALYSIS}/explorer.bin")
    unfinished = ask(served.uri, f"{served.files}/latent/analysis/epoch=00009/explorer.bin")

    assert (replaced.status, replaced.headers["retry-after"]) == (503, "2")
    assert unfinished.status == 404
    assert "not complete" in unfinished.text


def test_an_analysis_of_a_later_version_says_what_to_do(
    open_server: Served, tmp_path: Path
) -> None:
    served = Served(open_server.server, log_run(open_server.server, tmp_path))
    manifest = tmp_path / "manifest.json"
    manifest.write_text(f'{{"schema_version": {MANIFEST_VERSION + 1}, "epoch": 3, "files": []}}')
    MlflowClient(served.uri).log_artifact(served.run_id, str(manifest), ANALYSIS)

    reply = ask(served.uri, f"{served.files}/{ANALYSIS}/explorer.bin")

    assert reply.status == 409
    assert "upgrade" in reply.text


@pytest.mark.parametrize("manifest", ["", "[]", '{"epoch": 3}', "\0", '{"files": 3}'])
def test_a_broken_manifest_is_that_of_an_incomplete_analysis(
    open_server: Served, tmp_path: Path, manifest: str
) -> None:
    served = Served(open_server.server, log_run(open_server.server, tmp_path))
    (tmp_path / "manifest.json").write_text(manifest)
    client = MlflowClient(served.uri)
    client.log_artifact(served.run_id, str(tmp_path / "manifest.json"), ANALYSIS)

    assert ask(served.uri, f"{served.files}/{ANALYSIS}/explorer.bin").status == 404


def test_a_forged_size_fills_no_disk(open_server: Served, tmp_path: Path) -> None:
    write_analysis(tmp_path / "forged", b"x")
    served = Served(open_server.server, log_run(open_server.server, tmp_path / "run"))
    client = MlflowClient(served.uri)
    client.log_artifact(served.run_id, str(tmp_path / "forged" / "manifest.json"), ANALYSIS)

    assert ask(served.uri, f"{served.files}/{ANALYSIS}/explorer.bin").status == 503
    cache = served.server.folder / "cache"
    assert not list(cache.glob(".incoming-*"))


def test_nothing_of_a_run_is_a_document_of_ours(served: Served) -> None:
    for path in (f"{ANALYSIS}/report.html", "latent/notes.html"):
        reply = ask(served.uri, f"{served.files}/{path}")
        assert reply.status == 200
        assert reply.headers["content-type"] == "application/octet-stream"
        assert reply.headers["content-disposition"] == "attachment"
    for path in (f"{ANALYSIS}/report.html", "latent/notes.html", SHEET, "latent_overview.png"):
        headers = ask(served.uri, f"{served.files}/{path}").headers
        assert headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "model/weights.bin",
        "latent",
        "latent/",
        "latentx/file",
        "latent/../model/weights.bin",
        "latent/%2e%2e/model/weights.bin",
        "latent/%252e%252e/model/weights.bin",
        "latent/..%2fmodel/weights.bin",
        "latent/..%5cmodel%5cweights.bin",
        "latent//analysis",
        "latent/./insights.json",
        "latent/insights.json%00.png",
        "latent/insights.json%0a",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "latent%2f..%2fmodel%2fweights.bin",
        "file:///etc/passwd",
        "latent/" + "a" * 2000,
        "%25" * 40 + "2e",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(open_server: Served, path: str) -> None:
    reply = ask(open_server.uri, f"{open_server.files}/{path}")

    assert reply.status in {400, 404}
    assert b"not ours" not in reply.body
    assert b"root:" not in reply.body


@pytest.mark.parametrize("run_id", ["..", "a%2fb", "%2e%2e%2f", "x" * 65, "a.b", "%00", "%C3%A9"])
def test_what_cannot_be_a_run_is_not_found(open_server: Served, run_id: str) -> None:
    assert ask(open_server.uri, f"latent/run/{run_id}").status == 404
    assert ask(open_server.uri, f"latent/files/{run_id}/latent/insights.json").status in {400, 404}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nothing_can_be_written_here(open_server: Served, method: str) -> None:
    for path in ("latent/", f"latent/run/{open_server.run_id}", f"{open_server.files}/latent/x"):
        assert ask(open_server.uri, path, method=method).status == 405
