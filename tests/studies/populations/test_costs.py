"""What missing runs take, against hours worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from escaping_minima.parts.study_settings import described_settings
from escaping_minima.studies.populations.costs import NETWORK, Missing, missing_runs
from escaping_minima.studies.populations.plan import plan_cells
from escaping_minima.studies.populations.settings import Settings

#: Seconds of a run of SGD on an H200: 30 epochs of 352 updates, and a forward pass, a third of one,
#: for each minibatch of the 45,000, 5,000 and 10,000 images that are evaluated; SAM takes two
#: gradients an update.
EVALUATED = (352 + 40 + 79) / 3
SGD, SAM = (30 * (each * 352 + EVALUATED) * 0.0086 for each in (1, 2))
#: Of a trial: ten epochs.
TRIAL = SGD / 3


def missing(jobs, methods, cells=(), tasks=("cifar-10",)):
    table = pd.DataFrame(cells, columns=["cell", "blocks"])
    return missing_runs(jobs, tasks, methods, table)


def cells_of(**labels):
    numbers = {name: said.scales["gpu"] for name, said in described_settings(Settings).items()}
    return {
        item.cell.id: item.cell
        for item in plan_cells(Settings(**{**numbers, **NETWORK}))
        if all(item.labels[name] == value for name, value in labels.items())
    }


def test_all_is_missing_where_nothing_was_run():
    found = missing(["base"], ["gd", "sam"])
    assert found.trajectories == 20
    assert found.gpu_hours == pytest.approx(10 * (SGD + SAM) / 3600)
    assert found.core_hours == 0.0


def test_what_is_there_is_not_missing():
    (cell,) = cells_of(role="base", task="cifar-10", method="gd")
    found = missing(["base"], ["gd", "sam"], [(cell, 4)])
    assert found.trajectories == 16
    assert found.gpu_hours == pytest.approx((6 * SGD + 10 * SAM) / 3600)
    assert missing(["base"], ["gd"], [(cell, 12)]) == Missing(0, 0.0, 0.0)
    # runs of other settings are other cells
    assert missing(["base"], ["gd"], [("0" * 10, 10)]) == missing(["base"], ["gd"])


def test_tuned_runs_lack_their_searches_as_well():
    found = missing(["tuned"], ["gd"])
    assert found.trajectories == 10
    assert found.gpu_hours == pytest.approx((10 * SGD + 8 * TRIAL) / 3600)
    # those for acting settings are no part of it
    assert missing(["tuned"], ["nig"]).gpu_hours == pytest.approx(found.gpu_hours)


def test_texts_are_counted_in_hours_of_a_core():
    ((_, cell),) = cells_of(role="base", task="goemotions", method="nim_bh").items()
    assert cell.problem_settings["encoder"] == "bert-base-uncased"
    found = missing(["base"], ["nim_bh"], tasks=["goemotions"])
    assert found == Missing(10, 0.0, pytest.approx(10 * cell.cost / 3600))


def test_it_is_said_in_words():
    assert Missing(3, 1.24, 0.0).words() == "3 trajectories, 1.2 GPU hours"
    assert Missing(2, 1.0, 7.0).words() == "2 trajectories, 1.0 GPU hours and 7.0 core hours"
    assert Missing(0, 0.0, 0.0).words() == "0 trajectories, no time to speak of"
