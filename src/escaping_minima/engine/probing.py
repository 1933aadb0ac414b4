"""Measure at a state of a network, or at points of a small problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from escaping_minima.draws.streams import Streams
from escaping_minima.engine.flat_network import FlatNetwork
from escaping_minima.engine.numerics import settle

if TYPE_CHECKING:
    import pandas as pd


def probe_state(
    name: str,
    problem: Any,
    data: Any,
    block: int,
    tensors: Mapping[str, torch.Tensor],
    seeds: Mapping[str, int],
    measure: Any,
    device: torch.device,
) -> dict[str, Any]:
    """Measure a network at a state that a training run kept.

    Parameters
    ----------
    name : str
        Of the problem; names the random streams.
    problem : NetworkProblem
    data : object
        What the problem has placed on the device.
    block : int
        Index of the run.
    tensors : Mapping of str to Tensor
        Weights and running statistics by name.
    seeds : Mapping of str to int
        By purpose, the block whose draws the run took instead of its own.
    measure : object
        Of ``measures``, with ``at_state``; or with ``at_state_of``, if it draws numbers, which then
        belong to the block.
    device : torch.device

    Returns
    -------
    dict
        Columns of equal length.
    """
    settle()
    module = problem.network()
    module.load_state_dict(tensors)
    network = FlatNetwork(module, device)
    task = problem.task(data, Streams(name, block, tuple(sorted(seeds.items()))))
    network.module.eval()
    if hasattr(measure, "at_state_of"):
        return dict(measure.at_state_of(network, task, block))
    return dict(measure.at_state(network, task))


def probe_points(problem: Any, table: pd.DataFrame, measure: Any) -> dict[str, Any]:
    """Measure a small problem at points that were kept.

    Parameters
    ----------
    problem : PointsProblem or PlaneFunction
    table : DataFrame
        With coordinates ``w0``, ``w1``, ...; rows without them are left out.
    measure : object
        Of ``measures``, with ``at_points``.

    Returns
    -------
    dict
        The columns of the table that are no coordinates, and those of the measure.
    """
    settle()
    axes = [f"w{axis}" for axis in range(len(problem.lower))]
    known = table[table[axes].notna().all(axis=1)]
    w = torch.from_numpy(known[axes].to_numpy(dtype="float64").copy())
    others = {name: known[name].to_numpy() for name in known.columns if name not in axes}
    return others | dict(measure.at_points(problem, w))
