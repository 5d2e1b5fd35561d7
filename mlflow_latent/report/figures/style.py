"""The look of all figures: palette, paper, and text in which any label survives."""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mlflow_latent.report.words import number, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from numpy.typing import ArrayLike

PAPER, INK, MUTED, FAINT = "#ffffff", "#1b1f24", "#57606a", "#d5d9de"
BACKGROUND_POINT = "#dfe3e8"  # samples that a figure shows only as context
ALERT = "#b3261e"
# Okabe and Ito 2008 (the first eight) and two of Paul Tol's: the closest pair is 16 apart (CIE
# 1976) under simulated protanopia, deuteranopia and tritanopia; greys are left for "other".
CATEGORY_COLORS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#332288",
    "#F0E442",
    "#000000",
    "#661100",
)
OTHER_COLOR = "#b4bac2"
SPLIT_COLORS = {"train": "#0072B2", "val": "#D55E00", "test": "#009E73", "unlabeled": "#332288"}
SPLIT_MARKERS = {"train": "o", "val": "s", "test": "D", "unlabeled": "^"}
LABEL_LENGTH = 28  # letters of a class or field name beside an axis
DOTS_PER_INCH = 120
DARK = {  # what is drawn on a dark page in place of these, at the same contrast
    "#ffffff": "#14171c",
    "#1b1f24": "#e9ecf0",
    "#57606a": "#a4aeb9",
    "#d5d9de": "#3a424c",
    "#dfe3e8": "#323a44",
    "#b4bac2": "#525c68",
    "#b3261e": "#ff8a80",
    "#000000": "#e9ecf0",
    "#332288": "#9a8cf0",
    "#0072b2": "#56a8e0",
    "#661100": "#d08a70",
}
FULL_WIDTH = 7.9  # inches from which a figure has a title of full size
TITLE_LETTERS_PER_INCH = 8.2  # of the bold 14 point face
CLIP_PERCENTILE = 99.0
# Letters that the bundled font lacks are taken from the first of these that is installed.
FALLBACK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "PingFang SC",
    "Hiragino Sans",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
    "Noto Sans",
    "Arial Unicode MS",
)


@contextmanager
def drawing() -> Iterator[None]:
    """Draw with this package's look, whatever the caller's matplotlib is set to."""
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        # A letter that no installed font has is drawn as a box; the page has it as text.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        mpl.rcdefaults()
        mpl.rcParams.update(cast("Any", _look()))
        yield


def _look() -> dict[str, Any]:
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    return {
        "text.parse_math": False,  # a `$` in a class name is a dollar
        "font.family": ["DejaVu Sans", *(font for font in FALLBACK_FONTS if font in installed)],
        "font.size": 10,
        "text.color": INK,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "axes.axisbelow": True,
        "grid.color": FAINT,
        "grid.linewidth": 0.7,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "legend.frameon": False,
        "figure.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "figure.dpi": DOTS_PER_INCH,
        "savefig.dpi": "figure",
    }


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size in inches, apart from pyplot's state.

    A notebook shows it, whether or not pyplot was imported.
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    return _shown_figure()(figsize=(width, height), layout=layout)


@cache
def _shown_figure() -> type[Figure]:
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        """Gives notebooks its picture; they know matplotlib's own figures only with pyplot."""

        def _repr_png_(self) -> bytes:
            content = io.BytesIO()
            self.savefig(content, format="png", dpi=DOTS_PER_INCH)
            return content.getvalue()

    return ShownFigure


def darken(figure: Figure) -> None:
    """Turn a finished figure into one for a dark page: paper, ink and the colors that need it."""
    from matplotlib.collections import Collection
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.text import Text

    def turn(artist: Any, *names: str) -> None:
        for name in names:
            artist.set(**{name: _darkened(getattr(artist, f"get_{name}")())})

    for artist in figure.findobj():
        if isinstance(artist, Text):
            turn(artist, "color")
        elif isinstance(artist, Line2D):
            turn(artist, "color", "markerfacecolor", "markeredgecolor")
        elif isinstance(artist, Patch | Collection):
            turn(artist, "facecolor", "edgecolor")


def _darkened(color: Any) -> Any:
    """The color for a dark page, of one or of many; what has none there stays."""
    from matplotlib.colors import to_hex, to_rgba, to_rgba_array

    if isinstance(color, np.ndarray) and color.ndim > 1:
        return [_darkened(tuple(one)) for one in color.tolist()]
    if isinstance(color, str) and color.lower() in {"none", "auto"}:
        return color
    if not len(to_rgba_array(color)):
        return color
    opacity = to_rgba(color)[3]
    found = DARK.get(to_hex(color))
    return color if found is None else to_rgba(found, opacity)


