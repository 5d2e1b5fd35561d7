"""Time the explorer in Chromium, from a server and from one file, beside two other libraries.

    python benchmarks/explorer.py --quick              # 122,000 samples, two repeats
    python benchmarks/explorer.py --write docs/benchmarks.md   # and a million

Data are made and analyzed once, and kept in `--folder`. Each repeat opens every page anew, in turn.
Peers are drawn from npm (regl-scatterplot, plotly's scattergl); without npm they are left out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import numpy as np
from _explorer.data import make_history, make_snapshot
from _explorer.peers import Points, fetch, write_pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

BEGIN, END = "<!-- explorer: begin -->", "<!-- explorer: end -->"
EPOCH = 7
SIZE = {"width": 1280, "height": 800}
WAIT = 180_000  # milliseconds
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
UNLIKE = {("plotly", "lasso")}  # it searches while the lasso is drawn, which this does not time
FIGURES = {
    "first": "first paint, s",
    "complete": "complete paint, s",
    "brush": "histogram brush, ms",
    "lasso": "lasso, ms",
    "recolor": "another color, ms",
    "pan": "pan, ms each frame",
    "bytes": "bytes sent, MB",
    "heap": "JS heap and buffers, MB",
}


def make_data(folder: Path, n: int) -> tuple[Path, Path]:
    """Return `explorer.bin` and the single file of n samples, made unless they are there."""
    from mlflow_latent import analyze
    from mlflow_latent.report.explorer.encode import encode_explorer
    from mlflow_latent.report.explorer.extras import Extras
    from mlflow_latent.report.explorer.page import BuiltPage, render_page

    data, page = folder / f"{n}.bin", folder / f"{n}.html"
    if data.is_file() and page.is_file():
        return data, page
    snapshot = make_snapshot(n)
    report = analyze(snapshot, projection="pca")
    extras = Extras(
        run_name=f"{n:,} samples", history=make_history(snapshot), pred_probs=snapshot.pred_probs
    )
    built = BuiltPage.find()
    if built is None:
        raise SystemExit("the page was not built: pip install -e .")
    page.write_text(render_page(built, report, extras), encoding="utf-8")
    data.write_bytes(encode_explorer(report, extras))
    return data, page


class Server:
    """`mlflow server --app-name latent` on a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.uri = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "mlflow", "server", "--app-name", "latent"]
        command += ["--workers", "1", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
        command += ["--artifacts-destination", str(folder / "artifacts")]
        settings = {
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_LATENT_SERVER_CACHE": str(folder / "cache"),
        }
        with (folder / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env=os.environ | settings, stdout=log, stderr=log
            )

    def wait(self) -> None:
        """Wait until it answers."""
        end = time.monotonic() + 120
        while True:
            try:
                with urlopen(f"{self.uri}/health", timeout=5):  # noqa: S310 - our own server
                    return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise SystemExit((self.folder / "server.log").read_text()) from None
                time.sleep(0.2)

    def log(self, data: Path) -> str:
        """Log an analysis of which only the page's data is there; returns its address."""
        from mlflow import MlflowClient

        from mlflow_latent.tracking.manifest import MANIFEST_FILE, Manifest

        client = MlflowClient(self.uri)
        run_id = client.create_run("0").info.run_id
        folder = self.folder / run_id
        folder.mkdir()
        shutil.copy(data, folder / "explorer.bin")
        manifest = Manifest.of(folder, [folder / "explorer.bin"], EPOCH)
        (folder / MANIFEST_FILE).write_text(manifest.model_dump_json())
        client.log_artifacts(run_id, str(folder), f"latent/analysis/epoch={EPOCH:05d}")
        return f"{self.uri}/latent/run/{run_id}"


def measure_ours(browser: Browser, address: str) -> dict[str, float]:
    """Open the explorer and do what people do."""
    page, session = new_page(browser)
    received: list[float] = []
    session.on("Network.loadingFinished", lambda one: received.append(one["encodedDataLength"]))
    page.goto(address)
    page.evaluate(AWAIT.replace("CONDITION", "window.latent?.stage?.settled"))
    page.locator("#tab-panel section").first.wait_for(timeout=WAIT)
    found = moments(page)
    found["bytes"] = (sum(received) or Path(address.removeprefix("file://")).stat().st_size) / 1e6
    found |= page.evaluate(OURS)
    found["pan"] = drag_frames(page)
    found["heap"] = heap(session)
    page.context.close()
    return found


def measure_peer(browser: Browser, path: Path) -> dict[str, float]:
    """Open a peer's page, circle points with the mouse, recolor, pan."""
    page, session = new_page(browser)
    page.goto(path.as_uri())
    done = "performance.getEntriesByName('latent:complete').length"
    page.evaluate(AWAIT.replace("CONDITION", done))
    found = moments(page)
    found["bytes"] = path.stat().st_size / 1e6
    found["recolor"] = page.evaluate(RECOLOR)
    found["pan"] = drag_frames(page)
    found["lasso"] = peer_lasso(page)
    found["heap"] = heap(session)
    page.context.close()
    return found


def new_page(browser: Browser) -> tuple[Page, CDPSession]:
    """Return a page of a new profile, and the wire to its engine."""
    page = browser.new_context(viewport=SIZE).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(WAIT)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    return page, session


def moments(page: Page) -> dict[str, float]:
    """Return seconds from opening the address to its marks."""
    marks = page.evaluate(
        "performance.getEntriesByType('mark').map((one) => [one.name, one.startTime / 1000])"
    )
    return {name.removeprefix("latent:"): at for name, at in marks if name != "latent:data"}


def heap(session: CDPSession) -> float:
    """Return megabytes that JavaScript holds after a collection, with its array buffers."""
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")
    return (usage["usedSize"] + usage.get("backingStorageSize", 0)) / 1e6


def drag_frames(page: Page) -> float:
    """Pan with the mouse; returns the median milliseconds between frames."""
    page.evaluate(FRAMES)
    middle = (560, 400)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 8, middle[1])
    page.evaluate("window.frames_ = []")
    page.mouse.move(middle[0] + 120, middle[1] + 60, steps=40)
    page.mouse.up()
    return float(np.median(np.diff(page.evaluate("window.frames_"))))


