"""The page of what was run as Markdown, and its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from escaping_minima.report.frames import Html, facts, frame_table
from escaping_minima.report.markdown import block, escaped, title_of

#: Columns of ``cells.csv`` that the facts above the table sum up, or that only code reads.
_NOT_SHOWN = (
    "data",
    "data_words",
    "data_note",
    "source_hash",
    "device",
    "machine",
    "torch",
    "numpy",
    "settings",
)
_CHECKSUM_DIGITS = 12


def provenance_page(ledger: Mapping[str, Any], cells: Mapping[str, pd.DataFrame]) -> str:
    """Return the page of what was run.

    Parameters
    ----------
    ledger : Mapping
    cells : Mapping of str to DataFrame
        The collected ``cells.csv`` of each study.
    """
    parts = [
        "# What was run\n",
        f"Scale: **{escaped(ledger['label'])}**. A cell is one combination of problem, method "
        "and settings; a block is a fixed number of independent runs of one cell.\n",
    ]
    for record in ledger["provenance"]:
        study = record["study"]
        table = cells_table(cells[study], record["columns"])
        parts += [f"## {escaped(title_of(study))}\n", block(facts(provenance_facts(record)))]
        parts += ["### Cells\n", block(table.replace("em-scroll", "em-scroll em-tall", 1))]
    return "\n".join(parts)


def cells_table(cells: pd.DataFrame, words: Mapping[str, str]) -> Html:
    """Return ``cells.csv`` as an HTML table.

    Parameters
    ----------
    cells : DataFrame
    words : Mapping
        How its columns are said: ``columns`` of the study's provenance.
    """
    shown = [c for c in cells if c not in (*_NOT_SHOWN, "cell")]
    table = cells[[*shown, "cell"]].astype({"stale": bool}).astype(object)
    # what a cell does not have stays blank: most have no variant
    return frame_table(table.where(table.notna(), ""), headings=words)


def provenance_facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study's provenance as names and values."""
    roles = ", ".join(f"{n} {role}" for role, n in record["roles"].items())
    stale, noun = record["stale"], record["replicates"]
    return {
        "cells": f"{record['cells']:,} ({roles})",
        **{f"{what} a cell": _span(bounds) for what, bounds in record["sizes"].items()},
        "blocks": f"{record['blocks']:,}",
        "gradient evaluations": f"{record['gradient_evaluations']:,}",
        "loss evaluations": f"{record['loss_evaluations']:,}",
        f"diverged {noun}": f"{record['diverged']:,}",
        "time of the blocks": f"{record['wall_seconds']:,.1f} s",
        "data": data_words(record["data"]),
        **_data_facts(record["data"]),
        "device": ", ".join(record["device"]),
        "machine": "; ".join(record["machine"]),
        "versions": f"torch {', '.join(record['torch'])}; numpy {', '.join(record['numpy'])}",
        "commits": ", ".join(record["commits"]),
        "stale": f"{stale} cells were made by older code" if stale else "none",
    }


def data_words(data: Mapping[str, Any]) -> str:
    """Say in a line which data a study's runs were trained on."""
    return "; ".join(data["words"]) or ", ".join(data["files"]) or "none needed"


def _data_facts(data: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if data["files"]:
        lines = [
            f"{escape(file)} <code>{escape(checksum[:_CHECKSUM_DIGITS])}</code>"
            for file, checksums in data["files"].items()
            for checksum in checksums
        ]
        found["files (SHA-256)"] = Html("<br>".join(lines))
    if data["notes"]:
        found["about the files"] = "; ".join(data["notes"])
    return found


def _span(bounds: Sequence[int]) -> str:
    low, high = bounds
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
