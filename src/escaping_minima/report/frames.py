"""Tables of a report as plain HTML that needs no script and no style of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

#: Symbol, background and text colour of a verdict's badge; the words always stand beside it.
BADGES: Mapping[str, tuple[str, str, str]] = {
    "reproduced": ("✓", "#00629B", "#FFFFFF"),
    "partly": ("◐", "#56B4E9", "#000000"),
    "not reproduced": ("✗", "#B34700", "#FFFFFF"),
    "inconclusive": ("?", "#F0E442", "#000000"),
    "not tested": ("–", "#666666", "#FFFFFF"),
}


#: Text up to this length is not broken into lines.
_SHORT = 18
#: Instead of an interval that reaches to infinity on both sides.
NO_INTERVAL = "no interval"


class Html(str):
    """Text that is HTML already and is not escaped again."""

    def _repr_html_(self) -> str:
        return str(self)


def badge(verdict: str | None) -> Html:
    """Return a verdict as a coloured word, None as a dash; tables are sorted by its place."""
    if verdict is None:
        return Html("–")
    symbol, background, colour = BADGES[verdict]
    place = list(BADGES).index(verdict)
    # the style stands in the element, so that a notebook shows it too
    style = (
        f"background:{background};color:{colour};padding:0.15em 0.5em;border-radius:0.6em;"
        "white-space:nowrap;font-size:0.9em;print-color-adjust:exact"
    )
    return Html(
        f'<span class="em-badge" data-sort="{place}" style="{style}">'
        f'<span aria-hidden="true">{symbol}</span> {escape(verdict)}</span>'
    )


def link(target: str, words: str) -> Html:
    """Return a link."""
    return Html(f'<a href="{escape(target, quote=True)}">{escape(words)}</a>')


def cell_text(value: Any) -> str:
    """Return one value as HTML: numbers to four digits, missing ones as a dash."""
    if isinstance(value, Html):
        return str(value)
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        # adding 0 turns -0 into 0
        words = f"{value:,.0f}" if abs(value) >= 1000 else f"{value + 0.0:.4g}"
        return words.replace("-", "−")
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    return escape(str(value))


def html_table(
    rows: Sequence[Mapping[str, Any]],
    caption: str = "",
    headings: Mapping[str, str] | None = None,
    attributes: Sequence[Mapping[str, str]] | None = None,
    lead: str | None = None,
) -> Html:
    """Return rows as an HTML table in a box that scrolls where the window is narrow.

    Parameters
    ----------
    rows : sequence of mapping
        All with the same keys, in the order of the columns.
    caption : str
        Plain text.
    headings : mapping, optional
        What a column is called; the key itself by default.
    attributes : sequence of mapping, optional
        Those of each row: its ``id``, and what a filter looks at.
    lead : str, optional
        The column that comes first where the window is narrow: there each row becomes a card of
        its own, so that no column is out of sight. Without it rows stay rows.

    Returns
    -------
    Html
    """
    columns = list(rows[0]) if rows else []
    names = headings or {}
    head = "".join(f'<th scope="col">{escape(names.get(c, c))}</th>' for c in columns)
    body = []
    for index, row in enumerate(rows):
        said = _attributes(attributes[index]) if attributes else ""
        cells = "".join(
            _cell(row[c], names.get(c, c) if lead else None, c == lead) for c in columns
        )
        body.append(f"<tr{said}>{cells}</tr>")
    kind = "em-table em-cards" if lead else "em-table"
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    # no blank line inside: in Markdown one would end the HTML block
    return Html(
        f'<div class="em-scroll"><table class="{kind}">{title}<thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def frame_table(
    frame: pd.DataFrame,
    caption: str = "",
    headings: Mapping[str, str] | None = None,
    formats: Mapping[str, Callable[[Any], Any]] | None = None,
) -> Html:
    """Return a DataFrame as an HTML table; see `html_table`.

    Parameters
    ----------
    frame : DataFrame
        Its index is not shown.
    caption, headings
        As in `html_table`.
    formats : mapping, optional
        A function a column, from the value to what is shown.
    """
    how = formats or {}
    rows = [
        {str(c): how[str(c)](v) if str(c) in how else _plain(v) for c, v in record.items()}
        for record in frame.to_dict("records")
    ]
    if not rows:
        return Html(f"<p>{escape(caption)}: no rows.</p>")
    return html_table(rows, caption, headings)


def facts(pairs: Mapping[str, Any]) -> Html:
    """Return names and values as a two-column table."""
    rows = "".join(
        f'<tr><th scope="row">{cell_text(k)}</th><td>{cell_text(v)}</td></tr>'
        for k, v in pairs.items()
    )
    table = f'<table class="em-table em-facts"><tbody>{rows}</tbody></table>'
    return Html(f'<div class="em-scroll">{table}</div>')


def number(value: float) -> str:
    """Return a number that somebody chose, with the digits that it has."""
    return f"{value + 0.0:,.10g}".replace("-", "−")


def fixed(value: float, digits: int, signed: bool = False) -> str:
    """Return a number with some decimals; what rounds to 0 has no sign."""
    rounded = round(value, digits) + 0.0
    mark = "+" if signed and rounded > 0 else ""
    return f"{mark}{rounded:,.{digits}f}".replace("-", "−")


def interval_text(low: float | None, high: float | None, digits: int = 1) -> str:
    """Return an interval as text; None is an end at infinity, both of them say nothing."""
    if low is None and high is None:
        return NO_INTERVAL
    lower = "−∞" if low is None else fixed(low, digits)
    upper = "∞" if high is None else fixed(high, digits)
    return f"[{lower}, {upper}]"


def p_text(p: float) -> str:
    """Return a p-value as text, for a column of them."""
    if p < 1e-4:
        return "< 0.0001"
    return f"{p:.4f}" if p < 0.1 else f"{p:.2f}"


def p_statement(p: float, name: str = "p") -> str:
    """Return a p-value for a sentence: ``p = 0.012``, ``p < 0.0001``."""
    words = p_text(p)
    return f"{name} {words}" if words.startswith("<") else f"{name} = {words}"


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(f' {name}="{escape(value, quote=True)}"' for name, value in values.items())


def _cell(value: Any, label: str | None, leads: bool) -> str:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    short = isinstance(value, str) and not isinstance(value, Html) and len(value) <= _SHORT
    kinds = ["em-number"] if numeric else ["em-short"] if short else []
    kinds += ["em-lead"] if leads else []
    kind = f' class="{" ".join(kinds)}"' if kinds else ""
    name = "" if label is None else f' data-label="{escape(label, quote=True)}"'
    return f"<td{kind}{name}>{cell_text(value)}</td>"


def _plain(value: Any) -> Any:
    # numpy scalars would show as np.float64(...)
    return value.item() if hasattr(value, "item") else value
