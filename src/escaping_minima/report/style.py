"""One style for every figure: colours, markers, fonts, and how a figure becomes a file."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from escaping_minima.files.atomic import write_bytes

#: Colours that stay apart for colour-blind readers (Okabe and Ito, 2008), and two more.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, PINK, VIOLET = "#0072B2", "#D55E00", "#CC79A7", "#6A51A3"

#: The printed value of the paper, in every figure.
PRINTED: Mapping[str, Any] = {
    "marker": "D",
    "markersize": 5.5,
    "markerfacecolor": "white",
    "markeredgewidth": 1.3,
    "linestyle": "none",
}

#: Largest SVG, in bytes; a figure with more in it becomes a PNG.
LARGEST_SVG = 300_000
_DPI = 150

_P = ParamSpec("_P")
_R = TypeVar("_R")


@cache
def _settings() -> Any:
    return {
        **sns.axes_style("ticks"),
        **sns.plotting_context("notebook"),
        "font.family": "DejaVu Sans",
        "font.size": 9.5,
        "axes.titlesize": 10,
        "axes.labelsize": 9.5,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "legend.fontsize": 9,
        "legend.frameon": False,
        "figure.titlesize": 11,
        "axes.linewidth": 0.8,
        "xtick.major.width": 0.8,
        "ytick.major.width": 0.8,
        "xtick.major.size": 3.5,
        "ytick.major.size": 3.5,
        "xtick.minor.size": 2,
        "ytick.minor.size": 2,
        "lines.linewidth": 1.4,
        "lines.markersize": 5,
        "axes.unicode_minus": True,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        # text as paths shows the same on every machine; the salt makes identifiers repeat
        "svg.fonttype": "path",
        "svg.hashsalt": "escaping-minima",
    }


def styled(draw: Callable[_P, _R]) -> Callable[_P, _R]:
    """Decorate a function that draws or writes a figure, so that the style holds inside it.

    What a matplotlibrc of the user's says does not hold there.
    """

    @wraps(draw)
    def in_style(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(_settings())
            return draw(*args, **kwargs)

    return in_style


def new_figure(width: float, height: float, title: str, detail: str = "") -> Figure:
    """Return an empty figure, not registered with pyplot, so that nothing has to close it.

    Parameters
    ----------
    width, height : float
        In inches.
    title : str
        What the figure shows.
    detail : str
        A second line: on how many runs it rests.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(f"{title}\n{detail}" if detail else title)
    return figure


@styled
def figure_bytes(figure: Figure) -> tuple[str, bytes]:
    """Return a figure as (extension, content): SVG where that is small, PNG otherwise.

    The content depends on the figure alone: no date and no random identifier is written.
    """
    # the layout costs more than the drawing: once is enough
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    buffer = io.BytesIO()
    FigureCanvasSVG(figure)
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    if buffer.tell() < LARGEST_SVG:
        return "svg", buffer.getvalue()
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return "png", buffer.getvalue()


def save_figure(
    figure: Figure, folder: Path, name: str, made: tuple[str, bytes] | None = None
) -> Path:
    """Write a figure as ``<name>.svg``, or ``<name>.png`` where the SVG would be large.

    Parameters
    ----------
    figure : Figure
    folder : Path
    name : str
        File name without extension; the file with the other extension is removed.
    made : tuple of (str, bytes), optional
        What `figure_bytes` gave, where it was called already.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UserError
        If the disk refuses.
    """
    extension, content = made or figure_bytes(figure)
    path = folder / f"{name}.{extension}"
    write_bytes(path, content)
    (folder / f"{name}.{'png' if extension == 'svg' else 'svg'}").unlink(missing_ok=True)
    return path
