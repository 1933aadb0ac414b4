"""The settings that a search tries: drawn by name, and put into a cell of training.

Part of what decides the numbers of trials and of tuned runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from escaping_minima.draws.streams import Streams

if TYPE_CHECKING:
    from escaping_minima.kinds.training.cell import TrainingCell

#: The name of the batch size from the first epoch to the last.
BATCH_SIZE = "batch_size"
#: Significant digits of what is drawn: machines whose powers differ in the last place run the same
#: trial, and a table can print it whole.
DIGITS = 6

#: A distribution's name, and its bounds or choices.
Distribution = Mapping[str, Sequence[Any]]


def draw_settings(
    problem: str, space: Mapping[str, Distribution], series: int, trial: int
) -> dict[str, Any]:
    """Return the settings of a trial.

    Every setting has a stream of its own, in which no method stands: where two methods search one
    setting in the same bounds, trial k of both tries the same value.

    Parameters
    ----------
    problem : str
        Its name.
    space : Mapping
        By name of the setting.
    series : int
        Another number gives other draws.
    trial : int

    Raises
    ------
    ValueError
        If there is no such distribution.
    """
    streams = Streams(problem, trial)
    return {
        name: _value_at(space[name], float(streams.generator(f"settings {name}", series).random()))
        for name in sorted(space)
    }


def with_settings(cell: TrainingCell, values: Mapping[str, Any]) -> TrainingCell:
    """Return a cell of training with other settings.

    Parameters
    ----------
    cell : TrainingCell
    values : Mapping
        By name: of a setting of the method; "momentum.share" for one of a modifier, after the
        modifier's name; or `BATCH_SIZE`.

    Raises
    ------
    ValueError
        If the cell has no such modifier.
    """
    method, sizes = dict(cell.method_settings), dict(cell.batch_size)
    modifiers = {m["name"]: dict(m["settings"]) for m in cell.modifiers}
    for name, value in values.items():
        part, _, setting = name.rpartition(".")
        if name == BATCH_SIZE:
            sizes |= {"first": value, "last": value}
        elif not part:
            method[name] = value
        elif part in modifiers:
            modifiers[part][setting] = value
        else:
            raise ValueError(f"there is no modifier {part!r}; there are {', '.join(modifiers)}")
    parts = tuple({"name": part, "settings": found} for part, found in modifiers.items())
    return replace(cell, method_settings=method, modifiers=parts, batch_size=sizes)


def _value_at(distribution: Distribution, share: float) -> Any:
    """Return the quantile of a share from [0, 1)."""
    ((name, values),) = distribution.items()
    if name == "choice":
        return values[int(share * len(values))]
    low, high = values
    if name == "log_uniform":
        return _rounded(low * (high / low) ** share)
    if name == "uniform":
        return _rounded(low + (high - low) * share)
    raise ValueError(f"there is no distribution {name!r}; there are log_uniform, uniform, choice")


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
