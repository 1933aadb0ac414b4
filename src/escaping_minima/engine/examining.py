"""Examine a small problem itself, from draws that are named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from escaping_minima.draws.streams import Streams
from escaping_minima.engine.numerics import settle
from escaping_minima.problems.sums import with_data


def examine_problem(
    name: str, problem: Any, data: Any, measure: Any, method: Any, block: int
) -> Mapping[str, Mapping[str, Any]]:
    """Return the tables of an examination by name, the first under ``""``.

    Parameters
    ----------
    name : str
        Of the problem; names the random streams.
    problem : object
        Any small problem.
    data : object
        Its whole data set, None where it has none.
    measure : object
        Of ``measures``, with ``examine``.
    method : Method or None
    block : int
        To which the draws belong.
    """
    settle()
    found = with_data(problem, data, torch.device("cpu"))
    streams = Streams(f"examine {name}", block)
    with torch.inference_mode():
        tables: Mapping[str, Mapping[str, Any]] = measure.examine(found, streams, method)
    return tables
