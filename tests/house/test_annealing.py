"""A method that looks before and after its step in inference mode, and rolls back."""

from __future__ import annotations

import pytest
import torch

from escaping_minima.parts.registry import make_method, make_problem

ONE_BATCH = {"first": 40, "last": 40, "line": "epochs"}


def anneal(house, epochs=6, sizes=ONE_BATCH, settings=None, **more):
    cell = house.cell(
        "toy_annealing", epochs=epochs, sizes=sizes, method_settings=settings or {}, **more
    )
    return house.train(cell).run


def verdicts(run):
    return run.state["accepted"].item(), run.state["rejected"].item()


def everything(run):
    return [run.network.w, *run.network.buffers().values()]


def test_a_step_uphill_is_taken_back_with_its_statistics(house):
    start = house.run(house.cell("toy_annealing"))
    run = anneal(house, settings={"learning_rate": 100.0, "temperature": 1e-9})
    assert verdicts(run) == (0, 6)
    for now, before in zip(everything(run), everything(start), strict=True):
        assert torch.equal(now, before)


def test_a_step_downhill_is_kept_with_its_statistics(house):
    start = house.run(house.cell("toy_annealing"))
    run = anneal(house, settings={"learning_rate": 0.01, "kick": 0.0})
    accepted, _ = verdicts(run)
    assert accepted >= 5
    names = run.network.buffers()
    for name, now, before in zip(["w", *names], everything(run), everything(start), strict=True):
        assert not torch.equal(now, before), name
    # only the gradient's pass moves them: once an update, neither of the two looks does
    moved = next(b for name, b in names.items() if "tracked" in name)
    assert moved.item() == accepted


def test_a_high_temperature_accepts_what_a_low_one_does_not(house):
    run = anneal(house, settings={"learning_rate": 100.0, "temperature": 1e30})
    assert verdicts(run)[0] >= 1
    assert not torch.equal(run.network.w, house.run(house.cell("toy_annealing")).network.w)


def test_each_look_is_counted(house):
    run = anneal(house)
    assert run.objective.gradient_evaluations == 6
    assert run.objective.loss_evaluations == 12


def test_looks_are_in_inference_mode(house):
    """The loss before a step is that of evaluation: no dropout, running statistics."""
    run = house.run(house.cell("toy_annealing", sizes=ONE_BATCH, problem_settings={"dropout": 0.9}))
    with torch.no_grad():
        expected = run.evaluation("train").scores["loss"].item()
        run.begin_epoch(40)
        run.update(0, 40)
    assert run.state["before"].item() == pytest.approx(expected, rel=1e-6)
    assert run.objective.first_loss.item() != pytest.approx(expected, rel=1e-3)
    assert run.network.module.training


def test_a_temperature_that_a_schedule_moves_decides(house):
    """Uphill is taken in the first epoch, and in none after it."""
    frozen = {"name": "cooling", "settings": {"alpha": 1e-38}}
    # steps of next to nothing, and kicks that make worse what they move
    kicked = {"learning_rate": 1e-9, "kick": 0.1, "temperature": 1e9}
    assert verdicts(anneal(house, settings=kicked, temperature=frozen, epochs=1)) == (1, 0)
    assert verdicts(anneal(house, settings=kicked, epochs=8)) == (8, 0)
    accepted, rejected = verdicts(anneal(house, settings=kicked, temperature=frozen, epochs=8))
    assert accepted + rejected == 8
    assert rejected >= 4


def test_the_same_method_runs_on_the_plane_row_by_row(runs, toys):
    """Each replicate decides for itself, with draws of its own."""
    problem = make_problem("himmelblau", {})
    method = make_method("toy_annealing", {"learning_rate": 0.02, "kick": 0.1})
    (end,) = runs.run_function("himmelblau", problem, [method], 150, 50, [0])
    losses = end["loss_evaluations"]
    assert (losses == 300).all()
    values = problem.value(end["start_x"], end["start_y"])
    assert (end["loss"] < values).mean() > 0.9
