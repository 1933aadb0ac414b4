"""A long table of means, spread into one with a column a measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from escaping_minima.report.frames import Html, frame_table
from escaping_minima.report.tables.words import decimals_of, with_ends


def wide_table(
    table: pd.DataFrame,
    measures: Sequence[str],
    caption: str,
    keys: Sequence[str],
    headings: Mapping[str, str],
    names: Mapping[str, Callable[[Any], str]],
) -> Html:
    """Spread the measures of a long table over columns, each with decimals of its own.

    Parameters
    ----------
    table : DataFrame
        ``measure``, ``n`` (seeds), ``mean``, ``low``, ``high`` and the keys.
    measures : sequence of str
        Those without a row are left out.
    caption : str
    keys : sequence of str
        Columns that name a row; those that the table lacks are left out.
    headings : Mapping
        Headings of the keys.
    names : Mapping
        How values are said, by column; ``measure`` among them.
    """
    means = {m: table.loc[table["measure"] == m, "mean"] for m in measures}
    say = names["measure"]
    decimals = {m: decimals_of(m, say(m), values) for m, values in means.items() if len(values)}
    there = [key for key in keys if key in table]
    rows = []
    for values, part in table.groupby(there, sort=False):
        found = part.set_index("measure")
        row = dict(zip(there, values, strict=True)) | {"seeds": int(found["n"].max())}
        numbers = found[["mean", "low", "high"]].astype(float)
        rows.append(row | {m: with_ends(d, *numbers.loc[m].tolist()) for m, d in decimals.items()})
    # a column of texts would forget that they are HTML
    frame = pd.DataFrame(rows, columns=[*there, "seeds", *decimals], dtype=object)
    return frame_table(frame, caption, {**headings} | {m: say(m) for m in measures}, names)
