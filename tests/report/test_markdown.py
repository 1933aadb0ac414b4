"""Names become words."""

from __future__ import annotations

import pytest

from escaping_minima.report.markdown import title_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("section_4_5", "Section 4.5"),
        ("table_1", "Table 1"),
        ("batch_increase", "Batch increase"),
        ("figure_10_left", "Figure 10 left"),
        ("sgd_control", "SGD control"),
    ],
)
def test_names_in_words(name, words):
    assert title_of(name) == words
