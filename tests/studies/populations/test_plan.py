"""The cells of the study: how many, in what order, what they are, and that each can be built."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from escaping_minima.errors import UserError
from escaping_minima.kinds.training.parts import training_plan
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.plan.cells import PlannedCell
from escaping_minima.studies.populations.companions import COMPANIONS
from escaping_minima.studies.populations.names import (
    METHOD_NAMES,
    METHODS,
    MONOTONIC,
    ROLE_NAMES,
    SLUGS,
    TASK_NAMES,
    TASKS,
    TELLING,
)
from escaping_minima.studies.populations.plan import JOB_COST, plan_cells
from escaping_minima.studies.populations.settings import Settings

SCALES = ("smoke", "quick", "gpu", "paper")
#: Cells of the grid for one task: radii alone for NiG, with thresholds for the three others.
GRID = 4 + 3 * 4 * 4
#: Blocks by role. Six trajectories of four tasks at smoke, three methods; elsewhere all alike.
BLOCKS = {
    "smoke": {
        "floor": 2 * 2,
        "activity": 4,
        "base": 3 * 6,
        "search": 3 * 4,
        "tuned": 3 * 6,
        "plain": 4,
        "monotonic": 2,
    },
    "quick": {"floor": 2 * 2, "base": 4 * 3 * 3},
    "gpu": {
        "floor": 2 * 2,
        "activity": 4 * GRID,
        "base": 4 * 6 * 10,
        # for tuned settings of six methods, and for acting ones of four
        "search": 4 * (6 * 8 + 4 * 4),
        "tuned": 4 * 6 * 10,
        "acting": 4 * 4 * 10,
        "plain": 4 * 3,
        "monotonic": 2 * 10,
    },
    "paper": {
        "floor": 2 * 2,
        "activity": 4 * GRID,
        "base": 4 * 6 * 10,
        "search": 4 * (6 * 16 + 4 * 8),
        "tuned": 4 * 6 * 10,
        "acting": 4 * 4 * 10,
        "plain": 4 * 10,
        "monotonic": 2 * 10,
    },
}
NO_TASK = {f"{slug}_trajectories": 0 for slug in SLUGS.values()}


def planned(scale: str, **numbers: Any) -> list[PlannedCell]:
    said = described_settings(Settings)
    known = {name: each.scales[scale] for name, each in said.items()}
    return plan_cells(Settings(**known | numbers))


def names_of(cells: list[PlannedCell]) -> dict[int, str]:
    """Return the id of each cell by object: blocks share it, and it takes time to make."""
    return {key: cell.id for key, cell in {id(item.cell): item.cell for item in cells}.items()}


def cell_of(cells: list[PlannedCell], role: str, task: str, method: str, variant: str = "") -> Any:
    wanted = {"role": role, "task": task, "method": method, "variant": variant}
    found = {
        id(item.cell): item.cell
        for item in cells
        if all(item.labels[name] == value for name, value in wanted.items())
    }
    (cell,) = found.values()
    return cell


@cache
def whole(scale: str) -> list[PlannedCell]:
    return planned(scale)


@pytest.fixture(params=SCALES)
def at_scale(request):
    return request.param, whole(request.param)


@pytest.fixture
def gpu():
    return whole("gpu")


@pytest.fixture
def paper():
    return whole("paper")


def test_each_role_has_its_blocks(at_scale):
    scale, cells = at_scale
    assert Counter(item.labels["role"] for item in cells) == BLOCKS[scale]
    assert {item.blocks for item in cells} == {1}
    assert all(item.group == item.labels["role"] for item in cells)


def test_cells_and_names_belong_together(at_scale):
    """No cell bears two names, and no name stands for two cells."""
    ids = names_of(at_scale[1])
    names = {(ids[id(i.cell)], canonical_json(dict(i.labels))) for i in at_scale[1]}
    assert len(names) == len({cell for cell, _ in names}) == len({name for _, name in names})
    runs = [(ids[id(item.cell)], item.first) for item in at_scale[1]]
    assert len(runs) == len(set(runs))


def test_every_name_is_in_words(paper):
    assert {item.labels["role"] for item in paper} == set(ROLE_NAMES)
    assert {item.labels["task"] for item in paper} == set(TASK_NAMES) == set(TASKS)
    assert {item.labels["method"] for item in paper} == set(METHOD_NAMES)
    assert set(METHODS) == set(TELLING)
    assert METHOD_NAMES["gd"] == "SGD"
    assert METHOD_NAMES["nim"] == "NiM-SGD"
    assert METHOD_NAMES["nim_bh"] == "NiM-BH"


@pytest.mark.parametrize("scale", ["smoke", "paper"])
def test_every_run_can_be_built(scale):
    for cell in {item.cell.id: item.cell for item in whole(scale)}.values():
        if cell.KIND == "training" and cell.tuned_by is None:
            assert training_plan(cell).epochs == cell.epochs
        elif cell.KIND == "search":
            assert training_plan(cell.trial(0)).epochs == cell.training["epochs"]


def test_blocks_of_a_job_are_together_and_worth_a_start(at_scale):
    cells = at_scale[1]
    jobs = [item.job for item in cells]
    changes = [job for before, job in zip(["", *jobs], jobs, strict=False) if job != before]
    assert len(changes) == len(set(changes)) == len(set(jobs))
    costs: Counter[str] = Counter()
    for item in cells:
        costs[item.job] += item.cell.cost
    # but for the last one of a part
    for job, after in pairwise(changes):
        assert costs[job] >= JOB_COST or job[:-4] != after[:-4]


def test_trajectories_come_block_by_block_over_all_methods(gpu):
    base = [item for item in gpu if item.labels["role"] == "base"]
    order = [(item.labels["task"], item.first, item.labels["method"]) for item in base]
    tasks = ("tweeteval-emotion", "cifar-10", "cifar-100", "goemotions")
    assert order == [(t, b, m) for t in tasks for b in range(10) for m in TELLING]


def test_what_says_where_noise_acts_comes_before_any_long_run(gpu):
    roles = list(dict.fromkeys(item.labels["role"] for item in gpu))
    assert roles.index("activity") < roles.index("base") < roles.index("tuned")


def test_searches_are_in_jobs_of_their_own_before_what_rests_on_them(gpu):
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    jobs: dict[str, set[str]] = {}
    ids = names_of(gpu)
    for place, item in enumerate(gpu):
        name = ids[id(item.cell)]
        first.setdefault(name, place)
        last[name] = place
        jobs.setdefault(name, set()).add(item.job)
    tuned = {ids[id(item.cell)]: item.cell for item in gpu if item.cell.rests_on}
    assert len(tuned) == 4 * (6 + 4)
    for name, cell in tuned.items():
        (search,) = cell.rests_on
        assert last[search] < first[name]
        assert not jobs[search] & jobs[name]


@pytest.mark.parametrize("task", ["cifar-10", "cifar-100"])
def test_images_have_the_usual_recipe(paper, task):
    cell = cell_of(paper, "base", task, "gd")
    assert cell.method_settings["learning_rate"] == 0.1
    assert cell.rate == {"name": "cosine", "settings": {"warm_up": 0.0}}
    assert cell.modifiers == (
        {"name": "momentum", "settings": {"share": 0.9}},
        {"name": "weight_decay", "settings": {"rate": 5e-4}},
    )
    assert (cell.epochs, cell.batch_size["first"], cell.precision) == (300, 128, "bfloat16")
    problem = cell.problem_settings
    assert (problem["crop"], problem["flip"], problem["divisor"]) == (4, True, 1)
    assert problem["blocks"] == [3, 4, 6, 3]
    assert (problem["train_images"], problem["validation_images"]) == (50_000, 5_000)


def test_texts_are_those_of_the_official_splits(paper):
    for task, counts in (
        ("goemotions", (43_410, 5_426, 5_427)),
        ("tweeteval-emotion", (3_257, 374, 1_421)),
    ):
        cell = cell_of(paper, "base", task, "gd")
        names = ("train_texts", "validation_texts", "test_texts")
        assert tuple(cell.problem_settings[name] for name in names) == counts
        assert cell.problem_settings["encoder"] == "bert-base-uncased"
        assert (cell.epochs, cell.batch_size["first"]) == (300, 32)
        assert cell.problem_settings["length"] == 64


def test_few_texts_are_held_out_and_tested_on_where_few_are_trained_on():
    names = ("train_texts", "validation_texts", "test_texts")
    for task, counts in (
        ("goemotions", (1_500, 500, 500)),
        ("tweeteval-emotion", (1_500, 374, 500)),
    ):
        problem = cell_of(whole("quick"), "base", task, "gd").problem_settings
        assert tuple(problem[name] for name in names) == counts
        floor = cell_of(whole("quick"), "floor", task, "tfidf").problem_settings
        assert tuple(floor[name] for name in names) == counts


def test_methods_have_the_radii_and_the_patience_of_an_epoch(paper):
    # 45,000 images in minibatches of 128, and 3,257 texts in minibatches of 32
    for task, updates in (("cifar-10", 352), ("tweeteval-emotion", 102)):
        rate = cell_of(paper, "base", task, "gd").method_settings["learning_rate"]
        for method, radius, waits in (
            ("sam", 0.05, False),
            ("nig", 0.01, False),
            ("nim", 0.01, True),
            ("nig_bh", 0.01, True),
            ("nim_bh", 0.01, True),
        ):
            own = cell_of(paper, "base", task, method).method_settings
            assert own["radius"] == radius
            assert own["learning_rate"] == rate
            assert own.get("patience", 0) == (updates if waits else 0)
            assert own.get("gradient_tolerance", 0) == (0.01 if waits else 0)


def test_methods_differ_in_nothing_but_the_method(gpu):
    for role in ("base", "tuned"):
        for task in TASKS:
            records = [cell_of(gpu, role, task, method).record() for method in METHODS]
            for record in records:
                for own in ("method", "method_settings", "tuned_by"):
                    record.pop(own, None)
            assert all(record == records[0] for record in records)


def test_all_methods_are_tuned_by_as_many_trials_in_the_same_rates(gpu):
    for task in TASKS:
        rates = set()
        for method in METHODS:
            search = cell_of(gpu, "search", task, method, "tuned")
            assert cell_of(gpu, "tuned", task, method).tuned_by == {
                "search": search.id,
                "trials": 8,
            }
            rates.add(tuple(search.space["learning_rate"]["log_uniform"]))
            assert ("radius" in search.space) == (method != "gd")
        ((low, high),) = rates
        base = cell_of(gpu, "base", task, "gd").method_settings["learning_rate"]
        assert low < base < high


def test_acting_settings_are_base_ones_but_for_what_makes_noise_act(gpu):
    for task in TASKS:
        for method in ("nig", "nim", "nig_bh", "nim_bh"):
            base, acting = (cell_of(gpu, role, task, method) for role in ("base", "acting"))
            search = cell_of(gpu, "search", task, method, "acting")
            assert acting.tuned_by == {"search": search.id, "trials": 4}
            assert set(search.space) == (
                {"radius", "gradient_tolerance"} if method == "nim" else {"radius"}
            )
            for name, value in base.method_settings.items():
                if name in search.space:
                    # ten times the base value at least
                    assert min(search.space[name]["log_uniform"]) >= 10 * value
                else:
                    assert acting.method_settings[name] == value
            assert (acting.rate, acting.modifiers) == (base.rate, base.modifiers)


def test_plain_sgd_is_as_listed(gpu):
    for task in TASKS:
        cell = cell_of(gpu, "plain", task, "gd")
        assert (cell.modifiers, cell.rate) == ((), None)
        base = cell_of(gpu, "base", task, "gd")
        assert cell.method_settings == base.method_settings


def test_the_monotonic_methods_are_compared_with_the_others_on_one_task(gpu):
    for monotonic, plain in zip(MONOTONIC, ("nig_bh", "nim_bh"), strict=True):
        own = cell_of(gpu, "monotonic", "cifar-10", monotonic).method_settings
        assert own == {
            **cell_of(gpu, "base", "cifar-10", plain).method_settings,
            "compare": "previous_minimum",
        }
    assert COMPANIONS["monotonic"] == COMPANIONS["acting"] == "base"


def test_short_runs_go_over_radii_and_thresholds(gpu):
    short = [item for item in gpu if item.labels["role"] == "activity"]
    nim = {
        item.labels["variant"]: item.cell
        for item in short
        if (item.labels["task"], item.labels["method"]) == ("goemotions", "nim")
    }
    assert len(nim) == 16
    own = nim["radius 10, threshold 0.1"].method_settings
    assert (own["radius"], own["gradient_tolerance"]) == (10.0, 0.1)
    # of two epochs: NiM waits for one
    assert {cell.epochs for cell in nim.values()} == {2}
    assert {cell.rate for cell in nim.values()} == {None}
    assert {item.labels["models"] for item in short} == {0}


def test_each_run_is_watched(gpu):
    for item in gpu:
        if item.cell.KIND != "training":
            continue
        watched = [observer["name"] for observer in item.cell.observers]
        long = item.labels["role"] != "activity"
        assert watched == ["losses", "noise_activity"] + ["minibatch_losses"] * long


@pytest.mark.parametrize("slug", SLUGS.values())
def test_one_task_alone_is_run(slug):
    cells = planned("gpu", **NO_TASK | {f"{slug}_trajectories": 2})
    (task,) = {item.labels["task"] for item in cells}
    assert SLUGS[task] == slug
    assert sum(item.labels["role"] == "base" for item in cells) == 6 * 2


def test_cells_do_not_depend_on_how_many_blocks_or_which_tasks_are_run(gpu):
    few = planned("gpu", **NO_TASK | {"tweeteval_trajectories": 3}, methods=3)
    assert {item.cell.id for item in few} < {item.cell.id for item in gpu}


def test_the_smallest_settings_work():
    sizes = {"batch_size": 2, "text_batch_size": 2, "train_images": 20, "train_texts": 20}
    for item in planned("smoke", **sizes, methods=2):
        if item.cell.KIND == "training" and item.cell.tuned_by is None:
            training_plan(item.cell)


def test_short_trajectories_are_an_error():
    message = (
        r"^populations\.text_epochs: found 29; allowed: 30 or more, 3 for each of 10 models; "
        r"change it or populations\.models$"
    )
    with pytest.raises(UserError, match=message):
        planned("gpu", text_epochs=29)


def test_nothing_to_run_is_an_error():
    with pytest.raises(UserError, match=r"^populations: found nothing to run; allowed: one of ci"):
        planned("paper", **NO_TASK)
