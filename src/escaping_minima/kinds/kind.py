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

from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.package import PACKAGE

if TYPE_CHECKING:
    import pandas as pd

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


class Kept(Protocol):
    """A further file of another cell's block."""

    @property
    def digest(self) -> str:
        """Its SHA-256."""

    def table(self) -> pd.DataFrame:
        """Read it as a table."""

    def state(self) -> Mapping[str, Any]:
        """Read it as tensors by name."""


class OpenSession(Protocol):
    """Makes the session of some pieces."""

    def __call__(
        self,
        pieces: Sequence[Piece],
        checksums: Mapping[str, str],
        device: str,
        together: bool,
        read: Mapping[str, Mapping[str, str]] = ...,
    ) -> Session:
        """Return it; a state of other data or of another device is not gone on from.

        ``together``: one state holds all pieces. ``read``: by key of a piece that runs alone, the
        checksums of what it has read of other cells.
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
    find_kept : callable
        (cell id, block, name) -> `Kept`, or None if it is not there.
    """

    device: str
    pack: int
    data_folder: Path | None
    accepted: tuple[str, ...]
    gpu_locks: Path
    open_session: OpenSession
    find_kept: Callable[[str, int, str], Kept | None]

    def read_kept(self, cell: str, block: int, name: str) -> Kept:
        """Return what another cell's block has kept.

        Raises
        ------
        UserError
            If it is not there (exit code 1).
        """
        kept = self.find_kept(cell, block, name)
        if kept is None:
            raise UserError(
                f"cell {cell}, block {block}: {name} is missing; it is kept by the job that runs "
                "that cell; run it first",
                exit_code=1,
            )
        return kept


class Kind(Protocol):
    """The functions of a ``run.py``."""

    def company(self, cell: Cell) -> str:
        """Return what cells have in common that may be handed over together."""

    def present_data(self, piece: Piece, around: Surroundings) -> Mapping[str, str] | None:
        """Return the checksums of what a block would rest on now; None if it is not there."""

    def run(self, pieces: Sequence[Piece], around: Surroundings) -> Iterator[list[FinishedBlock]]:
        """Run blocks of one company; yield those that ended together.

        Raises
        ------
        Stopped
            If the session said so; all states are saved.
        """

    def calibrate(self, pieces: Sequence[Piece], device: str, pack: int) -> Mapping[str, float]:
        """Return the seconds that a block of each cell takes, by id, from a short run here.

        ``pack`` is as in `Surroundings`.
        """


def kind_of(cell: Cell) -> Kind:
    """Return how blocks of a cell are run."""
    return cast(Kind, importlib.import_module(f"{PACKAGE}.kinds.{cell.KIND}.run"))
