"""bfloat16 and the memory format are named by a cell; the weights stay float32."""

from __future__ import annotations

import pytest
import torch


def test_bfloat16_differs_a_little_and_keeps_weights_in_float32(house):
    settings = {"train_images": 100, "dropout": 0.0}
    cells = [
        house.cell("adagrad", epochs=2, problem_settings=settings, **more)
        for more in ({}, {"precision": "bfloat16"})
    ]
    one, other = (house.train(cell) for cell in cells)
    assert cells[1].record()["precision"] == "bfloat16"
    assert "precision" not in cells[0].record()
    assert cells[0].id != cells[1].id
    for score in ("train_loss", "test_loss", "running_loss"):
        assert other.curves[score][1:] != one.curves[score][1:]
        assert other.curves[score][1:] == pytest.approx(one.curves[score][1:], rel=0.05)
    tensors = [other.run.network.w, *other.run.network.buffers().values()]
    tensors += other.run.state.values()
    assert {t.dtype for t in tensors if t.is_floating_point()} == {torch.float32}
    assert torch.isfinite(other.run.network.w).all()
    assert not torch.equal(one.run.network.w, other.run.network.w)


def test_the_memory_format_is_that_of_the_cell(house):
    runs = {
        name: house.run(house.cell(problem="toy_cifar", memory_format=name))
        for name in ("channels_last", "contiguous")
    }
    for name, run in runs.items():
        weight = run.network.module[0].weight
        last = weight.is_contiguous(memory_format=torch.channels_last)
        assert (last, weight.is_contiguous()) == (name == "channels_last", name == "contiguous")
    losses = [run.evaluation("test").scores["loss"].item() for run in runs.values()]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    cells = [house.cell(), house.cell(memory_format="contiguous")]
    assert cells[0].id == house.cell(memory_format="channels_last").id != cells[1].id


def test_other_numerics_are_refused(house):
    for more in ({"precision": "float16"}, {"memory_format": "rows"}):
        with pytest.raises(ValueError, match=f"{next(iter(more))} is"):
            house.run(house.cell(**more))
