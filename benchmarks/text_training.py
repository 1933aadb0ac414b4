"""How many sentences a second the engine trains, beside a plain loop, measured in one run.

    python benchmarks/text_training.py [--rounds N] [--layers N] [--width N] [--write FILE]

Both train a BERT of one shape with SGD on tweets, 16 a batch. The plain loop is what the Trainer of
transformers does by default: its network, batches in random order, each padded to its longest
text. They take turns, and the median of the rounds counts, so that other load on the machine
touches both alike.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from escaping_minima.data.token_cache import load_tokens
from escaping_minima.engine.numerics import settle
from escaping_minima.engine.run import Run, TrainingPlan
from escaping_minima.parts.registry import make_method
from escaping_minima.problems.bert import DATA_SETS, VOCABULARY, Bert
from escaping_minima.problems.networks.bert import INNER
from escaping_minima.problems.tasks.placed_texts import PlacedSplit, place_texts
from escaping_minima.provenance.circumstances import machine, versions
from escaping_minima.schedules.batch_sizes import BatchSizes, batch_bounds

DATA_SET, LENGTH, SIZE, RATE = "tweeteval-emotion", 64, 16, 0.01
#: Updates in one turn.
TURN = 5
CPU = torch.device("cpu")

Update = Callable[[], None]


def engine_update(problem: Bert) -> Update:
    """Return what does one update of a run of the engine."""
    data = problem.select(load_tokens(DATA_SET, "sample", LENGTH))
    plan = TrainingPlan(
        "bert",
        problem,
        make_method("gd", {"learning_rate": RATE}),
        BatchSizes(SIZE, SIZE),
        10**6,
    )
    with torch.no_grad():
        run = Run(plan, problem.place(data, CPU), 0, CPU)
    bounds = batch_bounds(run.task.size, SIZE)

    def batches() -> Iterator[tuple[int, int]]:
        while True:
            run.begin_epoch(SIZE)
            yield from bounds
            run.at.epoch += 1

    places = batches()

    def update() -> None:
        with torch.no_grad():
            run.update(*next(places))

    return update


def plain_update(problem: Bert) -> Update:
    """Return what does one update of the plain loop."""
    # torchvision, which it would import, does not go with every build of torch
    sys.modules["torchvision"] = None  # type: ignore[assignment]
    transformers = importlib.import_module("transformers")
    config = transformers.BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=problem.width,
        num_hidden_layers=problem.layers,
        num_attention_heads=problem.heads,
        intermediate_size=INNER * problem.width,
        num_labels=DATA_SETS[DATA_SET][0],
    )
    network = transformers.BertForSequenceClassification(config).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    texts = place_texts(load_tokens(DATA_SET, "sample", LENGTH), CPU).train
    batches = _shuffled(texts)

    def update() -> None:
        rows = next(batches)
        tokens, mask = texts.inputs(rows, int(texts.lengths[rows].max()))
        found = network(input_ids=tokens, attention_mask=mask.long(), labels=texts.targets[rows])
        optimizer.zero_grad()
        found.loss.backward()
        optimizer.step()

    return update


def _shuffled(texts: PlacedSplit) -> Iterator[torch.Tensor]:
    while True:
        yield from torch.randperm(len(texts)).split(SIZE)


def measure(problem: Bert, rounds: int) -> dict[str, float]:
    """Return the sentences a second of both, the medians over the rounds."""
    updates = {"engine": engine_update(problem), "plain loop": plain_update(problem)}
    seconds: dict[str, list[float]] = {name: [] for name in updates}
    for number in range(rounds + 1):
        for name, update in updates.items():
            began = time.process_time()
            for _ in range(TURN):
                update()
            # the first round warms up
            if number:
                seconds[name].append(time.process_time() - began)
    return {name: TURN * SIZE / statistics.median(each) for name, each in seconds.items()}


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--write", type=Path)
    args = parser.parse_args()
    settle()
    shape = {"layers": args.layers, "width": args.width, "heads": args.heads}
    problem = Bert(data="sample", data_set=DATA_SET, length=LENGTH, **shape)
    found = measure(problem, args.rounds)
    rows = [f"| {name} | {rate:.1f} |" for name, rate in found.items()]
    text = "\n".join(
        [
            "# Training on texts, beside a plain loop",
            "",
            f"A BERT of {args.layers} layers and width {args.width} on tweets, batch size {SIZE}, "
            f"one core, {args.rounds} rounds of {TURN} updates. Seconds are those of the process.",
            "",
            "| | sentences a second |",
            "|---|---|",
            *rows,
            "",
            f"The engine trains {found['engine'] / found['plain loop']:.2f} times as many. "
            "It batches texts of similar length; the plain loop does not.",
            "",
            f"Made on {machine()}, torch {versions()['torch']}.",
            "",
        ]
    )
    print(text)
    if args.write:
        args.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
