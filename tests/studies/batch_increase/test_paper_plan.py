"""The plan at the scale `paper`: it meets what claims need, in tables and jobs of a fair size."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from escaping_minima.claims.records import load_records
from escaping_minima.kinds.cell import Cell
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.results.tables import LARGEST, write_tables
from escaping_minima.studies.batch_increase.evidence import missing_needs
from escaping_minima.studies.batch_increase.mesh import SECTIONS, SWEEP, WINDOWS
from escaping_minima.studies.batch_increase.mesh_visits import compact
from escaping_minima.studies.batch_increase.plan import HOUR, LONG, plan_cells
from escaping_minima.studies.batch_increase.probed import PROBES
from escaping_minima.studies.batch_increase.run_tables import Tables
from escaping_minima.studies.batch_increase.settings import Settings

RECORDS = load_records("batch_increase")
#: What a probe of a role gives rows to.
OF_PROBES = {"spread": "spreads.parquet", "noise": "noise.parquet", "flatness": "flatness.parquet"}
OF_OBSERVERS = {
    "loss_deviation": ("deviations.parquet",),
    "coordinates": ("visits.parquet", "mesh.parquet"),
}
#: Jobs of a plan at most: Snakemake's time to build a DAG goes faster than their number.
MOST_JOBS = 500


def planned(scale):
    numbers = {name: one.scales[scale] for name, one in described_settings(Settings).items()}
    return plan_cells(Settings(**numbers))


@dataclass(frozen=True)
class Block:
    """A block of the plan, with the name of its cell, which takes long to make."""

    cell: Cell
    id: str
    labels: dict
    first: int
    job: str
    cost: float


@pytest.fixture(scope="module")
def paper():
    every = [one for one in planned("paper") if one.cell.KIND != "points"]
    cells = {id(one.cell): one.cell for one in every}
    known = {key: (cell.id, cell.cost) for key, cell in cells.items()}
    return [
        Block(one.cell, name, one.labels, one.first, one.job, cost)
        for one in every
        for name, cost in [known[id(one.cell)]]
    ]


def row_of(one):
    is_probe = one.labels["role"] in PROBES
    return {
        "cell": one.id,
        **{name: one.labels[name] for name in ("role", "variant", "strategy")},
        "epochs": one.labels["epochs"] if is_probe else one.cell.epochs,
        "images": one.cell.problem_settings["train_images"],
        "parameters": 1_111_946,
    }


def collected(cells):
    """Return the tables that a plan would give, with a row where there would be some of a block."""
    seeds = Counter(one.id for one in cells)
    rows = pd.DataFrame([row_of(one) for one in {one.id: one for one in cells}.values()])
    there = defaultdict(list)
    for one in cells:
        role = one.labels["role"]
        names = [OF_PROBES[role]] if role in OF_PROBES else []
        for observer in observers_of(one):
            names += OF_OBSERVERS.get(observer, ())
        for name in names:
            there[name].append({"cell": one.id, "seed": one.first, **one.labels})
    runs = rows.loc[~rows["role"].isin(PROBES), "cell"]
    batch = {"epoch": 1, "batch_size": 10, "full_loss": 0.0, "sigma": 0.0}
    batch |= {"training_deviation": 0.0, "inference_deviation": 0.0}
    curves = pd.DataFrame(columns=["cell", "seed", "train_loss_level", "epoch", "updates"])
    return {
        "cells.csv": rows.assign(seeds=rows["cell"].map(seeds)),
        "measures.parquet": pd.DataFrame({"cell": runs, "seed": 0, "diverged": 0.0}),
        "curves.parquet": curves,
        **{name: pd.DataFrame(found).assign(**batch) for name, found in there.items()},
    }


def observers_of(one):
    return [slot["name"] for slot in getattr(one.cell, "observers", ())]


def unmet(cells):
    """Return the claims whose needs a plan does not meet, with the reasons."""
    tables = Tables.build(collected(cells), RECORDS)
    found = {}
    for claim in RECORDS.claims:
        family = RECORDS.family(claim.family)
        needs = {**family.needs, **claim.needs}
        asked = family.id, *sorted(needs.items())
        if asked not in found:
            reason = missing_needs(replace(family, needs=needs), tables)
            lost = tables.compared[family.id] - set(tables.family_rows(family)["strategy"])
            found[asked] = reason or (f"no {', '.join(sorted(lost))}" if lost else "")
        found[claim.id] = found[asked]
    return {claim.id: found[claim.id] for claim in RECORDS.claims if found[claim.id]}


def test_every_claim_can_be_tested(paper):
    assert unmet(paper) == {}


@pytest.mark.parametrize(
    ("role", "seeds", "claims"),
    [
        ("noise", 0, {"T03", "T18"}),
        ("noise", 4, {"T03", "T18"}),
        ("spread", 2, {"T01", "T02"}),
        ("flatness", 0, {"T19"}),
        ("main_orders", 4, {"T23"}),
        ("section_4_5", 9, {"T17"}),
    ],
)
def test_what_is_left_out_is_missed(paper, role, seeds, claims):
    fewer = [one for one in paper if one.labels["role"] != role or one.first < seeds]
    assert set(unmet(fewer)) == claims


def bytes_of(name, table, folder):
    write_tables(folder, {name: table})
    return (folder / name).stat().st_size


def with_run(table, cell="0123456789", seed=0):
    return table.assign(cell=cell, seed=np.int32(seed))


def test_visits_and_counts_of_meshes_fit_into_their_tables(paper, tmp_path):
    """A planted run that comes back to a cell every few epochs, in others with each mesh."""
    rng = np.random.default_rng(0)
    epochs = np.arange(1, 1001, dtype=np.int32)
    visits = pd.concat(
        pd.DataFrame(
            {
                "subset": subset,
                "sections": sections,
                "epoch": epochs,
                "visited": np.where(rng.random(1000) < 0.8, epochs, rng.integers(1, epochs + 1)),
                "train_loss": np.exp(-epochs / 300) * rng.uniform(0.9, 1.1, 1000).astype("f4"),
            }
        )
        for subset in range(5)
        for sections in SECTIONS
    )
    counts = pd.DataFrame(
        [
            (subset, sections, control, window, rng.integers(1, snapshots + 1), snapshots)
            for subset in range(5)
            for sections in SWEEP
            for control in (0, 1)
            for window, snapshots in enumerate([1000, *[100] * WINDOWS])
        ],
        columns=["subset", "sections", "control", "window", "cells", "snapshots"],
    ).astype(np.int32)
    recording = [one for one in paper if "coordinates" in observers_of(one)]
    epochs_in_all = sum(one.cell.epochs for one in recording)
    for name, run, runs in (
        ("visits.parquet", compact(visits), epochs_in_all / 1000),
        ("mesh.parquet", counts, len(recording)),
    ):
        some = pd.concat([with_run(run, seed=seed) for seed in range(8)], ignore_index=True)
        assert bytes_of(name, some, tmp_path) / 8 * runs < LARGEST, name


def test_batches_along_runs_fit_into_their_tables(paper, tmp_path):
    rng = np.random.default_rng(0)
    probes = [one for one in paper if one.labels["role"] == "noise"]
    (draws,) = {one.cell.measure["settings"]["shown"] for one in probes}
    tables = []
    for one in probes:
        labels = {k: one.labels[k] for k in ("target_role", "strategy", "epochs", "state")}
        losses = dict(zip(("full_loss", "sigma"), rng.normal(size=2).astype("f4"), strict=True))
        apart = {
            f"{mode}_deviation": rng.normal(size=draws).astype("f4")
            for mode in ("training", "inference")
        }
        run = {"cell": one.id, "seed": np.int32(one.first)}
        tables.append(pd.DataFrame(run | labels | {"batch_size": 99} | losses | apart))
    size = bytes_of("noise.parquet", pd.concat(tables, ignore_index=True), tmp_path)
    assert 0.3 * LARGEST < size < LARGEST


def test_cells_fit_into_their_table(paper, root):
    published = root / "results" / "published" / "batch_increase" / "cells.csv"
    lines = published.read_bytes().splitlines()
    assert len({one.id for one in paper}) * max(map(len, lines)) < LARGEST


def test_jobs_are_few_and_none_is_put_together_beyond_an_hour(paper):
    jobs = defaultdict(list)
    for one in paper:
        jobs[one.job].append(one.cost)
    assert len(jobs) < MOST_JOBS
    together = [costs for costs in jobs.values() if len(costs) > 1]
    for costs in together:
        # two that take a GPU minutes, and a core most of a day, may share one
        pair = len(costs) == 2 and min(costs) > LONG
        assert pair or sum(costs) <= HOUR
    assert max(map(sum, together)) > HOUR


def test_a_first_run_has_a_job_for_each_core():
    jobs = defaultdict(float)
    for one in planned("quick"):
        jobs[one.job] += one.cell.cost
    most = max(jobs.values())
    assert most < 0.6 * sum(jobs.values())
