"""The study's tables as HTML: ours beside the printed ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from escaping_minima.report.frames import Html, frame_table
from escaping_minima.report.ratios import RATIO
from escaping_minima.report.tables.wide import wide_table
from escaping_minima.report.tables.words import (
    decimal_text,
    ratio_with_ends,
    span_words,
    with_ends,
)
from escaping_minima.studies.sgd_sa import spreads
from escaping_minima.studies.sgd_sa.names import (
    MEASURE_NAMES,
    NETWORK_NAMES,
    ROLE_NAMES,
    RUN_NAMES,
    VARIANT_NAMES,
)
from escaping_minima.studies.sgd_sa.scope import scope_words
from escaping_minima.studies.sgd_sa.summaries import COURSE, LEVELS, MOVES
from escaping_minima.studies.sgd_sa.table_1 import BEST, MEAN, OURS, PRINTED, SPREAD

#: Measures of a run at some time, which the table says.
_AT_A_TIME = {"test_loss": "test loss", "test_accuracy": "test accuracy (percent)"}
_NAMES: dict[str, Callable[[Any], str]] = {
    "role": lambda name: ROLE_NAMES[name],
    "network": lambda name: NETWORK_NAMES[name],
    "run": lambda name: RUN_NAMES[name],
    "method": lambda name: RUN_NAMES[name],
    "measure": lambda name: _AT_A_TIME.get(name) or MEASURE_NAMES[name],
}
_MEAN = "mean [95 percent interval; of two seeds, or where all agree, their range]"
#: Decimals of losses, accuracies, ratios and differences in points.
_LOSS, _ACCURACY, _RATIO, _POINTS = 4, 2, 3, 2
_SOURCES = {
    spreads.ALL: "all of them vary",
    spreads.PRINTED: "all of them vary, as printed",
    **VARIANT_NAMES,
}


def describe_runs(cells: pd.DataFrame) -> str:
    """Say what runs there are: of each role the cells, seeds and epochs, networks and data.

    Parameters
    ----------
    cells : DataFrame
        ``cells.csv``.
    """
    # probes are no runs
    trained = cells[~cells["variant"].astype(object).fillna("").str.startswith("epoch")]
    sentences = []
    for role, rows in trained.groupby("role", sort=False):
        seeds, epochs = (span_words(rows[c]) for c in ("seeds", "epochs"))
        words = f"{ROLE_NAMES[str(role)]}: {len(rows)} cells, {seeds} seeds each, {epochs} epochs"
        sentences.append(f"{words} ({scope_words(rows)})")
    return "; ".join(sentences)


def show_table_1(table: pd.DataFrame, cells: pd.DataFrame) -> Html:
    """Return ``table_1.csv``, a table a network, with what its runs are.

    Parameters
    ----------
    table : DataFrame
    cells : DataFrame
        ``cells.csv``.
    """
    if table.empty:
        return _absent("Table 1")
    parts = []
    for network, rows in table.groupby("network", sort=False):
        own = cells[(cells["role"] == "main") & (cells["network"] == network)]
        parts.append(_table_1_of(str(network), rows, scope_words(own)))
    return Html("".join(parts))


def show_levels(summary: pd.DataFrame, roles: Sequence[str]) -> Html:
    """Return losses and accuracies of ``summary.csv``, a row a run of some roles."""
    return _wide(summary, roles, LEVELS, f"Losses and accuracies: {_MEAN}")


def show_course(summary: pd.DataFrame, roles: Sequence[str]) -> Html:
    """Return what ``summary.csv`` says of the course of the curves, a row a run of some roles."""
    return _wide(summary, roles, COURSE, f"The course of the curves: {_MEAN}")


def show_moves(summary: pd.DataFrame, roles: Sequence[str]) -> Html:
    """Return what ``summary.csv`` says of moves, a row a run that tests them."""
    tested = summary.loc[
        (summary["measure"] == "improving_share") & (summary["n"] > 0), ["role", "network", "run"]
    ]
    chosen = summary.merge(tested, on=["role", "network", "run"])
    return _wide(chosen, roles, MOVES, f"The moves: {_MEAN}")


def show_methods(methods: pd.DataFrame, roles: Sequence[str]) -> Html:
    """Return SGD-SA against Scheduled-SGD, of ``methods.csv``, of some roles."""
    caption = "SGD-SA against Scheduled-SGD, seed by seed"
    headings = {"mean": "SGD-SA", "other_mean": "Scheduled-SGD"}
    chosen = methods[methods["role"].isin(list(roles))].drop(columns="run")
    return _compared(chosen, caption, headings)


def show_controls(controls: pd.DataFrame, roles: Sequence[str]) -> Html:
    """Return what ``controls.csv`` has of some roles: runs that the paper lacks."""
    caption = "Controls against SGD-SA, seed by seed"
    headings = {"mean": "control", "other_mean": "SGD-SA"}
    return _compared(controls[controls["role"].isin(list(roles))], caption, headings)


def show_variants(variants: pd.DataFrame) -> Html:
    """Return ``variants.csv``: what the other readings change."""
    caption = "Other readings against the main one, and float32 against bfloat16, seed by seed"
    return _compared(variants, caption, {"mean": "this reading", "other_mean": "main reading"})


def show_equal_passes(table: pd.DataFrame) -> Html:
    """Return ``equal_passes.csv``."""
    caption = "SGD-SA after a share of its epochs against Scheduled-SGD after all of its own"
    headings = {
        "budget": "SGD-SA after",
        "mean": "SGD-SA",
        "other_mean": "Scheduled-SGD",
    }
    return _compared(table, caption, headings)


def show_spreads(table: pd.DataFrame) -> Html:
    """Return ``spreads.csv``, a row a run and source, a column a measure."""
    if table.empty:
        return _absent("The spread of seeds")
    rows = []
    keys = ["role", "network", "run", "source"]
    for values, part in table.groupby(keys, sort=False):
        found = part.set_index("measure")
        row = dict(zip(keys, values, strict=True)) | {"n": int(found["n"].max())}
        row["source"] = _SOURCES[str(row["source"])]
        for measure in spreads.MEASURES:
            ends = found.reindex([measure])[["sd", "low", "high"]].iloc[0].tolist()
            row[measure] = with_ends(_decimals(measure), *ends)
        rows.append(row)
    caption = "Standard deviation over seeds, by what varies between them [95 percent interval]"
    headings = {"role": "runs", "n": "seeds", "source": "what varies"}
    headings |= {m: f"SD of {MEASURE_NAMES[m]}" for m in spreads.MEASURES}
    return frame_table(pd.DataFrame(rows, dtype=object), caption, headings, _NAMES)


def show_selection(table: pd.DataFrame) -> Html:
    """Return ``selection.csv``: the best seed, by how it is chosen."""
    if table.empty:
        return _absent("The best seed")
    caption = "Test accuracy and loss of the best seed, by what chooses it"
    headings = {
        "role": "runs",
        "network": "network",
        "run": "method",
        "chosen_by": "seed and epoch chosen by",
        "n": "seeds",
        "seed": "chosen seed",
        "test_accuracy": "test accuracy (percent)",
        "test_loss": "test loss",
    }
    formats = {
        "test_accuracy": lambda value: decimal_text(value, _ACCURACY),
        "test_loss": lambda value: decimal_text(value, _LOSS),
        "seed": lambda value: None if pd.isna(value) else int(value),
    }
    return frame_table(table[list(headings)], caption, headings, _NAMES | formats)


def show_equal_training(table: pd.DataFrame) -> Html:
    """Return ``equal_training.csv``: gaps where SGD trains as well as SSA ends."""
    if table.empty:
        return _absent("SSA and SGD at equal training accuracy")
    caption = (
        "Training minus test accuracy (points) of SSA at its end, and of SGD where it first trains "
        "as well (between two epochs it is interpolated); a dash where it never does"
    )
    headings = {
        "train_accuracy": "training accuracy of SSA (percent)",
        "ssa_gap": "gap of SSA",
        "sgd_epoch": "epoch of SGD",
        "sgd_train_accuracy": "training accuracy of SGD (percent)",
        "sgd_gap": "gap of SGD",
    }
    formats: dict[str, Any] = {m: lambda value: decimal_text(value, _ACCURACY) for m in headings}
    formats["sgd_epoch"] = lambda value: decimal_text(value, 1)
    return frame_table(table, caption, headings, formats)


def show_directions(table: pd.DataFrame) -> Html:
    """Return ``directions.csv``: the share of steps that lower the loss, a row a rate."""
    if table.empty:
        return _absent("Steps down the gradient and random ones")
    wide = table.pivot(index="rate", columns=["epoch", "direction"], values="lowers").sort_index()
    wide.columns = pd.Index([f"{direction}, epoch {epoch}" for epoch, direction in wide.columns])
    formats = {name: lambda value: decimal_text(value, 0) for name in wide}
    caption = "Steps that do not raise the loss of their minibatch (percent), by learning rate"
    return frame_table(wide.reset_index(), caption, {}, formats)


def show_errors(errors: list[Mapping[str, Any]]) -> Html:
    """Return where the paper's own text and table do not agree."""
    columns = ["where", "check", "arithmetic", "finding"]
    return frame_table(pd.DataFrame(errors, columns=columns), "Where text and table do not agree")


