"""Colours, markers and words of outcomes, the same in every figure of the study."""

from __future__ import annotations

from collections.abc import Mapping

from escaping_minima.report.style import BLACK, BLUE, GREEN, ORANGE, PINK, SKY, VERMILION

#: Colour of an outcome or a group of outcomes, the same in every figure.
OUTCOME_COLOURS: Mapping[str, str] = {
    "GM": BLUE,
    "LM": SKY,
    "pair_f_2.104": SKY,
    "pair_f_-0.215": GREEN,
    "Else": BLACK,
    "saddle": ORANGE,
    "maximum": VERMILION,
    "halo": PINK,
    "diverged": "#666666",
}
#: Marker of an outcome or a group of outcomes, the same in every figure.
OUTCOME_MARKERS: Mapping[str, str] = {
    "GM": "*",
    "LM": "o",
    "pair_f_2.104": "o",
    "pair_f_-0.215": "s",
    "Else": "D",
    "saddle": "X",
    "maximum": "^",
    "halo": ".",
    "diverged": "v",
}
#: An outcome or a group of outcomes in words.
OUTCOME_WORDS: Mapping[str, str] = {
    "GM": "global minimum",
    "LM": "local minimum",
    "pair_f_2.104": "local pair f = 2.104",
    "pair_f_-0.215": "local pair f = −0.215",
    "Else": "Else (outside every minimum)",
    "saddle": "saddle",
    "maximum": "maximum",
    "halo": "halo",
    "diverged": "diverged",
}
