"""From what blocks give to the collected tables of a study, and to larger published ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd

from escaping_minima.collect.block_rows import BLOCKS, LAYOUT, block_row, more_rows
from escaping_minima.collect.cell_columns import is_stale, with_more_blocks
from escaping_minima.collect.constants import keep_rounded
from escaping_minima.collect.layouts import Layout, Piece
from escaping_minima.collect.parts import Parts
from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.results.blocks import Block
from escaping_minima.results.tables import as_written

CELLS = "cells.csv"

_Taken: TypeAlias = "list[tuple[Offered, Mapping[str, pd.DataFrame]]]"


@dataclass(frozen=True)
class Offered:
    """A block that is there.

    Attributes
    ----------
    planned : PlannedBlocks
        Its cell, with what the study calls it.
    index : int
    manifest : Mapping
    parts : Mapping of DataFrame
        What the study's ``of_block`` takes from it.
    """

    planned: PlannedBlocks
    index: int
    manifest: Mapping[str, Any]
    parts: Parts


@dataclass(frozen=True)
class CollectedTables:
    """How the tables of a study are made: each study's module ``collect`` has one.

    Attributes
    ----------
    of_block : callable
        Takes from one block what the tables need, by names of its own; kept beside the block.
    pieces : callable
        Gives what one block adds to each table, by file name; quick, since it is not kept.
    cell_row : callable
        Gives the row of ``cells.csv`` of some blocks of a cell, from their manifests.
    layouts : Mapping of str to Layout
        How each table, but ``cells.csv`` and ``blocks.parquet``, holds its pieces.
    constants : callable
        Gives the tables that rest on no block.
    again : callable, optional
        Takes from published tables, without any block, those of them that it can as they would be
        collected now. Raises `UserError` where a block would be needed.
    count : str
        The column of ``cells.csv`` that counts replicates.
    each : int
        Replicates of a block.
    place : tuple of str
        The columns of ``cells.csv`` that two cells cannot have in common.
    counts : tuple of str
        Further columns of ``cells.csv`` that grow with the blocks: whole numbers.
    """

    of_block: Callable[[Block], Parts]
    pieces: Callable[[Offered], Mapping[str, pd.DataFrame]]
    cell_row: Callable[[PlannedBlocks, Sequence[Mapping[str, Any]]], dict[str, Any]]
    layouts: Mapping[str, Layout]
    count: str
    each: int
    place: tuple[str, ...]
    constants: Callable[[], Mapping[str, pd.DataFrame]] = dict
    again: Callable[[Mapping[str, pd.DataFrame]], Mapping[str, pd.DataFrame]] | None = None
    counts: tuple[str, ...] = ()

    def merge(self, offered: Iterable[Offered]) -> dict[str, pd.DataFrame]:
        """Return the collected tables of some blocks, by file name."""
        cells = _by_cell(offered)
        taken = self._taken(cells)
        tables = {n: layout.join(_of(n, taken)) for n, layout in self.layouts.items()}
        return {
            CELLS: pd.DataFrame([self._row(blocks) for blocks in cells]),
            BLOCKS: pd.DataFrame(_records(cells, {})),
            **{name: table for name, table in tables.items() if table is not None},
            **self.constants(),
        }

    def held(self, published: Mapping[str, pd.DataFrame]) -> dict[str, int]:
        """Return how many blocks of each cell published tables have: always the first ones."""
        if not published:
            return {}
        cells = published[CELLS]
        counts = (int(n) // self.each for n in cells[self.count])
        return dict(zip(cells["cell"], counts, strict=True))

    def planned_alone(
        self, published: Mapping[str, pd.DataFrame], planned: Iterable[PlannedBlocks]
    ) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
        """Split published tables by whether a plan has a cell, under the names it bears there.

        Parameters
        ----------
        published : Mapping of DataFrame
            As for `extend`.
        planned : iterable of PlannedBlocks
            All that the plan has of the study.

        Returns
        -------
        kept : dict of DataFrame
            The tables of those that it has; empty if it has none.
        gone : list of dict
            The rows of ``cells.csv`` of the others.
        """
        labels: dict[str, list[Mapping[str, Any]]] = {}
        for cells in planned:
            labels.setdefault(cells.cell.id, []).append(cells.labels)
        rows = published[CELLS]
        chosen = [
            any(_is_named(row, names) for names in labels.get(row["cell"], []))
            for row in rows.to_dict("records")
        ]
        cells, gone = rows[chosen].reset_index(drop=True), rows[[not c for c in chosen]]
        layouts = {**self.layouts, BLOCKS: LAYOUT}
        kept = {
            name: layouts[name].of_cells(table, cells) if name in layouts else table
            for name, table in published.items()
        }
        return (kept | {CELLS: cells} if len(cells) else {}), gone.to_dict("records")

    def extend(
        self, published: Mapping[str, pd.DataFrame], offered: Iterable[Offered]
    ) -> dict[str, pd.DataFrame]:
        """Return published tables with the blocks that they lack.

        Parameters
        ----------
        published : Mapping of DataFrame
            As `escaping_minima.collect.collected.read_published` gives them.
        offered : iterable of Offered
            Together with the published ones without a gap.

        Raises
        ------
        UserError
            If a published block would change, or cannot stand beside one that is offered.
        """
        cells, held = _by_cell(offered), self.held(published)
        taken = self._taken(cells)
        found = {
            CELLS: self._more_cells(published[CELLS], cells, held),
            BLOCKS: more_rows(published.get(BLOCKS), _records(cells, held)),
        }
        for name, layout in self.layouts.items():
            pieces = _of(name, taken)
            if name in published:
                found[name] = layout.extend(name, published[name], pieces, held)
            elif (table := layout.join(pieces)) is not None:
                found[name] = table
        return found | keep_rounded(published, self.constants())

    def _taken(self, cells: Sequence[Sequence[Offered]]) -> _Taken:
        return [(block, self.pieces(block)) for blocks in cells for block in blocks]

    def _row(self, blocks: Sequence[Offered]) -> dict[str, Any]:
        return self.cell_row(blocks[0].planned, [b.manifest for b in blocks])

    def _more_cells(
        self, old: pd.DataFrame, cells: Sequence[Sequence[Offered]], held: Mapping[str, int]
    ) -> pd.DataFrame:
        rows = {row["cell"]: row for row in old.to_dict("records")}
        if len(rows) < len(old):
            raise UserError(
                f"publish: the published {CELLS} has a cell twice; remove the study's published "
                "tables to publish it anew",
                exit_code=1,
            )
        places = {tuple(row[c] for c in self.place): cell for cell, row in rows.items()}
        for blocks in cells:
            cell, count = blocks[0].planned.cell_id, held.get(blocks[0].planned.cell_id, 0)
            again = [b for b in blocks if b.index < count]
            added = [b for b in blocks if b.index >= count]
            if cell not in rows:
                rows[cell] = self._text(added)
                place = tuple(rows[cell][c] for c in self.place)
                if places.setdefault(place, cell) != cell:
                    raise _place_taken(cell, places[place], place)
                continue
            if len(again) == count:
                self._require_equal(rows[cell], self._text(again))
            if added:
                _require_together(rows[cell], added)
                more = self._row(added)
                rows[cell] = with_more_blocks(rows[cell], more, self.count, self.counts)
        return pd.DataFrame(list(rows.values()), columns=old.columns)

    def _text(self, blocks: Sequence[Offered]) -> dict[str, str]:
        """Return the row of some blocks as it is published."""
        table = as_written(CELLS, pd.DataFrame([self._row(blocks)]))
        return {str(k): v for k, v in table.iloc[0].items()}

    def _require_equal(self, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        evaluations = ("mean_gradient_evaluations", "mean_loss_evaluations")
        for name in (self.count, *evaluations, "diverged"):
            if old[name] != new[name]:
                raise UserError(
                    f"publish: cell {old['cell']}, all published blocks: {CELLS} would have "
                    f"{name} {new[name]}, published is {old[name]}; nothing was written; delete "
                    "the run's own blocks to keep the published ones, or the study's published "
                    "tables to publish it anew",
                    exit_code=1,
                )


def _by_cell(offered: Iterable[Offered]) -> list[list[Offered]]:
    """Sort blocks by cell, in the order of the plan; a cell under two names is there twice."""
    cells: dict[tuple[str, str], dict[int, Offered]] = {}
    for block in offered:
        key = block.planned.cell_id, canonical_json(dict(block.planned.labels))
        cells.setdefault(key, {}).setdefault(block.index, block)
    return [[blocks[index] for index in sorted(blocks)] for blocks in cells.values()]


def _is_named(row: Mapping[str, str], labels: Mapping[str, Any]) -> bool:
    """Return whether a published row of ``cells.csv`` has the names of a planned cell."""
    return all(row[name] == str(value) for name, value in labels.items() if name in row)


def _of(name: str, taken: _Taken) -> list[Piece]:
    """Return what the blocks give to one table."""
    return [
        Piece(block.planned.cell_id, block.index, pieces[name])
        for block, pieces in taken
        if name in pieces
    ]


def _records(cells: Sequence[Sequence[Offered]], held: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the rows of BLOCKS of those blocks that are new."""
    every = [block for blocks in cells for block in blocks]
    return [
        block_row(block.planned.cell_id, block.index, block.manifest)
        for block in every
        if block.index >= held.get(block.planned.cell_id, 0)
    ]