def _table_1_of(network: str, rows: pd.DataFrame, scope: str) -> Html:
    losses = [name for name in (*OURS, *PRINTED) if "loss" in name]
    accuracies = [name for name in (*OURS, *PRINTED) if "accuracy" in name]
    columns = ["method", "seed", *losses, *accuracies[:-1], "best_epoch", accuracies[-1]]
    headings = {
        "seed": "seed",
        "last_loss": "loss, last epoch",
        "best_loss": "loss, least",
        "loss_at_best": "loss at the best accuracy",
        "printed_loss": "loss, printed × 500",
        "last_accuracy": "accuracy, last epoch (percent)",
        "best_accuracy": "accuracy, best (percent)",
        "best_epoch": "epoch of the best accuracy",
        "printed_accuracy": "accuracy, printed (percent)",
    }
    formats: dict[str, Any] = {m: lambda value: decimal_text(value, _LOSS) for m in losses}
    formats |= {m: lambda value: decimal_text(value, _ACCURACY) for m in accuracies}
    formats["best_epoch"] = lambda value: decimal_text(value, 0)
    words = {BEST: "best of the seeds", MEAN: "mean", SPREAD: "SD"}
    formats["seed"] = lambda value: words.get(str(value), str(value))
    caption = f"Table 1, {NETWORK_NAMES[network]} (ours: {scope}): test loss and accuracy by seed"
    return frame_table(rows[columns], caption, headings, _NAMES | formats)


