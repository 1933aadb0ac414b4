"""Networks with skip connections and without: their cells, tables and figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from escaping_minima.parts.registry import read_part, read_problem
from escaping_minima.plan.jobs import Job, PlannedBlocks, plan_to_json
from escaping_minima.report.figures.bands import Sources
from escaping_minima.report.style import figure_bytes
from escaping_minima.results.blocks import Block
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.train import train
from escaping_minima.studies.escape import skip_figures
from escaping_minima.studies.escape.skip_cells import (
    GROUP,
    JOB_COST,
    OTHER_RATES,
    RATES,
    SIZES,
    THRESHOLDS,
    skip_items,
)
from escaping_minima.studies.escape.skip_tables import (
    GUESSED,
    NO_DIRECTION,
    is_skip,
    of_block,
    paired,
    summary,
)

NETWORKS = ("skip_mlp", "skip_resnet")


@dataclass(frozen=True)
class Settings:
    skip_size: str = "tiny"
    skip_seeds: int = 2
    skip_rates: bool = True


def place(planned):
    return tuple(planned.labels[k] for k in ("role", "problem", "arm", "point"))


@pytest.mark.parametrize("size", SIZES)
def test_each_network_is_planned_with_skips_and_without_and_nothing_else_differs(size):
    planned = skip_items(Settings(size, 1))
    assert len({place(p) for p in planned}) == len(planned) == len({p.cell.id for p in planned})
    by_place = {place(p): p.cell for p in planned}
    for name in NETWORKS:
        points = ["", *(f"rate {rate:g}" for rate in OTHER_RATES[name])]
        for point in points:
            one, other = (by_place["skips", name, arm, point] for arm in ("with", "without"))
            assert (one.problem_settings["skips"], other.problem_settings["skips"]) == (True, False)
            assert {**one.record(), "problem_settings": 0} == {
                **other.record(),
                "problem_settings": 0,
            }
            assert one.problem_settings | {"skips": False} == other.problem_settings
        rates = {
            by_place["skips", name, "with", p].method_settings["learning_rate"] for p in points
        }
        assert rates == {RATES[name], *OTHER_RATES[name]}
        for arm in ("with", "without"):
            probe, run = by_place["skip_planes", name, arm, ""], by_place["skips", name, arm, ""]
            assert probe.target == run.id
            assert probe.kept == f"epoch{run.keep_epochs[-1]}" == f"epoch{run.epochs}"
            assert read_part("measures", "loss_plane", probe.measure["settings"]).images > 0


def test_seeds_come_one_after_another_and_planes_are_jobs_of_their_own():
    planned = skip_items(Settings("sample", 3, skip_rates=False))
    assert {p.group for p in planned} == {GROUP}
    runs = [p for p in planned if p.labels["role"] == "skips"]
    assert [p.first for p in runs] == [s for s in range(3) for _ in range(4)]
    roles = {p.job: {q.labels["role"] for q in planned if q.job == p.job} for p in planned}
    assert all(len(found) == 1 for found in roles.values())
    costs = {job: sum(p.cell.cost for p in planned if p.job == job) for job in roles}
    last = [max(j for j in roles if j.startswith(f"{name}_0")) for name in ("skips", "skip_planes")]
    assert all(cost >= JOB_COST for job, cost in costs.items() if job not in last)
    assert skip_items(Settings(skip_seeds=0)) == []
    assert all(is_skip(p.cell) for p in planned)


def run_block(losses, epochs):
    (planned, *_) = skip_items(Settings("short", 1))
    epoch = np.arange(len(losses))
    table = pd.DataFrame({"epoch": epoch, "updates": 40 * epoch, "train_loss": losses})
    table = table.assign(test_loss=1.5, test_error=20.0, running_loss=0.0, wrong=b"")
    assert planned.cell.epochs == epochs
    return Block(planned.cell, 0, table, {})


def numbers(block):
    table = of_block(block)["skips.parquet"]
    return {(d, m): v for d, m, v in zip(*(table[c] for c in table), strict=True)}


def test_a_run_says_where_it_ends_and_when_it_comes_below_each_threshold():
    assert THRESHOLDS["skip_mlp"] == (0.1, 1.0, 0.5)
    # the start does not count, and coming below once is enough
    block = run_block([0.05, 1.2, 0.4, 0.6, 0.3], 4)
    found = numbers(block)
    assert found == {
        (NO_DIRECTION, "loss"): 0.3,
        (NO_DIRECTION, "log_loss"): pytest.approx(math.log(0.3)),
        (NO_DIRECTION, "reached"): 0.0,
        (NO_DIRECTION, "steps"): 100.0,
        (NO_DIRECTION, "reached 1"): 1.0,
        (NO_DIRECTION, "steps 1"): 50.0,
        (NO_DIRECTION, "reached 0.5"): 1.0,
        (NO_DIRECTION, "steps 0.5"): 50.0,
    }
    curves = of_block(block)["skip_curves.parquet"]
    assert list(curves) == ["epoch", "updates", "train_loss", "test_loss", "test_error"]
    np.testing.assert_allclose(curves["train_loss"], block.table["train_loss"], rtol=1e-6)


def test_a_run_that_diverged_counts_as_one_that_guesses():
    found = numbers(run_block([2.3, 0.8, math.nan], 4))
    assert found[NO_DIRECTION, "loss"] == GUESSED == pytest.approx(2.302585)
    assert (found[NO_DIRECTION, "reached"], found[NO_DIRECTION, "steps"]) == (0.0, 100.0)
    assert (found[NO_DIRECTION, "reached 1"], found[NO_DIRECTION, "steps 1"]) == (1.0, 25.0)


def plane_rows(surface, direction, eigenvalues, axis=(-1.0, -0.5, 0.0, 0.5, 1.0)):
    for a in axis:
        for b in axis:
            low, high = eigenvalues.get((a, b), (math.nan, math.nan))
            row = {"plane": direction, "alpha": a, "beta": b, "loss": surface(a, b)}
            yield row | {"lowest": low, "highest": high, "lowest_residual": 0.5}


def planes_block(*planes):
    planned = [p for p in skip_items(Settings("short", 1)) if p.labels["role"] == "skip_planes"]
    rows = [
        row for index, plane in enumerate(planes) for row in plane_rows(plane[0], index, plane[1])
    ]
    return Block(planned[0].cell, 0, pd.DataFrame(rows), {})


def test_planes_say_where_they_bend_down_and_how_strong_the_lowest_eigenvalue_is():
    bowl = (lambda a, b: a**2 + b**2, {(0, 0): (0.5, 4.0)})
    saddle = (lambda a, b: a**2 - 3 * b**2, {(0, 0): (-2.0, 8.0), (1, 1): (-6.0, 8.0)})
    found = numbers(planes_block(bowl, saddle))
    assert found == {
        (0, "negative_share"): 0.0,
        (0, "negative_weight"): 0.0,
        # no eigenvalue is below 0
        (0, "eigenvalue_ratio"): 0.0,
        (0, "ratio_residual"): 0.125,
        (1, "negative_share"): 100.0,
        (1, "negative_weight"): pytest.approx(75.0),
        (1, "eigenvalue_ratio"): 0.25,
        (1, "ratio_residual"): 0.0625,
        (1, "slice_ratio"): 0.5,
    }
    losses = of_block(planes_block(bowl))["skip_planes.parquet"]
    assert list(losses) == ["direction", "alpha", "beta", "loss", "lowest", "highest"]
    assert len(losses) == 25


#: What each seed comes to with skips and without, by measure; the last seed has one arm alone.
PLANTED = {"loss": ((0.1, 0.5), (0.2, 0.9)), "negative_share": ((10.0, 40.0), (20.0, 30.0))}


def planted(networks=NETWORKS):
    """Return collected tables of two seeds and one half of a third."""
    cells, rows, curves, planes = [], [], [], []
    for name in networks:
        for column, arm in enumerate(("with", "without")):
            for role in ("skips", "skip_planes"):
                cell = f"{role}_{name}_{arm}"
                labels = {"role": role, "problem": name, "arm": arm, "point": ""}
                cells.append({"cell": cell, **labels})
            for seed, losses in enumerate(PLANTED["loss"]):
                own = {"cell": f"skips_{name}_{arm}", "block": seed}
                value = losses[column]
                rows.append(own | {"direction": -1, "measure": "loss", "value": value})
                for epoch in (0, 1, 2):
                    curves.append(own | {"epoch": epoch, "train_loss": value * (3 - epoch)})
                own = {"cell": f"skip_planes_{name}_{arm}", "block": seed}
                share = PLANTED["negative_share"][seed][column]
                for direction, aside in ((0, -1.0), (1, 1.0)):
                    there = own | {"direction": direction}
                    rows.append(there | {"measure": "negative_share", "value": share + aside})
                    rows.append(there | {"measure": "eigenvalue_ratio", "value": share / 100})
                    axis = (-1.0, 0.0, 1.0)
                    planes += [
                        there | {"alpha": a, "beta": b, "loss": value + a**2 + direction}
                        for a in axis
                        for b in axis
                    ]
        rows.append({"cell": f"skips_{name}_with", "block": 2, "direction": -1} | HALF)
    tables = {"skips.parquet": rows, "skip_curves.parquet": curves, "skip_planes.parquet": planes}
    return {k: pd.DataFrame(v) for k, v in tables.items()} | {"cells.csv": pd.DataFrame(cells)}


HALF = {"measure": "loss", "value": 77.0}


def test_seeds_are_paired_and_planes_of_a_seed_averaged():
    found = paired(planted()).set_index(["problem", "measure", "block"])
    for name in NETWORKS:
        for measure, seeds in PLANTED.items():
            for seed, both in enumerate(seeds):
                assert tuple(found.loc[name, measure, seed]) == pytest.approx(both)
    assert len(found) == 2 * 2 * 3
    assert list(paired({"cells.csv": pd.DataFrame()})) == list(paired(planted()))


def test_the_summary_has_the_paired_difference():
    found = summary(planted()).set_index(["problem", "point", "measure"])
    row = found.loc["skip_mlp", "", "loss"]
    assert (row["seeds"], row["with"], row["without"]) == (
        2,
        pytest.approx(0.15),
        pytest.approx(0.7),
    )
    # of two seeds the ends are their range
    assert (row["difference"], row["low"], row["high"]) == pytest.approx((-0.55, -0.7, -0.4))
    assert found.loc[("skip_resnet", "", "negative_share"), "difference"] == pytest.approx(-20)


def test_planes_are_drawn_of_the_first_seed_beside_all_pairs():
    figure = skip_figures.skips(Sources(planted(), None))
    titles = [axes.get_title().replace("\n", " ") for axes in figure.axes]
    for title, losses in (
        ("MLP on MNIST, without", 0.5),
        ("MLP on MNIST, with skip connections", 0.1),
    ):
        axes = figure.axes[titles.index(title)]
        drawn = np.asarray(axes.collections[0].get_array(), float).reshape(3, 3)
        # the first direction lies across
        np.testing.assert_allclose(drawn, losses + np.array([[1.0, 0.0, 1.0]] * 3))
    shares = figure.axes[titles.index("points that bend down (percent)")]
    lines = [tuple(x.get_ydata()) for x in shares.lines if len(x.get_ydata()) == 2]
    for with_skips, without in PLANTED["negative_share"]:
        assert any(np.allclose(line, (without, with_skips)) for line in lines)
    assert "2 seeds" in figure.get_suptitle()
    assert "NOT THIS RUN" not in figure.get_suptitle()
    extension, content = figure_bytes(figure)
    assert extension == "svg"
    assert len(content) < 200_000


def test_curves_are_means_over_seeds():
    figure = skip_figures.skip_training(Sources({}, planted(("skip_resnet",))))
    (axes,) = figure.axes
    assert axes.get_title() == "ResNet on CIFAR-10"
    lines = {x.get_label(): x for x in axes.lines}
    np.testing.assert_allclose(lines["with skip connections"].get_ydata(), [0.3, 0.15])
    np.testing.assert_allclose(lines["without"].get_ydata(), [1.4, 0.7])
    assert any(np.allclose(x.get_ydata(), THRESHOLDS["skip_resnet"][0]) for x in axes.lines)
    assert "NOT THIS RUN" in figure.get_suptitle()


@pytest.mark.parametrize("draw", [skip_figures.skips, skip_figures.skip_training])
def test_without_runs_a_figure_says_so(draw):
    empty = {name: table.iloc[:0] for name, table in planted().items()}
    for tables in (empty, {"cells.csv": planted()["cells.csv"]}):
        assert "Not part of this run" in draw(Sources(tables, None)).get_suptitle()


def test_tiny_networks_go_from_plan_to_tables(tmp_path):
    planned = skip_items(Settings(skip_seeds=1, skip_rates=False))
    blocks = tuple(PlannedBlocks(p.cell, 1, p.labels, "source") for p in planned)
    settings = {
        "scale": "smoke",
        "results": str(tmp_path / "results"),
        "device": "cpu",
        "checkpoint_seconds": 1e9,
        "keep_stale": False,
        "data_folder": None,
        "accept_checksums": [],
    }
    plan = tmp_path / "plan.json"
    plan.write_text(plan_to_json([Job("escape", "all", blocks, "all")], settings))
    train(plan, "escape_all")
    paths = ResultPaths(tmp_path / "results", "smoke")
    found = {}
    for p in planned:
        table = pd.read_parquet(paths.block("escape", p.cell.id, 0))
        found[place(p)[:3]] = (table, of_block(SimpleNamespace(cell=p.cell, table=table)))
    for name in NETWORKS:
        losses = []
        for arm in ("with", "without"):
            curves, tables = found["skips", name, arm]
            measured = dict(
                zip(*tables["skips.parquet"][["measure", "value"]].T.values, strict=True)
            )
            losses.append(measured["loss"])
            assert measured["loss"] == curves["train_loss"].iloc[-1]
            planes = found["skip_planes", name, arm][1]
            home = planes["skip_planes.parquet"].query("alpha == 0 and beta == 0")
            assert math.isfinite(home["lowest"].item())
            measure = set(planes["skips.parquet"]["measure"])
            assert {"negative_share", "eigenvalue_ratio"} <= measure
            assert ("slice_ratio" in measure) == (name == "skip_mlp")
        assert losses[0] != losses[1]
    assert read_problem("skip_mlp", planned[0].cell.problem_settings).depth == 5
