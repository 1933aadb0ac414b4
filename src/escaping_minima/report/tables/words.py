"""Numbers in words, as tables and the titles of figures say them."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from escaping_minima.report.frames import Html, p_text
from escaping_minima.report.ratios import ratio_interval, ratio_number

#: Least and most decimals of a column of losses.
_LOSS_DECIMALS = (3, 6)


def span_words(values: Iterable[float]) -> str:
    """Return the least and the largest of some whole numbers: ``500 to 1,500``, or ``no``."""
    found = sorted({int(value) for value in values})
    if not found:
        return "no"
    return f"{found[0]:,}" if len(found) == 1 else f"{found[0]:,} to {found[-1]:,}"


def spanned(values: Iterable[float], noun: str, plural: str | None = None) -> str:
    """Return the span of some whole numbers with what they count: ``1 epoch``, ``2 to 4 epochs``.

    Parameters
    ----------
    values : iterable of float
        See `span_words`.
    noun : str
        In the singular.
    plural : str, optional
        Where it is not made with an s.
    """
    words = span_words(values)
    return f"{words} {noun}" if words == "1" else f"{words} {plural or f'{noun}s'}"


def decimals_of(measure: str, words: str, means: pd.Series[float]) -> int:
    """Return the decimals of a column: of losses so many that the least shows three digits.

    Parameters
    ----------
    measure : str
        Its name; what counts epochs or updates says so.
    words : str
        The measure in words, with its unit in brackets.
    means : Series
        What stands in the column.
    """
    if "epoch" in measure or "updates" in measure:
        return 0 if (means.dropna() % 1 == 0).all() else 1
    if "error" in measure or "(percent)" in words or "(points)" in words:
        return 2
    sizes = means.abs()
    least = float(sizes[sizes > 0].min())
    fewest, most = _LOSS_DECIMALS
    return (
        fewest if math.isnan(least) else min(most, max(fewest, 2 - math.floor(math.log10(least))))
    )


def decimal_text(value: float, decimals: int) -> Html:
    """Return a number with so many decimals, a dash where there is none."""
    return Html("–" if math.isnan(value) else f"{value:z,.{decimals}f}".replace("-", "−"))


def with_ends(decimals: int, mean: float, low: float, high: float) -> Html:
    """Return a number, and its interval in small print below it where there is one."""
    words, *ends = (decimal_text(value, decimals) for value in (mean, low, high))
    if math.isnan(low):
        return words
    return Html(f"{words}<br><small>[{', '.join(ends)}]</small>")


def ratio_with_ends(decimals: int, mean: float, low: float, high: float) -> Html:
    """Return a ratio and its interval, given 100 ln of them; see `with_ends`."""
    if math.isnan(mean):
        return Html("–")
    words = f"× {ratio_number(mean, decimals)}"
    if math.isnan(low):
        return Html(words)
    return Html(f"{words}<br><small>{ratio_interval(low, high, decimals)}</small>")


def p_or_dash(p: float) -> str | None:
    """Return a p-value in words, None where there is none."""
    return None if pd.isna(p) else p_text(p)