def _compared(table: pd.DataFrame, what: str, headings: Mapping[str, str]) -> Html:
    if table.empty:
        return _absent(what)
    changes = [
        ratio_with_ends(_RATIO, *ends) if unit == RATIO else with_ends(_POINTS, *ends)
        for *ends, unit in table[["difference", "low", "high", "unit"]].itertuples(
            index=False, name=None
        )
    ]
    # a column of texts would forget that they are HTML
    shown = table.assign(change=pd.Series(changes, index=table.index, dtype=object))
    decimals = [_decimals(measure) for measure in table["measure"]]
    for column in ("mean", "other_mean"):
        words = [decimal_text(v, d) for v, d in zip(table[column], decimals, strict=True)]
        shown[column] = pd.Series(words, index=table.index, dtype=object)
    keys = {"role": "runs", "network": "network", "run": "run", "budget": "budget"}
    columns = {key: words for key, words in keys.items() if key in table}
    columns |= {"measure": "of", "mean": "", "other_mean": "", "change": "ratio, or points"}
    columns |= {"n": "seeds", "higher": "seeds in which it is higher", **headings}
    caption = (
        f"{what} (losses: the ratio, whose mean is geometric; accuracies: the difference in "
        f"points): {_MEAN}"
    )
    return frame_table(shown[list(columns)], caption, columns, _NAMES)


def _wide(
    summary: pd.DataFrame, roles: Sequence[str], measures: Sequence[str], caption: str
) -> Html:
    chosen = summary[summary["role"].isin(list(roles))]
    if chosen.empty:
        return _absent(caption)
    keys = ("role", "network", "run", "epochs", "images")
    headings = {"role": "runs", "images": "training images"}
    return wide_table(chosen, measures, caption, keys, headings, _NAMES)


def _decimals(measure: str) -> int:
    """Return the decimals of a measure in tables that hold several of them in a column."""
    if "epochs" in measure:
        return 1
    return _LOSS if "loss" in measure else _ACCURACY


def _absent(what: str) -> Html:
    """Return one line in place of a table of runs that are not there."""
    return Html(f"<p>{escape(what.split(':')[0])}: not part of this run.</p>")
