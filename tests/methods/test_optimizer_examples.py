"""What documentation and docstrings show of the optimizers runs as it stands there."""

from __future__ import annotations

import doctest
import re

import pytest
import torch
from torch import nn

from escaping_minima.methods import optimizer, sgd_sa_optimizer


@pytest.mark.parametrize("module", [optimizer, sgd_sa_optimizer])
def test_examples_of_docstrings_run(module):
    found = doctest.testmod(module)
    assert found.attempted >= 5
    assert found.failed == 0


def test_examples_of_the_documentation_run(root):
    text = (root / "docs" / "optimizers.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 2))
        batch = torch.randn(8, 3), torch.randint(2, (8,))
        names = {"model": model, "loss_function": nn.functional.cross_entropy}
        names |= dict(zip("xy", batch, strict=True)) | {"batches": [batch] * 3, "epochs": 4}
        before = [p.detach().clone() for p in model.parameters()]
        exec(block, names)
        moved = [not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)]
        assert all(moved)
        assert model.training
    assert names["optimizer"].state_dict()["method"]["taken"] == 12
    assert names["optimizer"].method.temperature == pytest.approx(0.8**4)
