"""What a figure draws, as a table: the values behind every line, point, bar and area."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection, LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator
from matplotlib.transforms import Transform
from numpy.typing import NDArray

from escaping_minima.files.atomic import write_bytes

_Points = NDArray[np.float64]
COLUMNS = (
    *("panel", "title", "x_axis", "y_axis", "kind", "name", "colour", "item"),
    *("x", "y", "x_words", "y_words", "value"),
)
#: A figure that draws more points than these is not listed: they are in the tables alone.
MOST_ROWS = 20_000


def figure_values(figure: Figure) -> pd.DataFrame:
    """Return what a figure draws.

    Parameters
    ----------
    figure : Figure
        Contours and surfaces of three dimensions are left out: they are drawn from a formula.

    Returns
    -------
    DataFrame
        One row a point: ``panel`` (from 1), its ``title`` and axes; ``kind`` (line, points,
        segment, area, bar or image), ``name`` as a legend has it, ``colour``; ``item``, which
        numbers what has several points; ``x`` and ``y`` (NaN of a line across a whole panel),
        with the words that stand there on an axis of names; ``value``, of an image alone. A bar
        and an area of one colour have their corners.
    """
    rows = [
        {"panel": place, "title": axes.get_title(), "x_axis": axes.get_xlabel()}
        | {"y_axis": axes.get_ylabel()}
        | found
        for place, axes in enumerate(figure.axes, 1)
        for found in _of_axes(axes)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def save_values(values: pd.DataFrame, folder: Path, name: str) -> None:
    """Write what a figure draws as ``<name>.csv``; nothing, and no older one, of very much of it.

    Raises
    ------
    UserError
        If the disk refuses.
    """
    path = folder / f"{name}.csv"
    if 0 < len(values) <= MOST_ROWS:
        kept = values.dropna(axis="columns", how="all")
        text = kept.to_csv(index=False, float_format="%.7g", lineterminator="\n")
        write_bytes(path, text.encode())
    else:
        path.unlink(missing_ok=True)


def _of_axes(axes: Axes) -> Iterator[dict[str, Any]]:
    if axes.name == "3d":
        return
    words = [_words(axis) for axis in (axes.xaxis, axes.yaxis)]
    drawn = chain(_lines(axes), _collections(axes), _bars(axes))
    for item, (artist, kind, colour, points) in enumerate(drawn, 1):
        for x, y in points:
            yield _named(artist, kind, colour) | {
                "item": item,
                "x": x,
                "y": y,
                "x_words": words[0].get(x, ""),
                "y_words": words[1].get(y, ""),
            }
    for image in axes.images:
        yield from _image(image)


_Drawn = tuple[Artist, str, Any, _Points]


def _lines(axes: Axes) -> Iterator[_Drawn]:
    for line in axes.lines:
        points = np.asarray(line.get_xydata(), dtype=float)
        yield line, _kind_of(line), line.get_color(), _in_data(points, line.get_transform(), axes)


def _kind_of(line: Line2D) -> str:
    return "points" if line.get_linestyle() in ("None", " ", "") else "line"


def _collections(axes: Axes) -> Iterator[_Drawn]:
    for drawn in axes.collections:
        if isinstance(drawn, ContourSet):
            continue
        for kind, points, transform in _pieces(drawn):
            colours = drawn.get_edgecolor() if kind == "segment" else drawn.get_facecolor()
            colour = colours[0] if len(colours) else "none"
            yield drawn, kind, colour, _in_data(points, transform, axes)


def _pieces(drawn: Collection) -> Iterator[tuple[str, _Points, Transform]]:
    if isinstance(drawn, PathCollection):
        offsets: _Points = np.ma.filled(np.ma.asarray(drawn.get_offsets(), dtype=float), np.nan)
        yield "points", offsets, drawn.get_offset_transform()
    elif isinstance(drawn, LineCollection):
        for segment in drawn.get_segments():
            # as bars give of a value that is missing
            if len(segment):
                yield "segment", np.asarray(segment, dtype=float), drawn.get_transform()
    elif isinstance(drawn, PolyCollection):
        for path in drawn.get_paths():
            yield "area", np.asarray(path.vertices, dtype=float), drawn.get_transform()


def _bars(axes: Axes) -> Iterator[_Drawn]:
    for patch in axes.patches:
        if isinstance(patch, Rectangle):
            corners = np.array(patch.get_bbox().get_points(), dtype=float)
            # a bar's transform leads from a unit square, its data's from its corners
            across = Artist.get_transform(patch)
            yield patch, "bar", patch.get_facecolor(), _in_data(corners, across, axes)


def _image(image: AxesImage) -> Iterator[dict[str, Any]]:
    values: _Points = np.ma.filled(np.ma.asarray(image.get_array(), dtype=float), np.nan)
    if values.ndim != 2:
        return
    left, right, bottom, top = image.get_extent()
    rows, columns = values.shape
    x = left + (np.arange(columns) + 0.5) * (right - left) / columns
    first, last = (top, bottom) if image.origin == "upper" else (bottom, top)
    y = first + (np.arange(rows) + 0.5) * (last - first) / rows
    for row, column in np.argwhere(np.isfinite(values)):
        where = {"item": 0, "x": x[column], "y": y[row], "x_words": "", "y_words": ""}
        yield _named(image, "image", "none") | where | {"value": values[row, column]}


def _named(artist: Artist, kind: str, colour: Any) -> dict[str, Any]:
    label = str(artist.get_label() or "")
    # matplotlib's own labels begin so
    name = "" if label.startswith("_") else label
    shade = "" if isinstance(colour, str) and colour == "none" else to_hex(colour)
    return {"kind": kind, "name": name, "colour": shade, "value": np.nan}


def _in_data(points: _Points, transform: Transform, axes: Axes) -> _Points:
    """Return points with NaN where a coordinate is one of the panel, not of the data."""
    within = transform.contains_branch_seperately(axes.transData)
    return np.where(np.asarray(within), points, np.nan)


def _words(axis: Axis) -> dict[float, str]:
    """Return the words of an axis of names, by place; of an axis of numbers nothing."""
    if not isinstance(axis.get_major_locator(), FixedLocator):
        return {}
    places = [float(place) for place in axis.get_majorticklocs()]
    words = axis.get_major_formatter().format_ticks(places)
    is_named = any(c.isalpha() for text in words for c in text) and "$" not in "".join(words)
    return dict(zip(places, words, strict=True)) if is_named else {}
