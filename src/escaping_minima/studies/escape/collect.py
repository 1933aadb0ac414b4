"""Collect the blocks of the study into compact tables; everything later reads these alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.collect.cell_columns import (
    circumstances,
    data_checksums,
    data_note,
    mean_evaluations,
)
from escaping_minima.collect.layouts import ByRow, Layout, Summed
from escaping_minima.collect.merging import CollectedTables, Offered
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.results.blocks import Block
from escaping_minima.studies.escape import skip_tables
from escaping_minima.studies.escape.block_tables import (
    ATTRACTORS,
    CRITICAL,
    DENSITY,
    EACH,
    ENDS,
    GRADIENTS,
    LEAVING,
    LOSSES,
    PATHS,
    REACHED,
    TRIALS,
    WAYS,
    arena_tables,
    examine_tables,
    search_tables,
)
from escaping_minima.studies.escape.layout import SAMPLER_COST
from escaping_minima.studies.escape.player_tables import GRIDS, player_grids
from escaping_minima.studies.escape.settings import Settings
from escaping_minima.studies.escape.skip_tables import is_skip
from escaping_minima.studies.escape.terrain import TERRAIN

#: Roles of which a table says something; others have each role that gives it.
SHOWN = {
    REACHED: ("arena",),
    PATHS: ("arena",),
    LOSSES: ("arena", "network", "cheap", "source"),
    EACH: ("network", "source"),
}
#: What of a start is kept where only its end counts.
_ONLY_BEST = {"restarts": ("start", "end", "escape", "found")}
_KINDS: Mapping[str, Callable[[Block], dict[str, pd.DataFrame]]] = {
    "arena": arena_tables,
    "arena_search": search_tables,
    "examine": examine_tables,
}


def of_block(block: Block) -> dict[str, pd.DataFrame]:
    """Return what the tables need of one block, by file name; whose it is, `pieces` adds."""
    if is_skip(block.cell):
        return skip_tables.of_block(block)
    return _KINDS[block.cell.KIND](block)


def pieces(block: Offered) -> dict[str, pd.DataFrame]:
    """Return what a block gives to each table; paths are of the first block."""
    role = block.planned.labels["role"]
    found = {
        name: _with(block, table)
        for name, table in block.parts.items()
        if len(table) and role in SHOWN.get(name, (role,))
    }
    if block.index > 0:
        found.pop(PATHS, None)
    if ENDS in found and role in _ONLY_BEST:
        found[ENDS] = found[ENDS].assign(**dict.fromkeys(_ONLY_BEST[role], b""))
    return found


def _with(block: Offered, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its cell and block; of random functions their number is the block."""
    labels = block.planned.labels
    of_functions = labels["role"] in ("critical", "leaving")
    number = labels["function"] if of_functions else block.index
    whose: dict[str, Any] = {"cell": block.planned.cell_id}
    if "block" not in table:
        whose["block"] = np.int32(number)
    names = pd.DataFrame(whose, index=table.index)
    return pd.concat([names, table.reset_index(drop=True)], axis=1)


def cell_row(planned: PlannedBlocks, manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a cell's row of ``cells.csv``, from the manifests of its blocks."""
    cell, labels, record = planned.cell, planned.labels, planned.cell.record()
    each = record.get("starts", 1)
    return {
        "cell": cell.id,
        **{name: labels[name] for name in ("role", "problem", "arm", "point")},
        "function": labels.get("function", 0),
        "method": cell.method,
        "budget": record.get("budget", np.nan),
        "percent_of_budget": _percent(labels, record),
        "gradient_cost": record.get("gradient_cost", np.nan),
        "batch": canonical_json(record.get("batch", {})),
        "block_starts": each,
        "starts": each * len(manifests),
        "blocks": len(manifests),
        "data": canonical_json({} if cell.rests_on else data_checksums(manifests)),
        "data_words": _words(cell.problem, cell.problem_settings),
        "data_note": data_note(manifests),
        **mean_evaluations(manifests, len(manifests)),
        **circumstances(planned, manifests),
    }


def _percent(labels: Mapping[str, Any], record: Mapping[str, Any]) -> float:
    """Return a run's budget in percent of that of the published runs of its kind.

    NaN of what has no budget, or the same at every scale.
    """
    role, problem = labels["role"], labels["problem"]
    if "budget" not in record or role == "restarts":
        return float("nan")
    evaluations = described_settings(Settings)["budget"].scales["gpu"]
    whole = TERRAIN[problem].budget(evaluations)
    if role == "posterior":
        items = record["batch"].get("first", TERRAIN[problem].items)
        whole = SAMPLER_COST * items * evaluations
    return 100.0 * float(record["budget"]) / whole


def _words(problem: str, settings: Mapping[str, Any]) -> str:
    if "train_images" not in settings:
        return ""
    data_set = "CIFAR-10" if problem == "skip_resnet" else "MNIST"
    said = {
        "generated": f"generated images, not {data_set}",
        "sample": f"{data_set}, its sample in the repository",
        "full": data_set,
    }
    return f"{said[settings['data']]}: {settings['train_images']:,} training images"


def _constants() -> dict[str, pd.DataFrame]:
    return {GRIDS: player_grids()}


#: What tells rows of a table apart from those of other blocks.
_RUN = ByRow(("cell", "block"), "block")
LAYOUTS: Mapping[str, Layout] = {
    **dict.fromkeys((ENDS, LOSSES, EACH, PATHS, DENSITY), _RUN),
    **dict.fromkeys((CRITICAL, LEAVING, ATTRACTORS, WAYS, GRADIENTS), _RUN),
    TRIALS: ByRow(("cell",)),
    skip_tables.SKIPS: ByRow(("cell", "block", "direction", "measure"), "block"),
    **dict.fromkeys((skip_tables.CURVES, skip_tables.PLANE_LOSSES), _RUN),
    REACHED: Summed(("cell", "bin"), ("count",)),
}
#: ``cells.csv`` has one row a cell. ``ends.parquet`` has one row a block of starts, a byte a start
#: (`codes`): regions of start and end, the cost of the first escape and of the first visit to a
#: global minimum; ``losses.parquet`` a row a group of starts; ``each.parquet`` the loss of each
#: start on images; ``reached.parquet`` counts pairs of a start and a target by the cost at which it
#: was reached; ``paths.parquet`` some paths of the first block; ``density.parquet`` where samplers
#: were; ``trials.parquet`` what searches drew. Of examinations are ``gradients.parquet``,
#: ``critical.parquet``, ``leaving.parquet``, ``attractors.parquet`` and ``ways.parquet``;
#: ``skips.parquet``, ``skip_curves.parquet`` and ``skip_planes.parquet`` are of networks with skip
#: connections and without.
TABLES = CollectedTables(
    of_block=of_block,
    pieces=pieces,
    cell_row=cell_row,
    layouts=LAYOUTS,
    count="blocks",
    each=1,
    place=("role", "problem", "arm", "point", "function"),
    counts=("starts",),
    constants=_constants,
)
