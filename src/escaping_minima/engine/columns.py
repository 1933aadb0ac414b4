"""One method for lanes that differ in any settings that are numbers, so that they run as one.

Every number is a column (rows, 1), also where one lane runs alone: what a row's numbers are does
not depend on who runs beside it. Words, choices and tuples are the same for all lanes; so is a
number that a method names in ``APART``, since its step needs it as one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from escaping_minima.engine.scheduled import with_tensor

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.methods.protocol import Method, Noise, Objective, State

#: Numbers that methods written before there were columns need as one, by the file of the method:
#: AdaGrad hands them to a fused step.
_APART = {"adagrad": ("learning_rate", "epsilon")}
#: The setting by which methods multiply the scalar of their state of the name below, at the end of
#: each step: it is done here, for each row by its own.
COOLING = "cooling"
COOLED = "cooled"


def columns_of(method: Any) -> dict[str, float]:
    """Return the settings of a method that may differ from row to row, by name."""
    apart = _apart_by_name(type(method))
    settings = {f.name: getattr(method, f.name) for f in dataclasses.fields(method)}
    return {n: float(v) for n, v in settings.items() if _is_number(v) and n not in apart}


def apart_of(method: Any) -> tuple[Any, ...]:
    """Return what methods that run as one have in common: class, and settings that are no column.

    Parameters
    ----------
    method : Method

    Returns
    -------
    tuple
        It can be hashed.
    """
    columns = columns_of(method)
    names = [f.name for f in dataclasses.fields(method) if f.name not in columns]
    return (type(method), *((name, getattr(method, name)) for name in names))


class Joined:
    """Does to the rows of each lane what the lane's own method does.

    Parameters
    ----------
    methods : sequence of Method
        One for each lane, of one `apart_of`.
    replicates : int
        Rows of one lane.
    device : torch.device

    Raises
    ------
    ValueError
        If they differ in more than columns.
    """

    def __init__(self, methods: Sequence[Method], replicates: int, device: torch.device) -> None:
        first = methods[0]
        if any(apart_of(method) != apart_of(first) for method in methods):
            raise ValueError(f"methods side by side differ in more than numbers: {methods}")
        self._methods = methods
        self._replicates = replicates
        self._device = device
        self._columns = {name: self._column(name) for name in columns_of(first)}
        self._cooling: Tensor | None = None
        self._method: Any = first
        for name, column in self._columns.items():
            self._method = with_tensor(self._method, name, column)

    def _column(self, name: str) -> Tensor:
        values = [columns_of(method)[name] for method in self._methods]
        column = torch.tensor(values, dtype=torch.float64, device=self._device)
        return column.repeat_interleave(self._replicates).unsqueeze(1)

    def start(self, w: Tensor) -> State:
        """Let each method allocate the state of its own rows, and lay them under one another."""
        each = [
            method.start(_rows(w, lane * self._replicates, self._replicates))
            for lane, method in enumerate(self._methods)
        ]
        state = {name: _laid_together([one[name] for one in each], w) for name in each[0]}
        if COOLING in self._columns and state.get(COOLED, w).dim() == 0:
            self._cooling = self._columns[COOLING]
            self._method = with_tensor(self._method, COOLING, torch.ones(()))
            state[COOLED] = state[COOLED].expand(len(w), 1).clone()
        return state

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step of every lane, in place."""
        with self._names_columns():
            self._method.step(w, state, objective, noise)
        if self._cooling is not None:
            state[COOLED].mul_(self._cooling)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Settle what is pending in every lane."""
        with self._names_columns():
            self._method.finish(w, state, objective)

    @contextmanager
    def _names_columns(self) -> Iterator[None]:
        """Say what the settings are where a method does not know how to use them."""
        try:
            yield
        except (TypeError, RuntimeError, ValueError) as error:
            error.add_note(
                f"{type(self._methods[0]).__name__} runs with columns (rows, 1) as its settings "
                f"{', '.join(self._columns)}; one that must be a number is named in APART"
            )
            raise


def groups(methods: Mapping[Any, Method]) -> list[list[Any]]:
    """Return which of some methods can run as one, in the order of the first of each group.

    Parameters
    ----------
    methods : Mapping
        By any key.

    Returns
    -------
    list of list
        The keys.
    """
    found: dict[tuple[Any, ...], list[Any]] = {}
    for key, method in methods.items():
        found.setdefault(apart_of(method), []).append(key)
    return list(found.values())


def _apart_by_name(method: type) -> tuple[str, ...]:
    earlier = _APART.get(method.__module__.rpartition(".")[2], ())
    return (*getattr(method, "APART", ()), *earlier)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rows(w: Tensor, first: int, count: int) -> Tensor:
    """Return some rows laid out in memory as all are."""
    rows = w[first : first + count]
    return rows.clone() if w.is_contiguous() else rows.T.contiguous().T


def _laid_together(parts: Sequence[Tensor], w: Tensor) -> Tensor:
    first = parts[0]
    if first.dim() == 0:
        if any(not torch.equal(part, first) for part in parts):
            raise ValueError("methods side by side begin with different scalars in their state")
        return first.clone()
    if first.shape[1] == 1 or w.is_contiguous():
        return torch.cat(list(parts))
    return torch.cat([part.T for part in parts], dim=1).T
