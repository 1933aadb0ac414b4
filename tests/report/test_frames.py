"""Numbers, intervals and p-values as a reader sees them; rows that become cards."""

from __future__ import annotations

import pytest

from escaping_minima.report.effects import counted
from escaping_minima.report.frames import (
    cell_text,
    fixed,
    html_table,
    interval_text,
    number,
    p_statement,
)
from escaping_minima.report.tables.words import spanned


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (fixed(-0.04, 1), "0.0"),
        (fixed(-0.04, 1, signed=True), "0.0"),
        (fixed(-0.06, 1, signed=True), "−0.1"),
        (fixed(1234.56, 1, signed=True), "+1,234.6"),
        (number(1111946.0), "1,111,946"),
        (number(-5.0), "−5"),
        (number(-0.0), "0"),
        (cell_text(-0.0), "0"),
        (interval_text(-0.01, 0.01), "[0.0, 0.0]"),
        (interval_text(None, None), "no interval"),
        (interval_text(None, -2.0), "[−∞, −2.0]"),
        (p_statement(1e-9), "p < 0.0001"),
        (p_statement(0.0123), "p = 0.0123"),
        (p_statement(1.0), "p = 1.00"),
        (counted(1, "part"), "1 part"),
        (counted(1200, "part"), "1,200 parts"),
        (spanned([1.0, 1.0], "epoch"), "1 epoch"),
        (spanned([0], "epoch"), "0 epochs"),
        (spanned([1, 1200], "epoch"), "1 to 1,200 epochs"),
        (spanned([], "trajectory", "trajectories"), "no trajectories"),
    ],
)
def test_a_number_in_words(shown, words):
    assert shown == words


def test_cells_of_a_card_name_their_column():
    row = {"what": "a", "verdict": "b"}
    table = html_table([row], headings={"what": "part & whole"}, lead="verdict")
    assert 'class="em-table em-cards"' in table
    assert '<td class="em-short" data-label="part &amp; whole">a</td>' in table
    assert '<td class="em-short em-lead" data-label="verdict">b</td>' in table
    assert "data-label" not in html_table([row])
