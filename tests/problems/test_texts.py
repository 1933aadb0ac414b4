"""Batches, losses and scores of texts against each text alone, unpadded, in float64."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from escaping_minima.draws.streams import Streams
from escaping_minima.engine.numerics import Numerics
from escaping_minima.problems.tasks import placed_texts
from escaping_minima.problems.tasks.class_macro_f1 import ClassMacroF1
from escaping_minima.schedules.batch_sizes import batch_bounds

CPU = torch.device("cpu")
SETS = ("tweeteval-emotion", "goemotions")


@pytest.fixture(scope="module")
def small(load_module):
    return load_module(Path(__file__).with_name("small_bert.py"))


class Used:
    """A small BERT without dropout, its uneven texts and its task."""

    def __init__(self, small, data_set, block=0, **more):
        self.small = small
        self.problem = small.bert(data_set, **{"dropout": 0.0} | more)
        self.data = small.uneven(small.data_of(self.problem))
        self.streams = Streams("bert", block)
        self.placed = self.problem.place(self.data, CPU)
        self.task = self.problem.task(self.placed, self.streams)
        self.network = self.problem.network()
        self.problem.start(self.network, self.streams)
        # logits that differ: drawn weights are small
        with torch.no_grad():
            self.network.head.weight.mul_(50)

    def slow(self, split, items):
        """Return logits in float64, each text alone."""
        exact = copy.deepcopy(self.network).double()
        part = getattr(self.data, split)
        texts = [self.small.text(part, item) for item in items]
        rows = [exact((t, torch.ones_like(t, dtype=torch.bool))) for t in texts]
        return exact, torch.cat(rows), part.labels[list(items)]


def slow_losses(logits, labels):
    """Return each text's loss: of a softmax, or of sigmoids, the mean over labels."""
    if labels.ndim == 1:
        return logits.logsumexp(1) - logits[range(len(labels)), labels]
    true = torch.from_numpy(labels).double()
    # -log of sigmoid(z) where it applies and of sigmoid(-z) where not
    each = torch.log1p(torch.exp(-logits * (2 * true - 1)))
    return each.mean(1)


@pytest.fixture(params=SETS)
def used(small, request):
    return Used(small, request.param)


def test_a_batch_is_its_texts_cut_to_the_longest(used):
    rows = torch.tensor([7, 0, 31, 16])
    (tokens, mask), targets = used.task.batch(rows)
    alone = [used.small.text(used.data.train, row)[0] for row in rows.tolist()]
    assert tokens.dtype == torch.int64
    assert mask.dtype == torch.bool
    assert tokens.shape == mask.shape == (4, max(map(len, alone)))
    for place, text in enumerate(alone):
        assert tokens[place, : len(text)].tolist() == text.tolist()
        assert mask[place].tolist() == [True] * len(text) + [False] * (mask.shape[1] - len(text))
        assert not tokens[place, len(text) :].any()
    np.testing.assert_array_equal(targets.numpy(), used.data.train.labels[rows])


def test_loss_and_gradient_of_a_padded_batch_are_those_of_each_text_alone(used):
    """Padded to its longest as on a CPU, and to the length as on a GPU."""
    items = [3, 14, 15, 9, 26, 5, 35, 40]
    rows = torch.tensor(items)
    exact, logits, labels = used.slow("train", items)
    loss = slow_losses(logits, labels).mean()
    expected = torch.autograd.grad(loss, list(exact.parameters()))
    largest = max(part.abs().max() for part in expected)
    (_, targets), train = used.task.batch(rows), used.placed.train
    longest = int(train.lengths[rows].max())
    assert longest < used.problem.length
    for length in (longest, used.problem.length):
        padded = exact(train.inputs(rows, length))
        found = used.task.loss(padded, targets.double() if targets.dim() == 2 else targets)
        assert found.item() == pytest.approx(loss.item(), rel=1e-12)
        for own, alone in zip(
            torch.autograd.grad(found, list(exact.parameters())), expected, strict=True
        ):
            assert (own - alone).abs().max() < 1e-12 * largest


def test_the_engine_s_float32_is_near(used):
    items = [3, 14, 15, 9]
    _, logits, labels = used.slow("train", items)
    (inputs, targets) = used.task.batch(torch.tensor(items))
    found = used.task.loss(used.network(inputs), targets)
    assert found.item() == pytest.approx(slow_losses(logits, labels).mean().item(), rel=1e-5)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_split_is_evaluated_as_text_by_text(used, split, monkeypatch):
    monkeypatch.setitem(placed_texts.BATCH, "cpu", 10)
    task = used.problem.task(used.placed, used.streams)
    with torch.no_grad():
        _, logits, labels = used.slow(split, range(len(getattr(used.data, split))))
    widths = []
    used.network.register_forward_hook(lambda _, inputs, __: widths.append(inputs[0][1].shape[1]))
    found = task.evaluate(used.network, split, Numerics())
    # short texts first, each batch cut to its longest
    ordered = np.sort(np.diff(getattr(used.data, split).ends, prepend=0))
    longest = [ordered[begin : begin + 10].max() for begin in range(0, len(ordered), 10)]
    assert widths == longest
    assert found.scores["loss"].item() == pytest.approx(slow_losses(logits, labels).mean().item())
    said = logits.argmax(1).numpy() if labels.ndim == 1 else (logits > 0).numpy()
    wrong = said != labels if labels.ndim == 1 else (said != labels).any(1)
    # in the order of the data set, whatever the order of the batches
    np.testing.assert_array_equal(found.wrong.numpy(), wrong)
    assert wrong.any()
    assert found.scores["error"].item() == pytest.approx(100 * wrong.mean())
    classes = {"labels": range(4)} if labels.ndim == 1 else {}
    f1 = f1_score(labels, said, average="macro", zero_division=0, **classes)
    assert found.scores["macro_f1"].item() == pytest.approx(f1, abs=1e-12)
    assert used.network.training


@pytest.mark.parametrize("seed", range(4))
def test_macro_f1_of_one_class_is_that_of_scikit_learn(seed):
    """One class is never said, one never true, one neither."""
    rng = np.random.default_rng(seed)
    decided, targets = rng.choice([0, 1, 3], 50), rng.choice([0, 2, 3], 50)
    found = ClassMacroF1(5).scores(torch.from_numpy(decided), torch.from_numpy(targets))
    f1 = f1_score(targets, decided, labels=range(5), average="macro", zero_division=0)
    assert found["macro_f1"].item() == pytest.approx(f1, abs=1e-12)
    assert found["error"].item() == pytest.approx(100 * np.mean(decided != targets))


def test_each_epoch_and_block_has_batches_of_its_own(small):
    one, other = Used(small, "tweeteval-emotion"), Used(small, "tweeteval-emotion", block=1)
    order, bounds = np.arange(48), batch_bounds(48, 5)
    tasks = (one.task, other.task)
    found = [task.arrange(order, bounds, epoch).tolist() for task in tasks for epoch in (1, 2)]
    assert len(set(map(tuple, found))) == 4
    assert all(sorted(places) == list(range(48)) for places in found)
    again = Used(small, "tweeteval-emotion").task
    assert again.arrange(order, bounds, 2).tolist() == found[1]
    # as the order itself, they are those of another block where a cell asks for its order
    seeded = one.problem.task(one.placed, Streams("bert", 9, (("order", 0),)))
    assert seeded.arrange(order, bounds, 1).tolist() == found[0]
