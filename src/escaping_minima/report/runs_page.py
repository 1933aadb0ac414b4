"""The page of what was run as Markdown, and its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from escaping_minima.report.frames import Html, cell_text, facts, frame_table
from escaping_minima.report.markdown import block, escaped, runs_anchor, title_of

#: Columns of ``cells.csv`` that the facts above the table sum up, or that only code reads.
_NOT_SHOWN = (
    "data",
    "data_words",
    "data_note",
    "data_version",
    "source_hash",
    "device",
    "machine",
    "torch",
    "numpy",
    "settings",
)
#: Columns that the facts say already where they are the same in every cell.
_SUMMED_UP = ("commit", "stale")
_CHECKSUM_DIGITS = 12
#: As many as cells show of theirs.
_COMMIT_DIGITS = 12
#: Shown on a narrow screen alone.
_HINT = '<p class="em-hint">Wider than the screen: scroll the table sideways →</p>'


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
        "and settings; a block is a fixed number of independent runs of one cell. Where they "
        "were run, blocks lie in `runs/<study>/<cell>/` of the results, each beside a manifest "
        "that says its cell, sources, commit, versions, machine and data.\n",
    ]
    for record in ledger["provenance"]:
        study = record["study"]
        table = cells_table(cells[study], record)
        parts += [
            f"({runs_anchor(study)})=\n## {escaped(title_of(study))}\n",
            block(facts(provenance_facts(record))),
        ]
        parts += ["### Cells\n", block(table)]
    return "\n".join(parts)


def cells_table(cells: pd.DataFrame, record: Mapping[str, Any]) -> Html:
    """Return ``cells.csv`` as an HTML table, in the study's words.

    Parameters
    ----------
    cells : DataFrame
    record : Mapping
        The study's provenance.

    Returns
    -------
    Html
        What is the same in every cell stands in a sentence above the table, to keep it narrow.
    """
    shown = [c for c in cells if c not in (*_NOT_SHOWN, "cell")]
    table = cells[[*shown, "cell"]].astype({"stale": bool}).astype(object)
    for column, names in record["names"].items():
        table[column] = table[column].map(lambda value, names=names: names.get(value, value))
    # what a cell does not have stays blank: most have no variant
    table = table.where(table.notna(), "")
    same = [c for c in shown if len(table) > 1 and table[c].nunique() == 1]
    found = {record["columns"][c]: table[c].iloc[0] for c in same if c not in _SUMMED_UP}
    words = "; ".join(f"{name} {cell_text(value)}" for name, value in found.items() if value != "")
    above = f'<p class="em-same">The same in every cell: {words}.</p>' if words else ""
    shorter = frame_table(table.drop(columns=same), headings=record["columns"])
    return Html(above + _HINT + shorter.replace("em-scroll", "em-scroll em-tall", 1))


def provenance_facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study's provenance as names and values."""
    names = record["names"].get("role", {})
    roles = "; ".join(f"{n} {names.get(role, role)}" for role, n in record["roles"].items())
    stale, noun = record["stale"], record["replicates"]
    return {
        "cells": f"{record['cells']:,} ({roles})",
        **{f"{what} a cell": span_words(bounds) for what, bounds in record["sizes"].items()},
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
        **_measured_again(record["measured_again"]),
        "stale": f"{stale} cells were made by older code" if stale else "none",
    }


def data_words(data: Mapping[str, Any]) -> str:
    """Say in a line which data a study's runs were trained on."""
    return "; ".join(dict.fromkeys(v["words"] for v in data["versions"])) or "none needed"


def _measured_again(times: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what says that tables were taken again by other code than made the runs, if any."""
    said = [
        f"{', '.join(once['tables'])}, from what was published, at commit "
        f"{once['commit'][:_COMMIT_DIGITS]} (numpy {once['versions']['numpy']})"
        for once in times
    ]
    return {"measured again": "; ".join(said)} if said else {}


def _data_facts(data: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    versions = [_files_of(version) for version in data["versions"] if version["files"]]
    if versions:
        found["files (SHA-256)"] = Html("<br>".join(versions))
    if data["notes"]:
        found["about the files"] = "; ".join(data["notes"])
    return found


def _files_of(version: Mapping[str, Any]) -> str:
    lines = [
        f"{escape(file)} <code>{escape(checksum[:_CHECKSUM_DIGITS])}</code>"
        for file, checksum in version["files"].items()
    ]
    return "<br>".join([f"<b>{escape(version['words'])}</b>", *lines])


def span_words(bounds: Sequence[int]) -> str:
    """Return from which number to which one something goes."""
    low, high = bounds
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
