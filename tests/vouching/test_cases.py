"""Every published cell and every part has a case, and the cases take every branch."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, fields, replace
from types import ModuleType

import pytest
import torch

from escaping_minima.engine.points import PointsPlan, run_points
from escaping_minima.engine.session import NoSession
from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import training_items
from escaping_minima.kinds.probe.cell import make_probe_cell
from escaping_minima.kinds.records import kind_name, read_cell
from escaping_minima.kinds.search.cell import make_search_cell, tuned_by
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.methods.basin_hopping import MonotonicBasinHopping
from escaping_minima.package import ROOT
from escaping_minima.parts.registry import (
    ROOMS,
    module_name,
    part_class,
    read_method,
    read_problem,
)
from escaping_minima.schedules.batch_sizes import BatchSizes, batch_bounds
from escaping_minima.vouching import cases as cases_module
from escaping_minima.vouching.cases import (
    all_cases,
    published_cases,
    published_records,
    registered,
)
from escaping_minima.vouching.cuts import CUTS, EPOCHS, LOOKED_AT, cut

#: Settings that say how many items a network has.
ITEMS = ("train_images", "test_images", "train_texts", "validation_texts", "test_texts")
#: What no registered method has, although a schedule could move it.
NEEDS_ANOTHER = {
    name
    for name in ("temperature",)
    if not any(hasattr(part_class("methods", m), name) for m in registered("methods"))
}


@pytest.fixture(scope="module")
def published(root):
    return root / "results" / "published"


@pytest.fixture(scope="module")
def cases(published):
    return all_cases(published, "cpu")


@pytest.fixture(scope="module")
def modules(cases):
    """Return every module that a case names."""
    return {module for case in cases for module in read_cell(case.record).modules()}


@pytest.mark.parametrize("room", ROOMS)
def test_every_registered_part_has_a_case(modules, room):
    wanted = {module_name(room, name) for name in registered(room)}
    assert wanted - modules == set()


def test_every_setting_that_a_cell_may_name_has_a_case(cases):
    named = {kind: set() for kind in CUTS}
    for case in cases:
        named[kind_name(case.record)] |= set(case.record)
    for kind, settings in named.items():
        cell = type(read_cell(next(c.record for c in cases if kind_name(c.record) == kind)))
        assert {f.name for f in fields(cell)} - settings - NEEDS_ANOTHER == set()


def test_helpers_are_no_parts():
    assert {"gd", "adagrad"} <= set(registered("methods"))
    assert not {"protocol", "optimizer", "basin_hopping"} & set(registered("methods"))
    assert set(registered("problems")) >= {"himmelblau", "takase_mnist"}


def test_every_kind_has_a_case_and_a_rule_to_cut_it(cases):
    assert {p.parent.name for p in (ROOT / "kinds").glob("*/cell.py")} == set(CUTS)
    assert {kind_name(case.record) for case in cases} == set(CUTS)


def test_every_published_cell_has_a_case(cases, published):
    whole = [json.dumps(r) for case in cases for r in case.published]
    assert sorted(whole) == sorted(json.dumps(r) for r in published_records(published))
    assert len(whole) == len(set(whole))


def test_networks_and_batch_sizes_are_not_cut(cases):
    for case in cases:
        for whole in case.published:
            short = dict(case.record)
            # a probe of a run that is cut reads another cell
            cuttable = {"steps", "epochs", "problem_settings", "target", "training", "tuned_by"}
            # states are kept, and read, at epochs that are left, and fewer images looked at
            cuttable |= {"keep_epochs", "kept", "measure"}
            # in the arena fewer starts spend less
            cuttable |= {"budget", "starts", "path_of", "trials"}
            assert {k: v for k, v in short.items() if k not in cuttable} == {
                k: v for k, v in whole.items() if k not in cuttable
            }
            data = {"data", "validation_images", *ITEMS}
            assert {k: v for k, v in short["problem_settings"].items() if k not in data} == {
                k: v for k, v in whole["problem_settings"].items() if k not in data
            }


def test_of_what_a_probe_measures_only_amounts_are_cut(cases):
    pairs = [
        (c.record["measure"], whole["measure"])
        for c in cases
        for whole in c.published
        if kind_name(c.record) == "probe"
    ]
    assert any(short != whole for short, whole in pairs)
    for short, whole in pairs:
        assert short["name"] == whole["name"]
        assert short["settings"].keys() == whole["settings"].keys()
        changed = {k for k, v in whole["settings"].items() if short["settings"][k] != v}
        assert changed <= set(LOOKED_AT)


def test_a_published_run_sees_each_end_of_its_schedule_and_a_short_last_batch(cases):
    training = [c.record for c in cases if c.published and kind_name(c.record) == "training"]
    assert len(training) > 10
    for record in training:
        sizes = BatchSizes(**record["batch_size"])
        images = training_items(read_problem(record["problem"], record["problem_settings"]))
        largest = max(sizes.first, sizes.last)
        ends = [sizes.first, sizes.last]
        seen = [sizes.size(e, record["epochs"]) for e in range(1, EPOCHS + 1)]
        assert seen == (ends[::-1] if sizes.order == "decreasing" else ends)
        begin, end = batch_bounds(images, largest)[-1]
        assert 1 < end - begin < largest


def test_on_a_gpu_every_batch_size_comes_up_often_enough_to_be_captured(published):
    """Unless the published run itself has fewer images."""

    def items(record):
        return training_items(read_problem(record["problem"], record["problem_settings"]))

    cases = [c for c in all_cases(published, "cuda") if c.published]
    training = [c for c in cases if kind_name(c.record) == "training"]
    enough = [
        items(c.record) // max(c.record["batch_size"][end] for end in ("first", "last")) > 10
        for c in training
    ]
    assert sum(enough) > 10
    for case, is_enough in zip(training, enough, strict=True):
        assert is_enough or items(case.record) == min(items(whole) for whole in case.published)


def test_a_single_image_that_is_left_over_has_a_case(cases):
    (record,) = [c.record for c in cases if c.job == "left_over"]
    size, images = record["batch_size"]["first"], record["problem_settings"]["train_images"]
    assert images % size == 1


def test_each_kind_that_saves_states_has_a_run_that_is_stopped(cases):
    """A probe, a floor or an examination is done at once or again."""
    stopped = {kind_name(c.record) for c in cases if c.stopped}
    assert stopped == set(CUTS) - {"baseline", "examine", "probe"}
    assert all(not c.stopped for c in cases if c.published)


def test_results_of_basin_hopping_are_accepted_and_rejected(cases, monkeypatch):
    whole = (c.record for c in cases if c.published and "steps" in c.record)
    record = next(record for record in whole if record["method"] == "nim_mbh")
    accept, decided = MonotonicBasinHopping.accept, {"accepted": 0, "rejected": 0}

    def counted(self, w, g, ended, state, objective):
        before = state["incumbent"].clone()
        accept(self, w, g, ended, state, objective)
        moved = (state["incumbent"] != before).any(1, keepdim=True)
        decided["accepted"] += int((ended & moved).sum())
        decided["rejected"] += int((ended & ~moved).sum())

    monkeypatch.setattr(MonotonicBasinHopping, "accept", counted)
    method = read_method(record["method"], record["method_settings"])
    problem = read_problem(record["problem"], record["problem_settings"])
    plan = PointsPlan(record["problem"], problem, record["steps"], record["snapshot_every"])
    run_points(plan, [method], [0], ["key"], torch.device("cpu"), NoSession())
    assert min(decided.values()) > 100


def test_networks_are_perturbed_by_methods_that_wait(cases):
    impatient = {c.record["method"] for c in cases if c.job.startswith("impatient_")}
    waiting = {"nim", "nig_bh", "nim_bh", "nig_mbh", "nim_mbh", "perturbed_gradient"}
    assert impatient == waiting


def test_a_kind_that_no_rule_cuts_is_refused():
    with pytest.raises(
        UserError,
        match=f"kind 'other'; allowed: {', '.join(CUTS)}; say in",
    ):
        cut({"kind": "other"}, "cpu", {})


def test_searches_and_what_they_tune_are_cut_together():
    sizes, images = {"first": 50, "last": 50}, {"train_images": 5_000, "validation_images": 500}
    cell = make_training_cell("vgg16", "gd", 100, sizes, {"divisor": 8, **images})
    search = make_search_cell(cell, {"learning_rate": {"choice": (0.1, 0.2)}})
    tuned = replace(cell, tuned_by=tuned_by(search, 8), keep_epochs=(100,))
    probe = make_probe_cell(tuned, "epoch100", "gradient")
    records = [one.record() for one in (probe, tuned, search)]
    cases = published_cases(records, "cpu")
    # each after what it rests on, in one job
    assert [case.published for case in cases] == [(record,) for record in reversed(records)]
    assert len({case.job for case in cases}) == 1
    short = [read_cell(case.record) for case in cases]
    assert short[1].tuned_by == {"search": short[0].id, "trials": 1}
    assert short[2].rests_on == (short[1].id,)
    assert short[0].trial(0).epochs == 2
    for one in short:
        # two batches and three images are trained on
        found = one.problem_settings
        assert found["train_images"] - found["validation_images"] == 103
        assert found["validation_images"] == 253


def test_a_method_with_a_temperature_has_a_case_in_which_it_cools(monkeypatch):
    @dataclass(frozen=True)
    class Warm:
        temperature: float = 1.0

    module = ModuleType(module_name("methods", "toy_warm"))
    module.METHOD = Warm
    monkeypatch.setitem(sys.modules, module.__name__, module)
    usual = registered
    monkeypatch.setattr(
        cases_module, "registered", lambda room: usual(room) + ["toy_warm"] * (room == "methods")
    )
    records = {case.job: case.record for case in cases_module.part_cases("cpu")}
    assert records["cooled_toy_warm"]["temperature"]["name"] == "cooling"
    cooled = {job.removeprefix("cooled_") for job in records if job.startswith("cooled_")}
    annealing = {"sgd_sa", "simulated_annealing", "ssa"}
    assert cooled == {*annealing, "langevin", "minibatch_metropolis", "toy_warm"}


def test_cells_whose_runs_are_under_way_count_as_published(cases, published):
    record = make_training_cell(
        "vgg16", "gd", 100, {"first": 50, "last": 50}, {"divisor": 8, "train_images": 5_000}
    ).record()
    assert not any(record in case.published for case in cases)
    (found,) = [case for case in all_cases(published, "cpu", [record]) if record in case.published]
    assert found.record["epochs"] == 2
    assert found.record["problem_settings"]["train_images"] == 103
    once = [record for case in cases for record in case.published]
    twice = [r for case in all_cases(published, "cpu", once) for r in case.published]
    assert len(twice) == len(once)


def test_a_cosine_is_seen_in_its_warm_up_and_after_it(cases):
    (record,) = [c.record for c in cases if c.job == "training_cosine"]
    assert 0 < record["rate"]["settings"]["warm_up"] < 1
