"""The pages of the site that belong to no single study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from escaping_minima.report import assumptions_page, optimisers_page, player
from escaping_minima.report.errors_page import errors_page
from escaping_minima.report.optimisers_page import LANDSCAPES, TASKS
from escaping_minima.report.runs_page import provenance_page

Tables = Mapping[str, pd.DataFrame]


def more_pages(
    ledger: Mapping[str, Any], cells: Tables, derived: Mapping[str, Tables]
) -> dict[str, tuple[str, str]]:
    """Return titles and Markdown of these pages by name, in the order of the side bar.

    Parameters
    ----------
    ledger : Mapping
        From `build_ledger`.
    cells : Mapping of str to DataFrame
        The collected ``cells.csv`` of each study.
    derived : Mapping of str to Mapping of str to DataFrame
        The derived tables of each study, by file name.
    """
    found = {}
    # one study has paths to play
    if played := [tables for tables in derived.values() if player.has_player(tables)]:
        found[player.PAGE] = (player.TITLE, player.player_page(played[0]))
    both = {study: derived[study] for study in (LANDSCAPES, TASKS) if study in derived}
    if both:
        text = optimisers_page.optimisers_page(ledger, both)
        found[optimisers_page.PAGE] = (optimisers_page.TITLE, text)
    text = assumptions_page.assumptions_page(ledger, cells, derived)
    found[assumptions_page.PAGE] = (assumptions_page.TITLE, text)
    found["errors"] = ("Errors found in the papers", errors_page(ledger["errors"]))
    found["provenance"] = ("What was run", provenance_page(ledger, cells))
    return found
