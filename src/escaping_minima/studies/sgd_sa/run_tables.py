"""The collected tables of the study, and which of their cells a side of a record is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family, Records
from escaping_minima.claims.sides import MissingRunsError
from escaping_minima.claims.words import Words
from escaping_minima.studies.sgd_sa.companions import COMPANIONS
from escaping_minima.studies.sgd_sa.names import NETWORK_NAMES, ROLE_NAMES, RUN_NAMES, VARIANT_NAMES

#: The role of probes, and the variant of the runs whose states they read.
DIRECTIONS, STATES = "directions", "states"

#: Role, network, run and variant.
Place = tuple[str, str, str, str]


@dataclass(frozen=True)
class Tables:
    """The collected tables of the study, with lookups by side.

    Attributes
    ----------
    cells : DataFrame
    measures : DataFrame
        By cell and seed.
    curves, directions : DataFrame
        By cell.
    words : Words
    sides : Mapping
        The sides that the main readings of a family's claims name, by family.
    """

    cells: pd.DataFrame
    measures: pd.DataFrame
    curves: pd.DataFrame
    directions: pd.DataFrame
    words: Words
    sides: Mapping[str, Sequence[Side]]

    @staticmethod
    def build(tables: Mapping[str, pd.DataFrame], records: Records) -> Tables:
        """Index collected tables."""
        cells = tables["cells.csv"]
        # the last row of a run has to be that of its last epoch
        curves = tables["curves.parquet"].sort_values(["cell", "seed", "epoch"])
        no_probe = pd.DataFrame({"cell": pd.Series(dtype=str)})
        probed = tables.get("directions.parquet", no_probe).sort_values("cell", kind="stable")
        return Tables(
            # an empty name comes back from a file as a missing one
            cells=cells.assign(variant=cells["variant"].astype(object).fillna("")),
            measures=tables["measures.parquet"].set_index(["cell", "seed"]).sort_index(),
            curves=curves.set_index("cell"),
            directions=probed.set_index("cell"),
            words=records.words,
            sides=main_sides(records),
        )

    def role(self, family: Family) -> str | None:
        """Return the first role of a family of which there are cells; None where there is none."""
        there = set(self.cells["role"])
        return next((role for role in family.jobs if role in there), None)

    def cell(self, side: Side, family: Family) -> str:
        """Return the cell of a side's runs.

        A side names its role, or is of the family's, or of the one that goes with it.

        Raises
        ------
        MissingRunsError
            If there is none.
        """
        for role in self._roles(side, family):
            place = (role, side["network"], side["run"], side.get("variant", ""))
            if place in self._places:
                return self._places[place]
        raise MissingRunsError(f"this run has no {say_whose(side)}")

    def probe(self, side: Side) -> str:
        """Return the cell that measured directions at a side's state.

        Raises
        ------
        MissingRunsError
            If there is none.
        """
        network = side["network"]
        whole = self._places.get((DIRECTIONS, network, "sgd_sa", STATES))
        if whole is not None:
            epochs = int(self.cells.loc[self.cells["cell"] == whole, "epochs"].iloc[0])
            kept = f"epoch{round(side['state'] / 100 * epochs)}"
            if (place := (DIRECTIONS, network, "sgd_sa", kept)) in self._places:
                return self._places[place]
        name = NETWORK_NAMES[network]
        raise MissingRunsError(f"this run has no directions at {side['state']} percent of {name}")

    def seeds(self, side: Side, family: Family) -> list[int]:
        """Return the seeds of a side's runs: of a companion, those that the family's role has."""
        cell = self.cell(side, family)
        seeds = set(self.measures.loc[cell].index)
        base = self.role(family)
        if "role" in side or base is None or base not in COMPANIONS:
            return sorted(seeds)
        own = self._of_role(base)
        if cell not in own:
            there = self.measures.index.get_level_values("cell").isin(own)
            seeds &= set(self.measures.index[there].get_level_values("seed"))
        return sorted(seeds)

    def values(self, cell: str, measure: str) -> pd.Series[float]:
        """Return a measure of a cell's runs, by seed."""
        return self.measures.loc[cell, measure].astype(float)

    def rows(self, family: Family) -> pd.DataFrame:
        """Return the rows of ``cells.csv`` that the main readings of a family's claims rest on."""
        found = {cell for side in self.sides[family.id] for cell in self._cells(side, family)}
        return self.cells[self.cells["cell"].isin(found)]

    def _cells(self, side: Side, family: Family) -> Iterator[str]:
        if "direction" in side:
            probes = (self.cells["role"] == DIRECTIONS) & (self.cells["variant"] != STATES)
            yield from self.cells.loc[probes, "cell"]
            return
        try:
            yield self.cell(side, family)
        except MissingRunsError:
            return

    def _roles(self, side: Side, family: Family) -> Iterator[str]:
        if "role" in side:
            yield side["role"]
        elif (base := self.role(family)) is not None:
            yield base
            if base in COMPANIONS:
                yield COMPANIONS[base]

    def _of_role(self, role: str) -> frozenset[str]:
        return frozenset(self.cells.loc[self.cells["role"] == role, "cell"])

    @cached_property
    def _places(self) -> Mapping[Place, str]:
        rows = self.cells[["role", "network", "run", "variant", "cell"]]
        return {
            (role, network, run, variant): cell
            for role, network, run, variant, cell in rows.itertuples(index=False, name=None)
        }


def main_sides(records: Records) -> dict[str, tuple[Side, ...]]:
    """Return the sides that the main readings of each family's claims name."""
    return {
        family.id: tuple(
            side for claim in records.members(family.id) for side in claim.readings[0].sides
        )
        for family in records.families
    }


def say_whose(side: Side) -> str:
    """Say whose runs a side is about."""
    words = [RUN_NAMES[side["run"]], NETWORK_NAMES[side["network"]]]
    words += [ROLE_NAMES[side["role"]]] if "role" in side else []
    return ", ".join([*words, *([VARIANT_NAMES[side["variant"]]] if "variant" in side else [])])
