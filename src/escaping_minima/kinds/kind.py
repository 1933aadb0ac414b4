"""What a kind of cell offers besides its record: how its blocks are run.

Each kind is a folder: ``cell.py`` has the record, and needs no torch; ``run.py`` has `Kind`'s
functions, found by the cell's ``KIND``. What runs is grouped by the caller: cells with the same
``company`` are handed over together.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from escaping_minima.kinds.cell import Cell
from escaping_minima.package import PACKAGE

if TYPE_CHECKING:
    from escaping_minima.engine.session import Session


@dataclass(frozen=True)
class Piece:
    """A block to run.

    Attributes
    ----------
    cell : Cell
    block : int
        Its index.
    """

    cell: Cell
    block: int

    @property
    def key(self) -> str:
        """What sessions call it."""
        return f"{self.cell.id}/{self.block}"


@dataclass(frozen=True)
class FinishedBlock:
    """A block as it is written.

    Attributes
    ----------
    piece : Piece
    table : Mapping of str to sequence
        The columns of its table.
    manifest : dict
        What the kind knows of how it was made.
    tables : Mapping
        Further tables, by name; those that were kept in pieces are not among them.
    """

    piece: Piece
    table: Mapping[str, Any]
    manifest: dict[str, Any]
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


#: Reads the tensors that another cell's block has kept: (cell id, block, name).
ReadState = Callable[[str, int, str], Mapping[str, Any]]


class OpenSession(Protocol):
    """Makes the session of some pieces."""

    def __call__(
        self, pieces: Sequence[Piece], checksums: Mapping[str, str], device: str, together: bool
    ) -> Session:
        """Return it; a state of other data or of another device is not gone on from.

        ``together``: one state holds all pieces.
        """


@dataclass(frozen=True)
class Surroundings:
    """What the outside gives a kind, none of which touches a number.

    Attributes
    ----------
    device : str
        "auto", "cpu" or "cuda".
    pack : int
        Runs side by side on a GPU; 0 lets the kind choose.
    data_folder : Path or None
        Where full data sets lie.
    accepted : tuple of str
        SHA-256 of other versions of data files that the user accepts.
    gpu_locks : Path
        Where jobs of this machine that run at once say which GPU they hold.
    open_session : callable
        See `OpenSession`.
    read_state : callable
        See `ReadState`.
    """

    device: str
    pack: int
    data_folder: Path | None
    accepted: tuple[str, ...]
    gpu_locks: Path
    open_session: OpenSession
    read_state: ReadState


class Kind(Protocol):
    """The functions of a ``run.py``."""

    def company(self, cell: Cell) -> str:
        """Return what cells have in common that may be handed over together."""

    def present_data(self, cell: Cell, around: Surroundings) -> Mapping[str, str] | None:
        """Return the checksums of the data a cell would rest on now; None if they are not there."""

    def run(self, pieces: Sequence[Piece], around: Surroundings) -> Iterator[list[FinishedBlock]]:
        """Run blocks of one company; yield those that ended together.

        Raises
        ------
        Stopped
            If the session said so; all states are saved.
        """

    def calibrate(self, pieces: Sequence[Piece], device: str) -> Mapping[str, float]:
        """Return the seconds that a block of each cell takes, by id, from a short run here."""


def kind_of(cell: Cell) -> Kind:
    """Return how blocks of a cell are run."""
    return cast(Kind, importlib.import_module(f"{PACKAGE}.kinds.{cell.KIND}.run"))