def _require_together(old: Mapping[str, str], added: Sequence[Offered]) -> None:
    """Refuse to put blocks beside published ones of the same cell that rest on something else."""
    planned = added[0].planned
    if is_stale(old["source_hash"], planned.source_hash, old["device"]):
        raise UserError(
            f"publish: cell {planned.cell_id}: its published blocks were run by other sources "
            f"({old['source_hash']}) than block {added[0].index}; remove the study's published "
            "tables to publish it anew",
            exit_code=1,
        )
    if "data" not in old:
        return
    for block in added:
        if not _has_same_data(planned.cell, old["data"], block.manifest["data"]):
            raise UserError(
                f"publish: cell {planned.cell_id}, block {block.index} was trained on other data "
                "files than its published blocks; train it on the same",
                exit_code=1,
            )


def _has_same_data(cell: Cell, published: str, data: Mapping[str, str]) -> bool:
    if not cell.rests_on:
        return canonical_json(data) == published
    # a tuned cell reads the same trials for each block; what a probe reads is another file for
    # each, vouched for by the run that kept it
    known: dict[str, str] = json.loads(published)
    return all(known[name] == data[name] for name in known.keys() & data.keys())


def _place_taken(cell: str, other: str, place: Sequence[str]) -> UserError:
    words = ", ".join(filter(None, place))
    return UserError(
        f"publish: cell {cell} ({words}) would stand beside the published cell {other}, which has "
        "the same names and other settings; remove the study's published tables to publish it anew",
        exit_code=1,
    )
