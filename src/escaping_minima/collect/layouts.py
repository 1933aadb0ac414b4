"""How collected tables are made of what each block gives, and how published ones take in more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from escaping_minima.errors import UserError
from escaping_minima.results.tables import as_written


@dataclass(frozen=True)
class Piece:
    """What one block gives to one table.

    Attributes
    ----------
    cell : str
        Id.
    block : int
        Index.
    rows : DataFrame
    """

    cell: str
    block: int
    rows: pd.DataFrame


class Layout(Protocol):
    """How a table holds the pieces of blocks."""

    def join(self, pieces: Sequence[Piece]) -> pd.DataFrame | None:
        """Return the table of some pieces, None where there is nothing to hold.

        Parameters
        ----------
        pieces : sequence of Piece
            Cell by cell, the blocks of each in order.
        """

    def extend(
        self, name: str, old: pd.DataFrame, pieces: Sequence[Piece], held: Mapping[str, int]
    ) -> pd.DataFrame:
        """Return a published table with the blocks that it lacks; what it has stays as it is.

        Parameters
        ----------
        name : str
            The table's file.
        old : DataFrame
            As `escaping_minima.collect.collected.read_published` gives it.
        pieces : sequence of Piece
            As for `join`; blocks may be missing that the table has.
        held : Mapping of str to int
            How many blocks of each cell it has: the first ones.

        Raises
        ------
        UserError
            If a block that it has gives other rows now, naming cell, block and table.
        """

    def of_cells(self, old: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
        """Return what a published table holds of some cells.

        Parameters
        ----------
        old : DataFrame
            As for `extend`.
        cells : DataFrame
            Their rows of ``cells.csv``.
        """


@dataclass(frozen=True)
class ByRow:
    """Rows of its own for each block.

    Attributes
    ----------
    keys : tuple of str
        Rows that have these columns in common are of one block.
    block : str
        The column with the block's index, by which a cell's rows are sorted; empty if all are of
        one block.
    empty : tuple of str
        The columns where nothing gives rows; none means that there is no table then.
    """

    keys: tuple[str, ...]
    block: str = ""
    empty: tuple[str, ...] = ()

    def join(self, pieces: Sequence[Piece]) -> pd.DataFrame | None:
        """See `Layout.join`."""
        return _concatenated([p.rows for p in pieces], self.empty)

    def extend(
        self, name: str, old: pd.DataFrame, pieces: Sequence[Piece], held: Mapping[str, int]
    ) -> pd.DataFrame:
        """See `Layout.extend`."""
        if not pieces:
            return old
        return self.extend_rows(name, old, pd.concat([p.rows for p in pieces], ignore_index=True))

    def extend_rows(self, name: str, old: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
        """See `Layout.extend`; all pieces in one."""
        new = as_written(name, more)
        _require_columns(name, old, new)
        new = new[list(old.columns)].astype(old.dtypes.to_dict())
        there = dict(list(old.groupby(list(self.keys), sort=False)))
        groups = dict(list(new.groupby(list(self.keys), sort=False)))
        for key in groups:
            if key in there and not _equal(groups[key], there[key]):
                words = zip(self.keys, key, strict=True)
                raise _differs(name, ", ".join(f"{k} {v}" for k, v in words))
        added = [rows for key, rows in groups.items() if key not in there]
        return self._sorted(pd.concat([old, *added], ignore_index=True)) if added else old

    def of_cells(self, old: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
        """See `Layout.of_cells`; rows that do not name their cell are those of its names."""
        names = [key for key in self.keys if key in cells.columns]
        theirs = pd.MultiIndex.from_frame(cells[names])
        return old[pd.MultiIndex.from_frame(old[names]).isin(theirs)].reset_index(drop=True)

    def _sorted(self, table: pd.DataFrame) -> pd.DataFrame:
        if not self.block:
            return table
        cells = pd.factorize(table["cell"])[0]
        return table.iloc[np.lexsort((table[self.block], cells))].reset_index(drop=True)


@dataclass(frozen=True)
class ByReplicate:
    """One row a replicate and one column a cell.

    Attributes
    ----------
    index : str
        The column that numbers replicates.
    each : int
        Replicates of a block.
    """

    index: str
    each: int

    def join(self, pieces: Sequence[Piece]) -> pd.DataFrame | None:
        """See `Layout.join`; pieces have one column."""
        columns: dict[str, list[np.ndarray]] = {}
        for piece in pieces:
            columns.setdefault(piece.cell, []).append(_only_column(piece))
        whole = {cell: np.concatenate(parts) for cell, parts in columns.items()}
        return pd.DataFrame(whole).rename_axis(self.index).reset_index() if whole else None

    def extend(
        self, name: str, old: pd.DataFrame, pieces: Sequence[Piece], held: Mapping[str, int]
    ) -> pd.DataFrame:
        """See `Layout.extend`; all cells must then have the same blocks."""
        columns = {cell: [old[cell].to_numpy()] for cell in old.columns.drop(self.index)}
        for piece in pieces:
            values = _only_column(piece)
            if piece.block >= held.get(piece.cell, 0):
                columns.setdefault(piece.cell, []).append(values)
                continue
            first = piece.block * self.each
            if not np.array_equal(columns[piece.cell][0][first : first + self.each], values):
                raise _differs(name, f"cell {piece.cell}, block {piece.block}")
        whole = {cell: np.concatenate(parts) for cell, parts in columns.items()}
        self._require_equal_lengths(name, whole)
        return pd.DataFrame(whole).rename_axis(self.index).reset_index()

    def of_cells(self, old: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
        """See `Layout.of_cells`."""
        return old[[c for c in old.columns if c == self.index or c in set(cells["cell"])]]

    def _require_equal_lengths(self, name: str, columns: Mapping[str, np.ndarray]) -> None:
        blocks = {cell: len(column) // self.each for cell, column in columns.items()}
        most = max(blocks, key=lambda cell: blocks[cell])
        least = min(blocks, key=lambda cell: blocks[cell])
        if blocks[most] != blocks[least]:
            raise UserError(
                f"publish: {name} would hold {blocks[most]} blocks of cell {most} and "
                f"{blocks[least]} of cell {least}; allowed: as many of every cell; run those that "
                "are missing",
                exit_code=1,
            )


@dataclass(frozen=True)
class Summed:
    """Sums over the blocks of a cell.

    Attributes
    ----------
    by : tuple of str
        What is summed apart, the cell among it.
    sums : tuple of str
        What is summed: whole numbers.
    """

    by: tuple[str, ...]
    sums: tuple[str, ...]

    def join(self, pieces: Sequence[Piece]) -> pd.DataFrame | None:
        """See `Layout.join`."""
        rows = _concatenated([p.rows for p in pieces], (*self.by, *self.sums))
        return rows if rows is None else self._summed(rows)

    def extend(
        self, name: str, old: pd.DataFrame, pieces: Sequence[Piece], held: Mapping[str, int]
    ) -> pd.DataFrame:
        """See `Layout.extend`.

        Which blocks a sum is of it does not say: it is compared where all of them are there.
        """
        if not pieces:
            return old
        # what else blocks say of their rows, such as which block it is, no sum has
        own = [*self.by, *self.sums]
        missing = [c for c in own if c not in pieces[0].rows]
        _require_columns(name, old, pieces[0].rows if missing else pieces[0].rows[own])
        rows = old.astype(dict.fromkeys(self.sums, np.int64))
        for cell, count in held.items():
            again = [p.rows for p in pieces if p.cell == cell and p.block < count]
            if again and len(again) == count:
                now = self._summed(pd.concat(again, ignore_index=True))
                if not _equal(now, rows[rows["cell"] == cell]):
                    raise _differs(name, f"cell {cell}, blocks 0 to {count - 1}")
        added = [p.rows[own] for p in pieces if p.block >= held.get(p.cell, 0)]
        return self._summed(pd.concat([rows, *added], ignore_index=True))

    def of_cells(self, old: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
        """See `Layout.of_cells`."""
        return old[old["cell"].isin(cells["cell"])].reset_index(drop=True)

    def _summed(self, rows: pd.DataFrame) -> pd.DataFrame:
        sums = rows.groupby(list(self.by), sort=False)[list(self.sums)].sum()
        return sums.reset_index()


def _concatenated(rows: Sequence[pd.DataFrame], empty: Sequence[str]) -> pd.DataFrame | None:
    if rows:
        return pd.concat(rows, ignore_index=True)
    return pd.DataFrame(columns=list(empty)) if empty else None


def _only_column(piece: Piece) -> np.ndarray:
    (column,) = piece.rows.columns
    values: np.ndarray = piece.rows[column].to_numpy()
    return values


def _equal(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return bool(one.reset_index(drop=True).equals(other.reset_index(drop=True)))


def _require_columns(name: str, old: pd.DataFrame, new: pd.DataFrame) -> None:
    if set(old.columns) != set(new.columns):
        changed = ", ".join(sorted(map(str, set(old.columns) ^ set(new.columns))))
        raise UserError(
            f"publish: {name} has other columns than the published one ({changed}); allowed: the "
            "same; remove the study's published tables to publish it anew",
            exit_code=1,
        )


def _differs(name: str, what: str) -> UserError:
    return UserError(
        f"publish: {what}: {name} would not hold the numbers that were published; nothing was "
        "written; delete the run's own block to keep the published one, or the study's published "
        "tables to publish it anew",
        exit_code=1,
    )
