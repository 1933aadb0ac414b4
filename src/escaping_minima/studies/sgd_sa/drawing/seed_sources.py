"""How much seeds differ, and by which source of randomness."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import PRINTED, styled
from escaping_minima.report.tables.words import span_words
from escaping_minima.studies.sgd_sa import spreads
from escaping_minima.studies.sgd_sa.drawing.lines import Sources
from escaping_minima.studies.sgd_sa.drawing.shared import legend, style_of
from escaping_minima.studies.sgd_sa.names import NETWORK_NAMES, RUN_NAMES, VARIANT_NAMES
from escaping_minima.studies.sgd_sa.run_groups import METHODS, VARIED
from escaping_minima.studies.sgd_sa.runs import Runs
from escaping_minima.studies.sgd_sa.scope import scope_words

#: What is drawn, with the name and unit of its axis.
MEASURES = {
    "last_test_accuracy": "SD of test accuracy at the end\n(points)",
    "last_test_loss": "SD of test loss at the end\n(mean cross-entropy)",
}
_ROWS = {spreads.ALL: "all of them vary", **{name: VARIANT_NAMES[name] for name in VARIED}}
_SHIFTS = {"sgd_sa": -0.16, "scheduled_sgd": 0.16}
_MARKERS = {"sgd_sa": "o", "scheduled_sgd": "s"}


@styled
def seed_sources(sources: Sources) -> Figure:
    """Draw the standard deviation over seeds of both methods, by what varies between them.

    Parameters
    ----------
    sources : Sources
    """
    title = "How much runs differ, by the source of randomness that varies between them"
    found = sources.runs_of("sources")
    if found is None:
        return absent(title)
    runs, published = found
    table = spreads.spreads(runs)
    table = table[table["role"] != "small"]
    networks = [n for n in NETWORK_NAMES if n in runs.networks("sources")]
    figure = titled(0.6 + 3.1 * len(networks), title, _detail(runs, networks), published)
    grid = figure.subplots(len(networks), len(MEASURES), squeeze=False, sharey=True)
    for row, network in zip(grid, networks, strict=True):
        for axes, (measure, label) in zip(row, MEASURES.items(), strict=True):
            chosen = (table["network"] == network) & (table["measure"] == measure)
            _panel(axes, table[chosen])
            axes.set(title=NETWORK_NAMES[network], xlabel=label)
    bars = [
        Line2D([], [], color=style_of(m)["color"], marker=_MARKERS[m], label=RUN_NAMES[m])
        for m in METHODS
    ]
    words = "printed seeds of Table 1 (all vary)"
    legend(figure, [*bars, Line2D([], [], **PRINTED, markeredgecolor=GREY, label=words)])
    return figure


def _panel(axes: Axes, table: pd.DataFrame) -> None:
    for run in METHODS:
        colour = style_of(run)["color"]
        part = table[table["run"] == run].set_index("source")
        for place, source in enumerate(_ROWS):
            if source in part.index:
                row, y = part.loc[source], place + _SHIFTS[run]
                axes.plot([row["low"], row["high"]], [y, y], color=colour)
                axes.plot(row["sd"], y, _MARKERS[run], color=colour, label=f"{run} {source}")
        if spreads.PRINTED in part.index:
            sd = part.loc[spreads.PRINTED, "sd"]
            axes.plot(sd, _SHIFTS[run], **PRINTED, markeredgecolor=colour, label=f"{run} printed")
    axes.set_xlim(left=0)
    axes.set_yticks(range(len(_ROWS)), list(_ROWS.values()))
    axes.set_ylim(len(_ROWS) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#E4E4E4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _detail(runs: Runs, networks: Sequence[str]) -> str:
    rows = runs.cells[runs.cells["role"] == "sources"]
    rows = rows[rows["network"].isin(networks)]
    seeds, epochs = (span_words(rows[c]) for c in ("seeds", "epochs"))
    return f"{seeds} runs each, {epochs} epochs; bars: 95 percent; {scope_words(rows)}"
