"""What people put around an optimizer: accumulation, autocast, compiled models, processes."""

from __future__ import annotations

import os
import shutil

import pytest
import torch
from torch import nn

from escaping_minima.methods.optimizer import MethodOptimizer

SETTINGS = {
    "nim_mbh": {"lr": 0.05, "radius": 0.1, "patience": 2, "gradient_tolerance": 1e-9},
    # moves at the higher rate are rejected at times, and would not all be by half of the data
    "sgd_sa": {"rates": (0.05, 3.0), "temperature": 1.0},
}


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()


def data():
    x = torch.randn(8, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return x, x.sum(1, keepdim=True)


def train(model, parts=1, run=None, steps=10, share=slice(None), seed=0, method="nim_mbh"):
    """Return the weights after some steps on a share of the data, in so many parts."""
    x, y = (t[share] for t in data())
    optimizer = MethodOptimizer(model.parameters(), method, seed, **SETTINGS[method])

    def closure():
        optimizer.zero_grad()
        total = 0.0
        for a, b in zip(x.chunk(parts), y.chunk(parts), strict=True):
            loss = ((run or model)(a) - b).square().mean() / parts
            loss.backward()
            total += loss.item()
        return total

    def evaluate():
        return ((run or model)(x) - y).square().mean()

    for _ in range(steps):
        optimizer.step(closure, evaluate)
    optimizer.finish(closure, evaluate)
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


def test_accumulated_gradients_are_those_of_the_whole_batch():
    assert torch.allclose(train(network(), parts=4), train(network()), rtol=0, atol=1e-12)


def needs_compiler(backend):
    found = any(map(shutil.which, filter(None, (os.environ.get("CXX"), "g++", "clang++"))))
    return pytest.param(
        backend, marks=pytest.mark.skipif(not found, reason="there is no C++ compiler")
    )


@pytest.mark.parametrize("backend", ["aot_eager", needs_compiler("inductor")])
def test_a_compiled_model_trains_to_the_same_weights(backend):
    model = network()
    compiled = torch.compile(model, backend=backend, fullgraph=True)
    weights = train(model, run=compiled)
    assert torch.allclose(weights, train(network()), rtol=0, atol=1e-12)


def test_autocast_works_and_keeps_the_weights_in_their_format():
    model = network().float()

    def run(x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return model(x.float())

    weights = train(model, run=run)
    assert weights.dtype == torch.float32
    exact = network().float()
    exact_weights = train(exact, run=lambda x: exact(x.float()))
    assert torch.allclose(weights, exact_weights, rtol=0, atol=0.02)
    assert not torch.equal(weights, exact_weights)


def test_a_scaler_is_refused_with_the_reason():
    weight = nn.Parameter(torch.ones(2))
    optimizer = MethodOptimizer([weight], "sam")
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale(weight.sum()).backward()
    with pytest.raises(
        RuntimeError, match=r"length of gradients and losses.*bfloat16 and no scaler"
    ):
        scaler.step(optimizer)
    assert torch.equal(weight, torch.ones(2))


def one_of_two(rank, folder):
    """Train on half the data beside another process, then with a seed of its own."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2
    )
    model = network()
    parallel = nn.parallel.DistributedDataParallel(model)
    share = slice(4 * rank, 4 * rank + 4)
    for method in SETTINGS:
        model.load_state_dict(network().state_dict())
        found = train(model, run=parallel, share=share, method=method)
        torch.save(found, f"{folder}/{method}_{rank}.pt")
    with pytest.raises(ValueError, match=r"the seed is .* another elsewhere"):
        train(model, run=parallel, share=share, seed=rank, steps=1)
    torch.distributed.destroy_process_group()


def test_two_processes_end_with_the_weights_of_one(tmp_path):
    torch.multiprocessing.spawn(one_of_two, (str(tmp_path),), nprocs=2)
    for method in SETTINGS:
        first, second = (torch.load(tmp_path / f"{method}_{rank}.pt") for rank in (0, 1))
        assert torch.equal(first, second)
        assert torch.allclose(first, train(network(), method=method), rtol=0, atol=1e-12)