def peer_lasso(page: Page) -> float:
    """Circle points; returns milliseconds from letting go to the library's selection."""
    page.evaluate(
        "window.bench.lasso?.(); "
        "addEventListener('mouseup', () => (window.bench.up = performance.now()), true);"
        "addEventListener('pointerup', () => (window.bench.up = performance.now()), true)"
    )
    key = page.evaluate("window.bench.lassoKey ?? null")
    angles = np.linspace(0, 2 * np.pi, 40)
    if key:
        page.keyboard.down(key)
    page.mouse.move(560 + 150, 400)
    page.mouse.down()
    for angle in angles:
        page.mouse.move(560 + 150 * np.cos(angle), 400 + 150 * np.sin(angle))
    page.mouse.up()
    if key:
        page.keyboard.up(key)
    page.evaluate(AWAIT.replace("CONDITION", "window.bench.selected > 0"))
    return float(page.evaluate("window.bench.selected - window.bench.up"))


AWAIT = f"""async () => {{
    const end = performance.now() + {WAIT};
    while (!(CONDITION)) {{
        if (performance.now() > end) throw new Error('it never came true');
        await new Promise((next) => setTimeout(next, 5));
    }}
}}"""
FRAMES = """() => {
    window.frames_ = [];
    const each = (now) => { window.frames_.push(now); requestAnimationFrame(each); };
    requestAnimationFrame(each);
}"""
RECOLOR = """async () => {
    const times = [];
    for (const turn of [1, 2, 3]) {
        const start = performance.now();
        await window.bench.recolor(turn);
        await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
        times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[1];
}"""
OURS = """async () => {
    const {session, stage} = window.latent;
    // All that a change of the filters brings about, up to the histograms in the page.
    const flushed = () => new Promise((next) => {
        const {port1, port2} = new MessageChannel();
        port1.onmessage = next;
        port2.postMessage(0);
    });
    const settled = async () => {
        do await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
        while (!stage.settled);
    };
    const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
    const timed = async (turns, act, done) => {
        const times = [];
        for (let turn = 0; turn < turns; turn++) {
            await settled();
            await new Promise((next) => setTimeout(next, 120));
            const start = performance.now();
            act(turn);
            await done();
            times.push(performance.now() - start);
        }
        return median(times);
    };
    const {minimum, maximum} = session.dataset.column('loss');
    const at = (share) => minimum + share * 0.5 * (maximum - minimum);
    const brush = await timed(9, (turn) => session.addFilter(
        {type: 'range', column: 'loss', low: at(0.02 * turn), high: at(0.3 + 0.05 * turn)},
        {gesture: 'brush'}), flushed);
    session.clearFilters();
    const circle = (turn) => Array.from({length: 60}, (_, k) => [
        0.1 * turn / 9 + 0.4 * Math.cos(k / 9.55), 0.4 * Math.sin(k / 9.55)]);
    const lasso = await timed(9, (turn) => session.addFilter(
        {type: 'lasso', projection: 0, polygon: circle(turn)}), flushed);
    session.clearFilters();
    const colors = ['loss', 'camera', 'brightness', 'split', 'target'];
    const recolor = await timed(5, (turn) => session.update({color: colors[turn]}), settled);
    await settled();
    return {brush, lasso, recolor};
}"""


