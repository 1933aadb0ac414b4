"""Several labels an item: a sigmoid for each, and macro-F1."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from escaping_minima.problems.tasks.targets import OneClass, SeveralLabels


def macro_f1(decided, targets):
    """As scikit-learn's f1_score(average="macro", zero_division=0), label by label."""
    scores = []
    for label in range(targets.shape[1]):
        tp = sum(d and t for d, t in zip(decided[:, label], targets[:, label], strict=True))
        fp = sum(d and not t for d, t in zip(decided[:, label], targets[:, label], strict=True))
        fn = sum(t and not d for d, t in zip(decided[:, label], targets[:, label], strict=True))
        scores.append(2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 0.0)
    return sum(scores) / len(scores)


def test_scores_of_a_run_are_those_written_out(house, toys):
    settings = {"train_images": 100, "test_images": 150, "validation": 20, "dropout": 0.0}
    cell = house.cell("adagrad", "toy_labels", 3, problem_settings=settings)
    result = house.train(cell)
    data = house.data(cell)
    network = result.run.network.module.eval()
    with torch.no_grad():
        outputs = network(torch.from_numpy(data.test_images / np.float32(255))).double().numpy()
    targets = toys.several(torch.from_numpy(data.test_labels.astype(int))).numpy() == 1
    chance = 1 / (1 + np.exp(-outputs))
    decided = chance > 0.2
    loss = -(targets * np.log(chance) + ~targets * np.log(1 - chance)).mean()
    curves = result.curves
    assert curves["test_loss"][-1] == pytest.approx(loss, rel=1e-5)
    assert curves["test_macro_f1"][-1] == pytest.approx(macro_f1(decided, targets), abs=1e-9)
    assert 0.1 < curves["test_macro_f1"][-1] < 1
    wrong = (decided != targets).any(1)
    assert curves["test_error"][-1] == pytest.approx(100 * wrong.mean())
    np.testing.assert_array_equal(result.wrong, wrong)
    assert {"train_macro_f1", "validation_macro_f1"} <= set(curves)


@pytest.mark.parametrize("seed", range(3))
def test_macro_f1_is_that_of_scikit_learn_also_where_a_label_is_never_given(seed):
    rng = np.random.default_rng(seed)
    decided, targets = rng.random((2, 40, 6)) < 0.3
    decided[:, 0] = targets[:, 0] = False
    decided[:, 1] = False
    scores = SeveralLabels().scores(torch.tensor(decided).float(), torch.tensor(targets).float())
    assert scores["macro_f1"].item() == pytest.approx(macro_f1(decided, targets), abs=1e-12)


def test_sums_over_batches_are_the_mean_of_a_whole_split():
    """Evaluation adds up losses of its batches, whose items must weigh the same."""
    outputs = torch.randn(30, 5, generator=torch.Generator().manual_seed(0))
    for kind, targets in (
        (OneClass(), torch.arange(30) % 5),
        (SeveralLabels(), (torch.arange(150).view(30, 5) % 3 == 0).float()),
    ):
        parts = [kind.summed_loss(outputs[r], targets[r]) for r in (slice(0, 7), slice(7, 30))]
        whole = kind.mean_loss(outputs, targets)
        assert (sum(parts) / 30).item() == pytest.approx(whole.item(), rel=1e-6)
