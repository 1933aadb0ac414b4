"""Noise along runs from batches drawn at kept states: where, what is kept, and what it says."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from batch_increase_further import FALSE, TRUE, planted
from batch_increase_judging import judged
from torch import nn

from escaping_minima.collect.merging import Offered
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.flat_network import FlatNetwork
from escaping_minima.measures.batch_spread import NAME, BatchSpread
from escaping_minima.studies.batch_increase.collect import TABLES
from escaping_minima.studies.batch_increase.ladder import NOISE_PARTS, noise_states
from escaping_minima.studies.batch_increase.probed import say_target
from escaping_minima.studies.batch_increase.spread_tables import (
    along_runs,
    noise_of_spreads,
    of_block,
)

EPOCHS = 3000
SIZE, DRAWS, BLOCK = 5, 9, 2


@pytest.mark.parametrize("epochs", [10, 50, 150, 500, 3000])
def test_each_tenth_has_a_state_in_its_middle(epochs):
    states = noise_states(epochs)
    assert [state * NOISE_PARTS // epochs for state in states] == list(range(NOISE_PARTS))
    middles = (np.arange(NOISE_PARTS) + 0.5) / NOISE_PARTS
    np.testing.assert_allclose(np.array(states) / epochs, middles, atol=1 / epochs)


def test_a_short_run_looks_once_at_a_state():
    assert noise_states(2) == [0, 1]


class Given:
    """A task whose single losses are numbers."""

    def __init__(self, losses):
        self.losses = torch.tensor(losses, dtype=torch.float32).view(-1, 1)
        self.size = len(losses)

    def batch(self, rows):
        return self.losses[rows], torch.zeros(len(rows))

    def loss(self, outputs, _):
        return outputs[:, 0].mean()


def spreads_of(losses):
    """Return what a probe finds of a network whose single losses are these."""
    module = nn.Linear(1, 1, bias=False)
    nn.init.ones_(module.weight)
    network = FlatNetwork(module, torch.device("cpu"), torch.contiguous_format)
    measure = BatchSpread(sizes=(SIZE,), draws=DRAWS, training_draws=DRAWS, shown=DRAWS)
    table = pd.DataFrame(measure.at_state_of(network, Given(losses), BLOCK))
    return of_block(SimpleNamespace(table=table))


def test_a_row_is_a_batch_of_an_epoch_less_the_loss_of_all():
    losses = np.random.default_rng(0).gamma(2.0, size=23)
    found = noise_of_spreads(spreads_of(losses))
    assert len(found) == DRAWS
    assert set(found["batch_size"]) == {SIZE}
    np.testing.assert_allclose(found["full_loss"], losses.mean(), rtol=1e-6)
    np.testing.assert_allclose(found["sigma"], losses.std(), rtol=1e-6)
    # a permutation has four whole batches, so that the first four are of one
    name = f"without replacement {SIZE} 0"
    order = Streams(NAME, BLOCK).generator(name, 0).permutation(23)[:20].reshape(4, SIZE)
    apart = losses[order].mean(1) - losses.mean()
    for mode in ("training", "inference"):
        np.testing.assert_allclose(found[f"{mode}_deviation"][:4], apart, atol=1e-6)


def test_collecting_keeps_the_batches_with_the_run_that_they_belong_to():
    labels = {"role": "noise", "variant": "main, epoch 25", "target_role": "main"}
    labels |= {"strategy": "fixed_10", "epochs": 500, "state": 25}
    planned = SimpleNamespace(cell_id="0123456789", labels=labels)
    spreads = spreads_of(np.arange(1.0, 12.0))
    offered = Offered(planned, 4, {}, {"spreads.parquet": spreads})
    (name, found), *more = TABLES.pieces(offered).items()
    assert (name, more) == ("noise.parquet", [])
    assert len(found) == DRAWS
    kept = {"cell": "0123456789", "seed": 4, **{k: labels[k] for k in ("target_role", "strategy")}}
    kept |= {"epochs": 500, "state": 25}
    for column, value in kept.items():
        assert set(found[column]) == {value}
    assert name in TABLES.layouts
    # that of another role keeps its table
    assert list(TABLES.pieces(replace(offered, planned=as_spread(planned)))) == ["spreads.parquet"]


def as_spread(planned):
    return SimpleNamespace(cell_id=planned.cell_id, labels=planned.labels | {"role": "spread"})


def drawn_at_states(tables):
    """Return planted tables whose rows along runs lie at kept states, as if a probe drew them."""
    cells = tables["cells.csv"]
    runs = cells.set_index("cell")
    rows = tables["deviations.parquet"]
    tenth = (rows["epoch"] - 1) * NOISE_PARTS // EPOCHS
    state = np.array(noise_states(EPOCHS))[tenth]
    noise = rows.drop(columns=["epoch", "update"]).assign(
        cell=[f"{cell}-noise-{s}" for cell, s in zip(rows["cell"], state, strict=True)],
        target_role=rows["cell"].map(runs["role"]),
        strategy=rows["cell"].map(runs["strategy"]),
        epochs=EPOCHS,
        state=state,
    )
    probes = noise.drop_duplicates("cell")
    described = runs.loc[probes["cell"].str.rpartition("-noise-")[0]].reset_index(drop=True)
    variants = [say_target("main", s) for s in probes["state"]]
    described = described.assign(cell=probes["cell"].to_list(), role="noise", variant=variants)
    left = {name: table for name, table in tables.items() if name != "deviations.parquet"}
    return left | {
        "noise.parquet": noise,
        "cells.csv": pd.concat([cells, described], ignore_index=True),
    }


@pytest.fixture(scope="module")
def true():
    return planted(TRUE, horizons={"main": EPOCHS})


def test_rows_at_states_are_those_of_the_runs_that_kept_them(true):
    found = along_runs(drawn_at_states(true))
    rows = true["deviations.parquet"]
    assert found["cell"].tolist() == rows["cell"].tolist()
    assert (found["epoch"] - 1).isin(noise_states(EPOCHS)).all()
    both = along_runs(drawn_at_states(true) | {"deviations.parquet": rows})
    assert len(both) == 2 * len(rows)
    assert list(both) == list(found)


def test_rows_of_runs_that_are_not_there_are_left_out(true):
    tables = drawn_at_states(true)
    cells = tables["cells.csv"]
    fewer = cells[cells["cell"] != "main-3000-fixed_10"]
    found = along_runs(tables | {"cells.csv": fewer})
    assert set(true["deviations.parquet"]["cell"]) - set(found["cell"]) == {"main-3000-fixed_10"}


def test_without_any_there_is_nothing():
    assert along_runs({}).empty


@pytest.mark.parametrize(("facts", "verdict"), [(TRUE, "reproduced"), (FALSE, "not reproduced")])
def test_the_claims_on_noise_are_decided_by_states_alone(facts, verdict):
    tables = drawn_at_states(planted(facts, horizons={"main": EPOCHS}))
    found = judged(tables, "T03", "T18")
    assert {name: claim["verdict"] for name, claim in found.items()} == {
        "T03": verdict,
        "T18": verdict,
    }
