"""The player: paths of several methods from one start, step by step, on a page of its own.

Script, style and data stand in the page, so that it opens from disk and asks for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from escaping_minima.report.frames import Html
from escaping_minima.report.markdown import block, front_matter
from escaping_minima.report.player_data import MOST_POINTS, player_data

#: The name of the page, and of the derived tables that it is made of; marks may be missing.
PAGE = "player"
TITLE = "Paths, step by step"
PATHS, GRIDS, MARKS = "player_paths.parquet", "player_grids.parquet", "player_marks.parquet"
_STATIC = Path(__file__).resolve().parent / "static"
_SCRIPTS = ("player_drawing.js", "player_scene.js", "player.js")
_EXPLAINED = (
    "Several methods go from the same start, and each moment shows all of them at the same cost "
    "in sample evaluations. The bar is logarithmic, because most of a descent is over early. On a "
    "plane, bands are heights, white (or black, on a dark page) being low; they are narrower near "
    "the lowest point, so that one sees the bottoms of valleys. On a curve the markers stand at "
    "their loss, and below it each path is drawn against evaluations. The filled ring is the start "
    "of these paths, an open one is another start: choose it by a click. A star is a global "
    "minimum, a cross a local one; who has left the picture stands at its edge. Where several "
    "methods go the same way, the later ones are drawn thinner; what lies further back is pale. On "
    "a plane a leap of a seventh of the picture is not drawn, only where it lands. Of a path at "
    f"most {MOST_POINTS} points are kept, so that a straight piece may stand for several steps."
)
_KEYS = (
    ("Space or K", "play or pause"),
    ("← →", "back, forward (with Shift ten times as far)"),
    ("Home, End", "first, last moment"),
    ("N, P", "next, previous start"),
    ("L", "next landscape"),
)


def has_player(tables: Mapping[str, pd.DataFrame]) -> bool:
    """Say whether a study's derived tables have paths to play."""
    return PATHS in tables and GRIDS in tables and not tables[PATHS].empty


def player_page(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the page of a study's player as Markdown.

    Parameters
    ----------
    tables : Mapping of str to DataFrame
        The derived tables, for which `has_player` holds; what is in them says `player_data`.
    """
    player = player_html(tables[PATHS], tables[GRIDS], tables.get(MARKS))
    wide = front_matter("hide-toc: true")
    return f"{wide}\n# {TITLE}\n\n{block(player)}\n{_EXPLAINED}\n"


def player_document(
    paths: pd.DataFrame, grids: pd.DataFrame, marks: pd.DataFrame | None = None
) -> str:
    """Return a player as an HTML file that stands alone; see `player_data`."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{TITLE}</title></head><body class="em-player-alone"><h1>{TITLE}</h1>'
        f"{player_html(paths, grids, marks)}<p>{escape(_EXPLAINED)}</p></body></html>\n"
    )


def player_html(
    paths: pd.DataFrame, grids: pd.DataFrame, marks: pd.DataFrame | None = None
) -> Html:
    """Return a player with its style and script; see `player_data`.

    Raises
    ------
    ValueError
        If the tables lack something.
    """
    data = player_data(paths, grids, marks)
    scripts = "".join(f"<script>{_carried(name)}</script>" for name in _SCRIPTS)
    return Html(
        f"<style>{_carried('player.css')}</style>"
        f'<section class="em-player" aria-label="{TITLE}">{_controls()}{_both()}{_keys()}'
        "<noscript><p>The player needs a script, which this page carries.</p></noscript>"
        f'<script type="application/json">{_json(data)}</script></section>{scripts}'
    )


def _controls() -> str:
    speeds = "".join(
        f'<option value="{rate}"{" selected" if rate == 1 else ""}>× {rate:g}</option>'
        for rate in (0.25, 0.5, 1, 2, 4)
    )
    return (
        '<div class="em-player-choices">'
        '<label>Landscape <select class="em-player-problem"></select></label>'
        '<label>Start <select class="em-player-start"></select></label>'
        f'<label>Speed <select class="em-player-speed">{speeds}</select></label></div>'
    )


def _both() -> str:
    """Return the picture with its bar, and the table of methods beside it."""
    return (
        '<div class="em-player-both"><div><div>'
        '<canvas class="em-player-picture" role="img" tabindex="0"></canvas></div>'
        '<div class="em-player-time"><button type="button" class="em-player-play">Play</button>'
        '<input type="range" class="em-player-bar" min="0" max="1000" value="1000" '
        'aria-label="Moment"><span class="em-player-now"></span></div></div>'
        '<div><table class="em-player-table"><thead><tr><th scope="col">method</th>'
        '<th scope="col">loss</th><th scope="col">lowest</th></tr></thead>'
        '<tbody class="em-player-rows"></tbody></table><div class="em-player-pick">'
        '<button type="button" class="em-player-all">All</button>'
        '<button type="button" class="em-player-none">None</button></div></div></div>'
    )


def _keys() -> str:
    words = "; ".join(f"<kbd>{escape(key)}</kbd> {escape(deed)}" for key, deed in _KEYS)
    return f'<p class="em-player-hint">Keys: {words}.</p>'


def _carried(name: str) -> str:
    """Return a file of the page without blank lines: in Markdown one would end the HTML block."""
    text = (_STATIC / name).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if line.strip())


def _json(data: Any) -> str:
    """Return JSON that may stand in a script: no tag can begin or end in it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
