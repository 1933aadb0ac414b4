"""Rates, momentum and weight decay for any method, named by the cell."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from escaping_minima.engine.scheduled import Moved
from escaping_minima.errors import UserError
from escaping_minima.parts.registry import make_method, make_part
from escaping_minima.vouching.cases import registered

#: Those that descend, and so have a rate.
METHODS = [m for m in registered("methods") if hasattr(make_method(m, {}), "learning_rate")]
MOMENTUM = {"name": "momentum", "settings": {"share": 0.9}}
DECAY = {"name": "weight_decay", "settings": {"rate": 0.1}}
STOP = {"name": "steps", "settings": {"epochs": [2], "by": 1e-30}}


def states(house, method, **more):
    session = house.runs.MemorySession()
    house.train(house.cell(method, epochs=2, keep_epochs=(0, 1, 2), **more), session=session)
    return {
        # running statistics move though the weights stand still
        name: torch.cat(
            [t.reshape(-1) for n, t in state.items() if n.endswith((".weight", ".bias"))]
        )
        for (_, name), state in session.states.items()
    }


@pytest.mark.parametrize("method", METHODS)
def test_a_rate_schedule_moves_any_method(house, method):
    found = states(house, method, rate=STOP)
    assert sorted(found) == ["epoch0", "epoch1", "epoch2"]
    assert not torch.equal(found["epoch0"], found["epoch1"])
    # from the second epoch on steps are too short to be seen in float32
    assert torch.equal(found["epoch1"], found["epoch2"])
    plain = states(house, method)
    assert not torch.equal(plain["epoch1"], plain["epoch2"])
    torch.testing.assert_close(found["epoch1"], plain["epoch1"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("method", "slot"),
    [
        *((method, MOMENTUM) for method in METHODS),
        # which is added to gradients, and so nothing to what asks for none
        *((method, DECAY) for method in METHODS if method != "two_point"),
    ],
    ids=str,
)
def test_modifiers_move_any_method(house, method, slot):
    changed, plain = states(house, method, modifiers=(slot,)), states(house, method)
    assert torch.equal(changed["epoch0"], plain["epoch0"])
    assert torch.isfinite(changed["epoch2"]).all()
    assert not torch.equal(changed["epoch1"], plain["epoch1"])


def test_decay_goes_into_the_velocity_whichever_is_the_inner(house):
    pairs = [
        states(house, "gd", modifiers=m)["epoch2"] for m in ((DECAY, MOMENTUM), (MOMENTUM, DECAY))
    ]
    assert torch.equal(*pairs)
    alone = states(house, "gd", modifiers=(MOMENTUM,))["epoch2"]
    assert not torch.equal(pairs[0], alone)


def test_cosine_rates_are_followed_update_by_update(house):
    """Without dropout, one batch an epoch: each step is the gradient's times the factor."""
    sizes = {"first": 40, "last": 40, "line": "epochs"}
    cosine = {"name": "cosine", "settings": {"warm_up": 0.0}}
    cell = house.cell(
        "gd",
        epochs=4,
        sizes=sizes,
        rate=cosine,
        keep_epochs=(1, 2, 3, 4),
        problem_settings={"dropout": 0.0},
    )
    run = house.run(cell)
    with torch.no_grad():
        for epoch in range(1, 5):
            run.at.epoch = epoch
            before = run.network.w.clone()
            run.begin_epoch(40)
            run.update(0, 40)
            factor = (1 + np.cos(np.pi * (epoch - 1) / 4)) / 2
            expected = before - 0.05 * factor * run.state["g"]
            torch.testing.assert_close(run.network.w, expected, rtol=1e-6, atol=1e-7)


def test_parts_of_a_cell_name_it(house):
    cells = [
        house.cell(),
        house.cell(rate=STOP),
        house.cell(rate=STOP | {"settings": {"epochs": [3], "by": 1e-30}}),
        house.cell(temperature=STOP),
        house.cell(modifiers=(MOMENTUM,)),
        house.cell(modifiers=(MOMENTUM, DECAY)),
        house.cell(modifiers=(DECAY, MOMENTUM)),
    ]
    assert len({cell.id for cell in cells}) == len(cells)


def test_a_schedule_of_what_a_method_has_not_is_refused():
    cpu = torch.device("cpu")
    with pytest.raises(ValueError, match="GradientDescent has no temperature"):
        Moved(make_method("gd", {}), "temperature", make_part("schedules", "steps", {}), cpu)


def test_a_part_that_is_not_there_is_refused(house):
    with pytest.raises(UserError, match="schedules: there is no 'sawtooth'"):
        house.run(house.cell(rate={"name": "sawtooth", "settings": {}}))
