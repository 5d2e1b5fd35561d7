"""Pages in which other libraries draw the same points, each one file.

The libraries come from npm into a folder of the benchmark's; without npm they are left out.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.report.explorer.arrays import ExplorerFile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PACKAGES = ("regl-scatterplot@1.16.0", "plotly.js-gl2d-dist-min@3.7.0", "esbuild@0.28.2")
NOT_PROJECTED = 65535


@dataclass(frozen=True)
class Points:
    """What a page draws: coordinates of -1…1 and a category each."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    category: NDArray[np.uint8]

    @classmethod
    def read(cls, content: bytes) -> Points:
        """Return the first projection of `explorer.bin`, and the samples' targets."""
        file = ExplorerFile(content)
        first = file.header.projections[0]
        x, y = (file.array(part).astype(np.float32) / 65534 * 2 - 1 for part in (first.x, first.y))
        target = next(one for one in file.header.columns if one.name == "target")
        return cls(x, y, file.array(target.data).astype(np.uint8))


def fetch(folder: Path) -> bool:
    """Install the peers into `folder`; whether it worked."""
    npm = shutil.which("npm")
    if npm is None:
        print("no npm here: the peers are left out")
        return False
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}')
    command = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", *PACKAGES]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"npm cannot install the peers, which are left out:\n{done.stderr.strip()[-500:]}")
    return done.returncode == 0


def write_pages(folder: Path, points: Points) -> dict[str, Path]:
    """Write a page for each peer; returns them by name."""
    data = {
        "x": _base64(points.x),
        "y": _base64(points.y),
        "category": _base64(points.category),
    }
    pages = {}
    for name, source in (("regl-scatterplot", REGL), ("plotly", PLOTLY)):
        entry = folder / f"{name}.js"
        entry.write_text(READ + source)
        script = folder / f"{name}.bundle.js"
        build = [folder / "node_modules/.bin/esbuild", entry, "--bundle", "--minify"]
        subprocess.run(
            [*build, "--define:global=window", f"--outfile={script}", "--log-level=error"],
            check=True,
        )
        safe = script.read_text().replace("</script", r"<\/script")
        page = folder / f"{name}-{len(points.x)}.html"
        page.write_text(
            '<!doctype html><meta charset="utf-8"><body style="margin:0">'
            f"<script>window.DATA = {json.dumps(data)}</script><script>{safe}</script>"
        )
        pages[name] = page
    return pages


def _base64(values: NDArray[np.generic]) -> str:
    return base64.b64encode(values.tobytes()).decode()


READ = """
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const x = new Float32Array(bytes(DATA.x).buffer), y = new Float32Array(bytes(DATA.y).buffer);
const category = bytes(DATA.category);
const COLORS =
  '#0072B2 #E69F00 #009E73 #CC79A7 #56B4E9 #D55E00 #332288 #F0E442 #000000 #661100'.split(' ');
window.bench = { selected: 0 };
const painted = () =>
  requestAnimationFrame(() => setTimeout(() => performance.mark('latent:complete')));
"""

REGL = """
import createScatterplot from 'regl-scatterplot';
const canvas = document.createElement('canvas');
canvas.style.cssText = 'width:100vw;height:100vh;display:block';
document.body.append(canvas);
const [width, height] = [innerWidth, innerHeight];
const look = { pointSize: 2, colorBy: 'valueA', pointColor: COLORS };
const plot = createScatterplot({ canvas, width, height, ...look });
const z = Float32Array.from(category, (code) => code % COLORS.length);
plot.subscribe('select', () => (window.bench.selected = performance.now()));
plot.draw({ x, y, z }).then(painted);
window.bench.recolor = async (turn) => {
  await plot.draw({ x, y, z: z.map((code) => (code + turn) % COLORS.length) });
};
window.bench.lassoKey = 'Shift';
"""

PLOTLY = """
import Plotly from 'plotly.js-gl2d-dist-min';
const box = document.createElement('div');
box.style.cssText = 'width:100vw;height:100vh';
document.body.append(box);
const colored = (turn) => Array.from(category, (code) => COLORS[(code + turn) % COLORS.length]);
const trace = { type: 'scattergl', mode: 'markers', x, y, marker: { size: 2, color: colored(0) } };
Plotly.newPlot(box, [trace], { dragmode: 'pan', margin: { l: 0, r: 0, t: 0, b: 0 } }).then(() => {
  box.on('plotly_selected', () => (window.bench.selected = performance.now()));
  painted();
});
window.bench.recolor = (turn) => Plotly.restyle(box, { 'marker.color': [colored(turn)] });
window.bench.lasso = () => Plotly.relayout(box, { dragmode: 'lasso' });
"""
