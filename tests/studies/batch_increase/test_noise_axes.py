"""Noise of annealed methods on the same axes, against schedules written out and counts by hand."""

from __future__ import annotations

import json
import math
from dataclasses import fields

import pandas as pd
import pytest

from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.parts.registry import make_method, part_class
from escaping_minima.parts.settings import settings_of
from escaping_minima.studies.batch_increase.annealing_cells import FRAMES, annealing_items
from escaping_minima.studies.batch_increase.annealing_figures import figure_3
from escaping_minima.studies.batch_increase.noise_axes import SHARES, StudyTables, noise_axes
from escaping_minima.studies.batch_increase.noise_schedules import (
    BATCH,
    INJECTED,
    TEMPERATURE,
    noisy_methods,
)
from escaping_minima.vouching.cases import registered

IMAGES, EPOCHS = 2_000, 10


def trained(method, sizes=(10, 10), epochs=EPOCHS, **more):
    first, last = sizes
    batches = {"first": first, "last": last, "line": "epochs"}
    data = {"data": "sample", "train_images": IMAGES, "test_images": 100}
    return make_training_cell("takase_mnist", method, epochs, batches, data, **more).record()


def points(method, **settings):
    return {
        "method": method,
        "method_settings": settings_of(make_method(method, settings)),
        "problem": "himmelblau",
        "steps": 1_000,
    }


def tables(study, records, published=False, **more):
    """Return tables of some cells, each (name, record) or (name, record, role, variant)."""
    rows = [
        dict(zip(("cell", "settings", "role", "variant"), (*row, "main", "")[:4], strict=True))
        for row in ((name, json.dumps(record), *names) for name, record, *names in records)
    ]
    rows = [{"role": "main", "variant": ""} | row for row in rows]
    return StudyTables(study, {"cells.csv": pd.DataFrame(rows), **more}, published)


def curve(noise, **names):
    for name, value in names.items():
        noise = noise[noise[name] == value]
    return noise


COOLING = {"name": "cooling", "settings": {"alpha": 0.5}}
COSINE = {"name": "cosine", "settings": {"warm_up": 0.0}}


def test_every_method_with_noise_is_known():
    found = noisy_methods()
    for name in registered("methods"):
        own = {entry.name for entry in fields(part_class("methods", name))}
        assert (name in found) == (name != "sam" and bool(own & {"temperature", "radius"}))
    assert found["ssa"] == found["sgd_sa"] == found["simulated_annealing"] == TEMPERATURE
    assert found["nig"] == found["nim_bh"] == INJECTED


