"""Figures look the same whatever a person has set for matplotlib."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.figure import Figure

from escaping_minima.report.style import figure_bytes, new_figure, styled

#: What a matplotlibrc may say, and the style of figures does not.
PERSONAL = {
    "text.usetex": True,
    "axes.prop_cycle": mpl.cycler(color=["k"]),
    "legend.loc": "upper left",
    "legend.fancybox": False,
    "svg.image_inline": False,
    "lines.antialiased": False,
    "savefig.bbox": "tight",
    "savefig.transparent": True,
    "axes.formatter.use_locale": True,
}


@styled
def draw() -> Figure:
    figure = new_figure(3, 2, "50 % of x_1", "two_lines")
    axes = figure.subplots()
    for factor in (1, 2):
        axes.plot([0, factor], label=f"{factor}")
    axes.legend()
    return figure


def test_a_matplotlibrc_changes_no_figure():
    plain = figure_bytes(draw())
    with mpl.rc_context(PERSONAL):
        assert figure_bytes(draw()) == plain
        assert mpl.rcParams["text.usetex"] is True
