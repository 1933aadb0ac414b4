"""The cells of the study: how many, what they are, and that each can be built."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from escaping_minima.errors import UserError
from escaping_minima.kinds.training.parts import training_plan
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.plan.cells import PlannedCell
from escaping_minima.studies.sgd_sa.names import (
    DATA_SET_NAMES,
    METHOD_NAMES,
    NETWORK_NAMES,
    ROLE_NAMES,
    RUN_NAMES,
)
from escaping_minima.studies.sgd_sa.plan import plan_cells
from escaping_minima.studies.sgd_sa.settings import Settings

SCALES = ("smoke", "quick", "gpu", "paper")
SEEDS = (
    *("seeds", "fashion_seeds", "control_seeds", "source_seeds", "selection_seeds"),
    "small_seeds",
)
NONE: dict[str, Any] = dict.fromkeys(SEEDS, 0)
#: Runs of one network: controls, and one source alone (three of both methods, two of SGD-SA).
CONTROLS, SOURCES = 3 + 1 + 8 + 1 + 4, 3 + 5
#: Runs by role.
RUNS = {
    "smoke": {
        "main": 2 * 2 * 2,
        "fashion": 6,
        "control": CONTROLS,
        "sources": SOURCES * 2,
        # after 0, 0, 1 and 2 epochs: three states
        "directions": 1 + 3,
        "selection": 2 * 2,
    },
    "quick": {"main": 2 * 2 * 3, "fashion": 6 * 3},
    "gpu": {
        "main": 2 * 2 * 10,
        "fashion": 6 * 5,
        "small": 3 * 5,
        "control": CONTROLS * 3,
        "sources": SOURCES * 10,
        "directions": (1 + 4) * 3,
        "numerics": 2 * 3,
    },
    "paper": {
        "main": 2 * 2 * 10,
        "fashion": 6 * 10,
        "small": 3 * 10,
        "control": 2 * CONTROLS * 10,
        "sources": 2 * SOURCES * 10,
        "directions": (1 + 4) * 10,
        "selection": 2 * 2 * 10,
        "numerics": 2 * 10,
    },
}


def settings(scale: str, **numbers: Any) -> Settings:
    said = described_settings(Settings)
    return Settings(**{name: each.scales[scale] for name, each in said.items()} | numbers)


def planned(scale: str, **numbers: Any) -> list[PlannedCell]:
    return plan_cells(settings(scale, **numbers))


def of_run(cells: list[PlannedCell], role: str, run: str, **labels: str) -> Any:
    """Return the cell of a run."""
    wanted = {"role": role, "run": run, "network": "vgg16", "variant": "", **labels}
    found = {item.cell.id: item.cell for item in cells if dict(item.labels) == wanted}
    (cell,) = found.values()
    return cell


@pytest.fixture(scope="module", params=SCALES)
def at_scale(request):
    return request.param, planned(request.param)


@pytest.fixture(scope="module")
def paper():
    return planned("paper")


def test_each_role_has_its_runs(at_scale):
    scale, cells = at_scale
    assert Counter(item.labels["role"] for item in cells) == RUNS[scale]
    assert {item.blocks for item in cells} == {1}


def test_cells_and_names_belong_together(at_scale):
    """No cell bears two names, and no name stands for two cells."""
    names = {(item.cell.id, canonical_json(dict(item.labels))) for item in at_scale[1]}
    assert len(names) == len({cell for cell, _ in names}) == len({name for _, name in names})
    runs = [(item.cell.id, item.first) for item in at_scale[1]]
    assert len(runs) == len(set(runs))


def test_every_name_is_in_words(at_scale):
    for item in at_scale[1]:
        assert item.labels["role"] in ROLE_NAMES
        assert item.labels["run"] in RUN_NAMES
        assert item.labels["network"] in NETWORK_NAMES
        assert item.cell.method in METHOD_NAMES
        assert item.cell.problem_settings["data_set"] in DATA_SET_NAMES


def test_every_run_in_words_is_planned(paper):
    assert {item.labels["run"] for item in paper} == set(RUN_NAMES)
    assert {item.labels["role"] for item in paper} == set(ROLE_NAMES)


def test_every_run_can_be_built(at_scale):
    cells = {i.cell.id: i.cell for i in at_scale[1] if not i.cell.rests_on}
    for cell in cells.values():
        plan = training_plan(cell)
        assert plan.epochs == cell.epochs
        assert plan.problem.train_images == cell.problem_settings["train_images"]


def test_blocks_of_a_job_are_together(paper):
    jobs = [item.job for item in paper]
    changes = [job for before, job in zip(["", *jobs], jobs, strict=False) if job != before]
    assert len(changes) == len(set(jobs))


@pytest.mark.parametrize(("batch", "temperature"), [(512, 1.0), (256, 2.0), (32, 16.0)])
def test_temperatures_are_the_same_in_the_mean_loss(batch, temperature):
    cells = planned("gpu", **NONE | {"seeds": 1, "control_seeds": 1}, batch_size=batch)
    for role, run in (
        ("main", "sgd_sa"),
        ("control", "as_printed"),
        ("control", "rate_0.9_tested"),
    ):
        assert of_run(cells, role, run).method_settings["temperature"] == temperature
    # that is in the mean loss already
    mean = of_run(cells, "control", "mean_loss_unit").method_settings
    assert (mean["temperature"], mean["unit"]) == (1.0, "mean")


@pytest.mark.parametrize(("epochs", "share"), [(100, 1.0), (50, 2.0), (6, 100 / 6)])
def test_temperatures_fall_as_far_in_fewer_epochs(epochs, share):
    cells = planned("gpu", **NONE | {"seeds": 1, "fashion_seeds": 1}, epochs=epochs)
    for role, run, alpha in (("main", "sgd_sa", 0.8), ("fashion", "ssa", 0.97)):
        slot = of_run(cells, role, run).temperature
        assert slot["name"] == "cooling"
        assert slot["settings"]["alpha"] == pytest.approx(alpha**share, rel=1e-12)
        factor = training_plan(of_run(cells, role, run)).schedules["temperature"].factor
        assert factor(1, epochs, 0.0) == 1.0
        assert factor(epochs + 1, epochs, 0.0) == pytest.approx(alpha**100, rel=1e-9)


@pytest.mark.parametrize(
    ("data", "batch", "minibatches"),
    # of CIFAR-10 and of Fashion-MNIST, in an epoch; the last short one counts
    [("full", 512, (98, 118)), ("full", 100, (500, 600)), ("sample", 32, (63, 32))],
)
@pytest.mark.parametrize("epochs", [100, 6])
def test_temperatures_that_fall_each_minibatch_fall_as_far_in_a_run(
    data, batch, minibatches, epochs
):
    settings = {"data": data, "batch_size": batch, "epochs": epochs}
    cells = planned("gpu", **NONE | {"control_seeds": 1, "fashion_seeds": 1}, **settings)
    for role, run, alpha, paper, own in (
        ("control", "cooled_each_minibatch", 0.8, 98, minibatches[0]),
        ("fashion", "ssa_cooled_each_minibatch", 0.97, 118, minibatches[1]),
    ):
        cooling = of_run(cells, role, run).method_settings["cooling"]
        # by logarithms: the products themselves are 0 in float64
        assert epochs * own * math.log(cooling) == pytest.approx(100 * paper * math.log(alpha))


@pytest.mark.parametrize(
    ("epochs", "borders"), [(100, (31, 71)), (50, (16, 36)), (6, (3, 5)), (1, (1, 2))]
)
def test_rates_fall_after_30_and_70_percent(epochs, borders):
    cells = planned("gpu", **NONE | {"seeds": 1}, epochs=epochs)
    cell = of_run(cells, "main", "scheduled_sgd")
    assert cell.method_settings["learning_rate"] == 0.1
    assert cell.rate == {"name": "steps", "settings": {"epochs": list(borders), "by": 0.1}}


def test_rates_of_a_run_of_100_epochs():
    """0.1 in epochs 1 to 30, 0.01 to 70, then 0.001."""
    cell = of_run(planned("gpu", **NONE | {"seeds": 1}), "main", "scheduled_sgd")
    factor = training_plan(cell).schedules["learning_rate"].factor
    rates = [0.1 * factor(epoch, 100, 0.0) for epoch in range(1, 101)]
    assert rates == pytest.approx([0.1] * 30 + [0.01] * 40 + [0.001] * 30)


def test_controls_change_what_their_names_say(paper):
    base = of_run(paper, "main", "sgd_sa").record()
    changes = {
        "accept_off": {"accept": False},
        "rate_0.9_tested": {"rates": [0.9]},
        "no_large_rates": {"rates": [0.1, 0.09, 0.08, 0.07, 0.06, 0.05]},
        "mean_loss_unit": {"unit": "mean"},
        "statistics_rolled_back": {"roll_back": True},
        "as_printed": {"losses": "training"},
        "cooled_each_minibatch": {"cooling": pytest.approx(0.8)},
    }
    for run, changed in changes.items():
        record = of_run(paper, "control", run).record()
        assert record["method_settings"] == base["method_settings"] | changed
        # one that looks at no loss, or cools by itself, has no schedule of temperatures
        cooled = run not in ("accept_off", "cooled_each_minibatch")
        assert (record.get("temperature") == base["temperature"]) == cooled
        assert record.get("reshuffle", True) == (run != "as_printed")
    alone = of_run(paper, "control", "rate_0.9")
    assert (alone.method, alone.method_settings["learning_rate"], alone.rate) == ("gd", 0.9, None)
    largest = of_run(paper, "control", "scheduled_from_largest")
    assert largest.method_settings["learning_rate"] == 0.9
    assert largest.rate == of_run(paper, "main", "scheduled_sgd").rate


def test_one_source_varies_and_all_others_are_those_of_block_0(paper):
    purposes = {"weights", "order", "dropout", "rate", "acceptance", "evaluated"}
    varying = {
        "weights": "weights",
        "order": "order",
        "dropout": "dropout",
        "rates": "rate",
        "acceptance": "acceptance",
    }
    for source, purpose in varying.items():
        cell = of_run(paper, "sources", "sgd_sa", variant=f"vary_{source}")
        assert cell.seeds == dict.fromkeys(purposes - {purpose}, 0)
    variants = {
        item.labels["variant"]
        for item in paper
        if item.labels["role"] == "sources" and item.labels["run"] == "scheduled_sgd"
    }
    assert variants == {"vary_weights", "vary_order", "vary_dropout"}


def test_probes_read_the_states_that_their_run_keeps(paper):
    run = of_run(paper, "directions", "sgd_sa", variant="states")
    assert run.keep_epochs == (0, 10, 30, 100)
    for epoch in run.keep_epochs:
        probe = of_run(paper, "directions", "sgd_sa", variant=f"epoch{epoch}")
        assert (probe.target, probe.kept) == (run.id, f"epoch{epoch}")
        assert probe.measure["settings"]["batch"] == 512


def test_small_runs_are_the_same_at_every_scale():
    small = NONE | {"small_seeds": 1}
    ids = {tuple(item.cell.id for item in planned(scale, **small)) for scale in SCALES}
    assert len(ids) == 1
    (cell,) = {item.cell.batch_size["first"] for item in planned("smoke", **small)}
    assert cell == 50
    temperature = of_run(planned("smoke", **small), "small", "sgd_sa").method_settings
    assert temperature["temperature"] == 512 / 50


@pytest.mark.parametrize("seeds", SEEDS)
def test_the_smallest_settings_work(seeds):
    cells = planned("smoke", **NONE | {seeds: 1}, epochs=1, batch_size=2)
    assert cells
    for item in cells:
        if not item.cell.rests_on:
            training_plan(item.cell)


def test_nothing_to_run_is_an_error():
    with pytest.raises(UserError, match=r"^sgd_sa: found 0 for seeds, fashion_seeds, .* above 0;"):
        planned("paper", **NONE)