def head(figure: Figure, title: str, subtitle: str = "") -> None:
    """Write a figure's title and, in smaller lines below it, what the reader should know."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    width, height = figure.get_figwidth(), figure.get_figheight()
    left = 0.14 / width
    size = 14 if width >= FULL_WIDTH else 11.5
    short = shorten(title, int(width * TITLE_LETTERS_PER_INCH * 14 / size))
    title_style: dict[str, Any] = {"fontsize": size, "fontweight": "bold", "va": "top"}
    figure.text(left, 1 - 0.14 / height, short, **title_style)
    if subtitle:
        style: dict[str, Any] = {"fontsize": 9.5, "color": MUTED, "linespacing": 1.4, "va": "top"}
        figure.text(left, 1 - 0.44 / height, subtitle, **style)
    taken = (0.42 + 0.2 * len(subtitle.splitlines())) / height
    layout = figure.get_layout_engine()
    if isinstance(layout, ConstrainedLayoutEngine):
        layout.set(rect=(0, 0, 1, 1 - taken))


def label(text: str, limit: int = LABEL_LENGTH) -> str:
    """Return a name as matplotlib can draw it: one line, and not left out of a legend."""
    short = shorten(text, limit)
    return f" {short}" if short.startswith("_") else short or "(no name)"


def save(figure: Figure, path: Path) -> Path:
    """Write the figure as PNG and return its path; the same figure gives the same bytes."""
    figure.savefig(path, format="png", metadata={"Software": None})
    return path


def save_all(drawn: Iterable[tuple[str, Figure, str]], folder: Path) -> dict[str, tuple[Path, str]]:
    """Draw and write figures, each as it is asked for, with this package's look.

    Args:
        drawn: the figures' names, the figures, and the texts that stand for them.
        folder: where the PNG files go; it is made if need be.

    Returns:
        The PNG files by name, each with its text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with drawing():
        return {name: (save(figure, folder / f"{name}.png"), text) for name, figure, text in drawn}


def split_colors(splits: Iterable[str]) -> dict[str, str]:
    """Return a color for each split; splits of the user's own take those that are left."""
    names = list(splits)
    used = {SPLIT_COLORS[name] for name in names if name in SPLIT_COLORS}
    spare = [color for color in CATEGORY_COLORS if color not in used]
    own = [name for name in names if name not in SPLIT_COLORS]
    return SPLIT_COLORS | {name: spare[place % len(spare)] for place, name in enumerate(own)}


def split_marker(split: str) -> str:
    """Return the marker of a split, so that color is not the only difference."""
    return SPLIT_MARKERS.get(split, "v")


def loss_colors() -> Colormap:
    """Return the color map of a loss: pale is low, dark is high, readable on white."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    shades = colormaps["magma_r"](np.linspace(0.12, 0.96, 256))
    return LinearSegmentedColormap.from_list("latent_loss", shades)


def loss_scale(loss: ArrayLike, *, round_up: bool = False) -> Normalize:
    """Return the scale of a heavy-tailed loss: square-root steps up to the 99th percentile.

    Args:
        loss: (N,) values, some finite.
        round_up: end at 1, 2 or 5 × 10ⁿ, so that similar runs share one scale.
    """
    from matplotlib.colors import Normalize, PowerNorm

    finite = np.asarray(loss, dtype=float)
    finite = finite[np.isfinite(finite)]
    top = float(np.percentile(finite, CLIP_PERCENTILE))
    bottom = float(finite.min())
    if bottom < 0:  # a likelihood's loss may be: square roots are not for it
        return Normalize(bottom, top if top > bottom else bottom + 1, clip=True)
    top = top if top > 0 else 1.0
    return PowerNorm(0.5, 0, rounded_up(top) if round_up else top, clip=True)


def loss_bar(figure: Figure, axes: Axes, norm: Normalize, **options: Any) -> None:
    """Draw the labelled bar of a loss's colors beside a map, with a few round values."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.ticker import FixedLocator, FuncFormatter

    layout: dict[str, Any] = {
        "shrink": 0.75,
        "aspect": 32,
        "pad": 0.02,
        "anchor": (0, 1),
        "panchor": (0, 1),
    }
    drawn = ScalarMappable(norm, loss_colors())
    bar = figure.colorbar(drawn, ax=axes, extend="max", **(layout | options))
    bar.set_label("loss (natural units of the criterion)")
    bar.outline.set_visible(False)
    bar.locator = FixedLocator([float(norm.inverse(step)) for step in np.linspace(0, 1, 6)])
    bar.formatter = FuncFormatter(lambda value, _place: number(value))
    bar.minorticks_off()
    bar.update_ticks()


def rounded_up(value: float) -> float:
    """Return the next of 1, 2, 5 × 10ⁿ that is not below a positive `value`."""
    decade = 10.0 ** np.floor(np.log10(value))
    return float(next(step * decade for step in (1, 2, 5, 10) if step * decade >= value * 0.9999))


def tidy(axes: Axes, *, grid: str | None = None) -> None:
    """Take the tick marks away; draw a pale grid along one axis where values are read off."""
    axes.tick_params(length=0)
    if grid:
        axes.grid(visible=True, axis=grid)  # type: ignore[arg-type]


def percent_axis(axes: Axes) -> None:
    """Label the horizontal axis, which holds shares, in percent: ticks are exact, not rounded."""
    axes.xaxis.set_major_formatter(lambda value, _place: f"{value * 100:.6g} %")


def rimmed(text: Text) -> None:
    """Give a text a rim of paper, so that what lies beneath does not hide it."""
    from matplotlib.patheffects import withStroke

    text.set_path_effects([withStroke(linewidth=2.6, foreground=PAPER)])