def test_temperatures_fall_by_the_epoch_or_by_the_step():
    (planned, *_) = annealing_items(1)
    there = tables("s", [("a", trained("ssa", temperature=COOLING)), ("b", planned.cell.record())])
    noise = noise_axes([there])
    assert set(noise["kind"]) == {TEMPERATURE}
    by_epoch = curve(noise, cell="a")
    assert by_epoch["value"].tolist() == pytest.approx(
        [0.5 ** min(math.floor(share * EPOCHS + 1e-12), EPOCHS - 1) for share in SHARES], rel=1e-9
    )
    by_step = curve(noise, cell="b")
    frame = FRAMES[planned.cell.problem]
    assert by_step["value"].iloc[[0, -1]].tolist() == pytest.approx([frame.hot, frame.cold], 1e-6)
    middle = by_step["value"].iloc[len(SHARES) // 2]
    assert middle == pytest.approx(math.sqrt(frame.hot * frame.cold), rel=1e-2)
    assert by_step["relative"].iloc[0] == 1.0
    assert set(by_step["label"]) == {planned.cell.problem}


def test_the_spread_of_a_batch_falls_as_it_grows_and_fixed_sizes_are_left_out():
    cells = [("a", trained("adagrad", (10, 100))), ("b", trained("adagrad", (100, 100)))]
    noise = noise_axes([tables("s", cells)])
    assert set(noise["cell"]) == {"a"}
    assert set(noise["kind"]) == {BATCH}
    ends = [math.sqrt((IMAGES - n) / (n * (IMAGES - 1))) for n in (10, 100)]
    assert noise["value"].iloc[[0, -1]].tolist() == pytest.approx(ends)
    assert set(noise["label"]) == {"10 to 100"}


def test_noise_in_the_gradient_falls_with_the_rate_and_noise_in_the_model_does_not():
    cells = [
        ("a", trained("nig", rate=COSINE)),
        ("b", trained("nim", rate=COSINE)),
        ("c", trained("sam", rate=COSINE)),
        ("d", points("nig", radius=25.0, learning_rate=0.01)),
    ]
    noise = noise_axes([tables("one", cells[:3]), tables("two", cells[3:])])
    assert set(noise["cell"]) == {"a", "b", "d"}
    falling = curve(noise, cell="a")["relative"]
    assert falling.iloc[50] == pytest.approx(0.5, abs=0.01)
    assert falling.iloc[-1] == pytest.approx(0.0, abs=1e-6)
    assert set(curve(noise, cell="b")["relative"]) == {1.0}
    assert set(curve(noise, cell="d")["value"]) == {0.25}


def test_the_main_form_and_the_longest_run_stand_for_a_method_and_own_runs_come_first():
    cells = [
        ("variant", trained("ssa", epochs=99, temperature=COOLING), "main", "another reading"),
        ("short", trained("ssa", epochs=3, temperature=COOLING), "main", ""),
        ("sweep", trained("ssa", epochs=50, temperature=COOLING), "sweep", ""),
        ("long", trained("ssa", epochs=20, temperature=COOLING), "main", ""),
    ]
    assert set(noise_axes([tables("s", cells)])["cell"]) == {"long"}
    both = [tables("s", cells[1:2]), tables("s", cells, published=True)]
    noise = noise_axes(both)
    assert set(noise["cell"]) == {"short"}
    assert not noise["published"].any()


def test_cells_without_noise_of_their_own_are_left_out():
    tuned = trained("nig") | {"tuned_by": {"search": "a", "trials": 2}}
    no_test = trained("sgd_sa", method_settings={"accept": False}, temperature=COOLING)
    cooled_twice = trained("sgd_sa", method_settings={"cooling": 0.9}, temperature=COOLING)
    cells = [("a", tuned), ("b", no_test), ("c", cooled_twice), ("d", trained("gd"))]
    assert noise_axes([tables("s", cells)]).empty


def test_runs_say_what_noise_did():
    (planned, *_) = annealing_items(1)
    steps = planned.cell.steps
    courses = pd.DataFrame(
        {
            "cell": "sa",
            "seed": [0, 0, 0, 1, 1, 1],
            "step": [0, steps // 2, steps] * 2,
            "worse": [0, 10, 10, 0, 30, 10],
            "accepted_worse": [0, 8, 1, 0, 12, 0],
        }
    )
    deviations = pd.DataFrame(
        {
            "cell": "grown",
            "seed": [0, 0, 1, 1],
            "epoch": [1, 2, 1, 2],
            "inference_deviation": [-0.4, 0.1, 0.2, 0.0],
        }
    )
    activity = pd.DataFrame(
        {
            "cell": "nim",
            "block": 0,
            "epoch": [0, 1, 2],
            "fired": [math.nan, 0.5, 0.0],
            "noise_ratio": [math.nan, 3.0, math.nan],
        }
    )
    more = {
        "annealing.parquet": courses,
        "deviations.parquet": deviations,
        "activity.parquet": activity,
    }
    cells = [
        ("sa", planned.cell.record(), "annealing", "cooled"),
        ("grown", trained("adagrad", (10, 100), epochs=2)),
        ("nim", trained("nim", epochs=2)),
    ]
    noise = curve(noise_axes([tables("s", cells, **more)]), source="runs")
    values = {name: rows["value"].tolist() for name, rows in noise.groupby("cell")}
    assert values["sa"] == pytest.approx([20 / 40, 1 / 20])
    assert values["grown"] == pytest.approx([0.3, 0.05])
    assert values["nim"] == pytest.approx([1.5, 0.0])
    assert curve(noise, cell="sa")["share"].tolist() == [0.25, 0.75]
    assert curve(noise, cell="grown")["relative"].tolist() == pytest.approx([1.0, 1 / 6])


def test_figure_3_draws_a_curve_once_and_names_what_has_no_run():
    cells = [("a", points("nig")), ("b", points("nim")), ("c", trained("adagrad", (10, 100)))]
    figure = figure_3(noise_axes([tables("s", cells)]))
    scheduled, runs = figure.axes
    names = [line.get_label() for line in scheduled.lines]
    assert set(names) == {"NiG-GD, NiM-GD (injected noise)", "AdaGrad (10 to 100)"}
    assert not runs.lines
    assert "SSA" in figure.get_suptitle()
    assert "NiG-GD" not in figure.get_suptitle()