def run(arguments: argparse.Namespace, work: Path) -> str:
    """Measure all sizes; returns the tables."""
    from playwright.sync_api import sync_playwright

    folder = arguments.folder or work
    folder.mkdir(parents=True, exist_ok=True)
    has_peers = not arguments.no_peers and fetch(folder / "peers")
    server = Server(work)
    try:
        server.wait()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
                args=FLAGS,
            )
            tables = [
                measure_size(browser, server, folder, n, arguments.repeats, has_peers=has_peers)
                for n in arguments.rows
            ]
            browser.close()
    finally:
        server.process.terminate()
        server.process.wait(30)
    return "\n".join(tables)


def measure_size(
    browser: Browser, server: Server, folder: Path, n: int, repeats: int, *, has_peers: bool
) -> str:
    """Measure one size, every page in turn; returns its table."""
    data, file = make_data(folder, n)
    address = server.log(data)
    peers = write_pages(folder / "peers", Points.read(data.read_bytes())) if has_peers else {}
    found: dict[str, list[dict[str, float]]] = {}
    for repeat in range(repeats):
        ours: dict[str, Any] = {"server": address, "file": file.as_uri()}
        for name, place in ours.items():
            found.setdefault(name, []).append(measure_ours(browser, place))
        for name, path in peers.items():
            found.setdefault(name, []).append(measure_peer(browser, path))
        print(f"{n:,}, {repeat + 1} of {repeats}: {[all_[-1] for all_ in found.values()]}")
    return table(n, found)


def table(n: int, found: dict[str, list[dict[str, float]]]) -> str:
    """Return medians as Markdown; peers with how many times ours (from the file) they take."""
    middle = {
        name: {key: median(one[key] for one in all_) for key in all_[0]}
        for name, all_ in found.items()
    }
    names = list(middle)
    lines = [
        f"**{n:,} samples**\n",
        f"| | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
    ]
    for key, label in FIGURES.items():
        cells = [cell(middle[name], middle["file"], key, name) for name in names]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def cell(values: dict[str, float], ours: dict[str, float], key: str, name: str) -> str:
    """Return a figure, of a peer with its ratio to ours from the file."""
    if key not in values:
        return "–"
    text = f"{values[key]:.3g}"
    if name in {"server", "file"} or (name, key) in UNLIKE or not ours.get(key):
        return text
    return f"{text} ({values[key] / ours[key]:.1f} ×)"


def main() -> None:
    """Measure, print and perhaps write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[122_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="122,000 samples, two repeats")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--folder", type=Path, help="where data are kept; default: nowhere")
    parser.add_argument("--write", type=Path, help="document whose marks get the tables")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rows, arguments.repeats = [122_000], 2
    with tempfile.TemporaryDirectory(prefix="mlflow-latent-explorer-") as work:
        text = run(arguments, Path(work))
    load = f"{os.getloadavg()[0]:.1f} processes running"
    about = f"mlflow-latent {version('mlflow-latent')}, {os.cpu_count()} cores, {load}"
    text = f"{about}, medians of {arguments.repeats}.\n\n{text}"
    print(text)
    if arguments.write:
        write_between_marks(arguments.write, text)


def write_between_marks(path: Path, text: str) -> None:
    """Put the tables into their place in a document."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{path} has no place for tables: {BEGIN} … {END}")
    path.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
