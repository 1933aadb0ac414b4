"""What bounds an update on a GPU: starting kernels, arithmetic, moving bytes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

import torch
from card_peak import forward_flops
from torch import nn
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

#: Kernels in a graph, and replays of it, by which starts are timed.
STARTS, REPLAYS = 500, 20
#: Numbers that are copied, and copies that are timed.
NUMBERS, COPIES = 2**28, 10
#: Passes of an update over memory as long as the weights: forward and backward read the weights,
#: backward writes a gradient that is copied (read, written), and AdaGrad reads gradient, sum and
#: weights and writes the last two.
WEIGHT_PASSES = 2 + 1 + 2 + 5
#: Passes over what layers give out: written and read forward, read and its gradient written
#: backward.
OUTPUT_PASSES = 4


def kernels_of(updates: Callable[[], object]) -> Counter[str]:
    """Return how often each kernel, copy and fill ran on the GPU in some updates, by its name.

    Parameters
    ----------
    updates : callable
        Does them, not captured.
    """
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as found:
        updates()
        torch.cuda.synchronize()
    counts: Counter[str] = Counter()
    for event in found.events():
        if event.device_type == DeviceType.CUDA:
            counts[event.name] += 1
    return counts


def seconds_a_start(streams: int) -> float:
    """Return how long a card takes from kernel to kernel where graphs of streams run together."""
    graphs = []
    for stream in [torch.cuda.Stream() for _ in range(streams)]:
        one = torch.zeros(1, device="cuda")
        graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize()
        with torch.cuda.graph(graph, stream=stream):
            for _ in range(STARTS):
                one.add_(1)
        graphs.append((graph, stream))
    return _seconds(lambda: _replay(graphs), REPLAYS) / (STARTS * streams)


def _replay(graphs: Sequence[tuple[torch.cuda.CUDAGraph, torch.cuda.Stream]]) -> None:
    for graph, stream in graphs:
        with torch.cuda.stream(stream):
            graph.replay()


def bytes_a_second() -> float:
    """Return the bytes a second, read and written, of copies that are larger than any cache."""
    a = torch.zeros(NUMBERS, device="cuda")
    b = torch.empty_like(a)
    return 2 * a.numel() * a.element_size() / _seconds(lambda: b.copy_(a), COPIES)


def update_flops(network: nn.Module, shape: Sequence[int]) -> int:
    """Return the operations of an update for each item; a backward pass is two forward ones."""
    return 3 * forward_flops(network, shape)


def update_bytes(network: nn.Module, shape: Sequence[int], items: int) -> float:
    """Return the bytes that an update reads and writes where no cache holds anything."""
    outputs = []
    layers = [m for m in network.modules() if not list(m.children())]
    hooks = [m.register_forward_hook(lambda *a: outputs.append(a[2].numel())) for m in layers]
    with torch.no_grad():
        network.eval()(torch.zeros(1, *shape))
    for hook in hooks:
        hook.remove()
    weights = sum(p.numel() for p in network.parameters())
    return 4.0 * (WEIGHT_PASSES * weights + OUTPUT_PASSES * items * sum(outputs))


def _seconds(work: Callable[[], object], count: int) -> float:
    work()
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(count):
        work()
    torch.cuda.synchronize()
    return (time.perf_counter() - began) / count
