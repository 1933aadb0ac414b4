"""Judged data with a known answer: every kind of verdict, over one setting and over several."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escaping_minima.claims.records import load_records, read_records, source_claims
from escaping_minima.parts.studies import find_study
from escaping_minima.report import ledger, provenance
from escaping_minima.results.paths import ResultPaths
from escaping_minima.results.tables import write_tables

STUDY = "stationary_distributions"
SOURCE = "inan2024-model-populations"
#: A study of training runs, which no version has.
SECOND = "planted_runs"
SECOND_RAW = {
    "source": "planted-2025",
    "title": "Planted 2025",
    "replicates": "seeds",
    "unit": "percentage points",
    "margin": 0.5,
    "margin_reason": "a reason",
    "words": {"images": "training images"},
    "families": {
        "t": {
            "title": "Table 2",
            "figure": "f",
            "jobs": ["main"],
            "needs": {"seeds": 5, "images": 9},
        }
    },
    "claims": [],
}
CHECKSUM, OTHER_CHECKSUM = "0123456789abcdef" * 4, "f" * 64
#: The cell of a notebook that draws the figure, and what the figure draws.
DRAWING = 'folder.show(\n    draw(x < 1 & y),\n\n    "sweep")'
DRAWN = "panel,x,y\n1,0.5,0.25\n"
#: The claim whose record was changed when results were known.
LATE = "I02"
UNTESTED = "scale: needs 5000 starts, this run has 500 (lacks 9.8 GPU hours)"
VERDICTS = {
    "I01": "reproduced",
    "I02": "partly",
    "I03": "not reproduced",
    "I04": "inconclusive",
    "I05": "not tested",
}


def part(
    label: str, verdict: str, effect: float, p: float, direction: str = "greater"
) -> dict[str, Any]:
    measured = -effect if direction == "less" else effect
    return {
        "label": label,
        "verdict": verdict,
        "effect": effect,
        "interval": [effect - 2.0, effect + 2.0],
        "measured": measured,
        "measured_interval": [measured - 2.0, measured + 2.0],
        "direction": direction,
        "threshold": 0.0,
        "level": 0.99,
        "p": p,
        "q": 1.0,
        "negligible": False,
        "unit": "points of share",
        "margin": 5.0,
        "known": False,
        "favouring": None,
    }


WORDS = {
    "reproduced": "holds",
    "partly": "split",
    "not reproduced": "against",
    "inconclusive": "open",
    "not tested": "untested",
}


def setting(label: str, verdict: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    levels = {"level": 0.0125, "level_against": 0.01}
    word = WORDS[verdict]
    return {"label": label, "word": word, **levels, "untested_reason": None, "parts": parts}


def union(label: str, word: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    p = min(1.0, len(parts) * min(part["p"] for part in parts))
    return {"label": label, "any": parts, "p": p, "q": 1.0, "word": word}


def reading(name: str, verdict: str, settings: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "verdict": verdict,
        "p": max(p["p"] for s in settings for p in s["parts"]),
        "q": 0.5,
        "level": 0.0125,
        "level_against": 0.01,
        "rank": 2,
        "rank_against": 3,
        "family_size": 5,
        "negligible": verdict == "reproduced",
        **{f"{at}_at": [s["label"] for s in settings if s["word"] == at] for at in WORDS.values()},
        "left_out": [["radius × 10", "every end is that of GD"]] if verdict == "partly" else [],
        "reason": UNTESTED if verdict == "not tested" else "",
        "needed": 1500 if verdict == "inconclusive" else None,
        "needed_range": None,
        "settings": settings,
        "printed_says": None,
    }


def nearness(verdict: str) -> dict[str, Any] | None:
    """Return how near a verdict is to another: "partly" to nothing, others to everything."""
    if verdict == "not tested":
        return None
    near = verdict != "partly"
    other = "inconclusive" if verdict != "inconclusive" else "partly"
    return {
        "margin": {"value": 3.1, "factor": 0.62, "verdict": other} if near else None,
        "margin_decides": True,
        "margins": [0.25, 4.0],
        "level": {"value": 0.03, "verdict": other} if near else None,
        "levels": [0.001, 0.2],
        "left_out": [f"starts {n - 499:,} to {n:,}" for n in range(500, 2501, 500)],
        "without": [{"name": "starts 501 to 1,000", "verdict": other}] if near else [],
    }


def change(old: str | None, new: str, date: str, known: bool, form: bool = False) -> dict[str, Any]:
    return {
        "date": date,
        "old": old,
        "new": new,
        "why": f"reason for <{new}>",
        "results_known": known,
        "form_only": form,
    }


def history(name: str) -> dict[str, Any]:
    """Return what the lock says of a claim: LATE was changed once when results were known."""
    first = "2026-11-01"
    if name != LATE:
        return {"fixed": first, "changes": [change(None, "abcdef12", first, False)]}
    changes = [
        change(None, "aaaa0001", first, False),
        change("aaaa0001", "aaaa0002", "2026-11-02", True),
        change("aaaa0002", "abcdef12", "2026-11-03", True, form=True),
    ]
    return {"fixed": "2026-11-02", "changes": changes}


def claim(name: str, verdict: str, published: str | None = None) -> dict[str, Any]:
    parts = [
        part("strong part, SAM > GD", verdict, 12.0, 0.001),
        part("weak part <b>&</b> *stars*, NiG > GD", verdict, 3.0, 0.02),
    ]
    main = reading(
        "main",
        verdict,
        [setting("radius × 10^(-4/4)", verdict, parts[:1]), setting("main radius", verdict, parts)],
    )
    record: dict[str, Any] = {
        "id": name,
        "kind": "evidence",
        "source": SOURCE,
        "source_title": "Planted 2024",
        "location": "Table 1, a_b",
        "statement": f"Claim {name} says that A < B & that $x$ *matters*, said at some length",
        "printed": "38 and 34 against 12 to 22",
        "family": "table-1",
        "family_title": "Table 1",
        "estimand": "share of starts",
        "unit": "points of share",
        "margin": 5.0,
        "margin_reason": "a reason",
        "paper_test": "the larger share wins" if name == "I01" else None,
        "needs": {"starts": 500, "steps": 10000},
        "swept": "radii",
        "replicates": "starts",
        "figure": "sweep",
        "hash": "abcdef12",
        **history(name),
        "verdict": verdict,
        "can_reach": None if verdict == "not tested" else ["reproduced", "not reproduced"],
        "nearness": nearness(verdict),
        "readings": [
            main,
            reading("another", "inconclusive", [setting("one setting", "inconclusive", parts)]),
        ],
    }
    if published is not None:
        record["published"] = {"verdict": published, "main": main}
    return record


def cells(stale: bool = False) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cell": ["aaaaaaaaaa", "bbbbbbbbbb"],
            "role": ["main", "sweep"],
            "variant": ["", ""],
            "function": ["himmelblau", "himmelblau"],
            "method": ["gd", "sam"],
            "k": [0, 2],
            "radius": [np.nan, 1.04],
            "learning_rate": 1e-3,
            "starts": [500, 1000],
            "steps": [200, 10000],
            "mean_gradient_evaluations": [200.0, 20000.0],
            "mean_loss_evaluations": 0.0,
            "diverged": [0, 3],
            "wall_seconds": [1.5, 2.0],
            "commit": ["0123456789ab", "0123456789ab+changes"],
            "source_hash": "cdef",
            "stale": [False, stale],
            "device": "cpu",
            "machine": "x86_64, a machine",
            "torch": "2.13.0",
            "numpy": "2.4.6",
            "settings": "{}",
        }
    )


def sweep() -> pd.DataFrame:
    """Where starts end, as the derived table has it: two methods of a function."""
    ends = {"gd": (30, 60, 10), "sam": (80, 10, 10)}
    rows = [
        {"function": "six_hump_camel", "method": method, "k": 0, "starts": 100}
        | {"outcome": outcome, "count": count}
        for method, counts in ends.items()
        for outcome, count in zip(("GM", "LM", "Else"), counts, strict=True)
    ]
    return pd.DataFrame(rows)


def means_claim() -> dict[str, Any]:
    """A judged claim on means: three parts with units and margins of their own."""
    percent = {"unit": "percentage points", "margin": 0.5}
    accuracy = part("accuracy, A > B", "inconclusive", 0.31, 0.2)
    accuracy |= percent | {"measured_interval": [-0.123, 0.743]}
    updates = part("updates, A < B", "reproduced", 2500.0, 1e-100, "less")
    updates |= {"unit": "updates", "margin": 100.0, "measured_interval": [-2500.0, -2500.0]}
    updates |= {"known": True}
    single = part("one run, A > B", "inconclusive", 0.1, 1.0)
    single |= percent | {"measured_interval": [None, None]}
    main = reading(
        "main", "inconclusive", [setting("main", "inconclusive", [accuracy, updates, single])]
    )
    return claim("P01", "inconclusive") | {
        "source": SECOND_RAW["source"],
        "source_title": SECOND_RAW["title"],
        "unit": "percentage points",
        "margin": 0.5,
        "replicates": "seeds",
        "needs": {"seeds": 5, "training images": 9},
        "swept": None,
        "figure": "curves",
        "readings": [main],
    }


def runs() -> pd.DataFrame:
    """Cells of training runs at two scales, one of which had its data from another file."""
    files = [json.dumps({"train.gz": c}) for c in (CHECKSUM, OTHER_CHECKSUM)]
    return pd.DataFrame(
        {
            "cell": ["cccccccccc", "dddddddddd"],
            "role": ["table", "baseline"],
            "variant": ["", "another rate"],
            "strategy": ["increase", "decay"],
            "method": "sgd",
            "epochs": [200, 20],
            "images": [60000, 2000],
            "test_images": 10000,
            "data_words": ["digits", "digits, sample of 2,000 images"],
            "data": files,
            "data_note": [np.nan, "train.gz: accepted under another checksum"],
            "seeds": [5, 3],
            "diverged": [0, 1],
            "mean_gradient_evaluations": [100.0, 10.0],
            "mean_loss_evaluations": 2.0,
            "wall_seconds": [7.5, 1.0],
            "commit": "0123456789ab",
            "source_hash": "cdef",
            "stale": False,
            "device": "cpu",
            "machine": "x86_64, a machine",
            "torch": "2.13.0",
            "numpy": "2.4.6",
            "settings": "{}",
        }
    )


def conditions() -> list[dict[str, Any]]:
    """Two settings, of which neither is the main one; the weakest part is in the second."""
    rise = part("rise, A > 5", "not tested", -14.2, 0.6)
    rise |= {"measured": -9.2, "measured_interval": [-12.0, -6.4], "threshold": 5.0}
    small = [part("loss, A < B", "not tested", 4.0, 0.01, "less"), rise]
    large = [part("loss, A < B", "not tested", -19.3, 0.9, "less")]
    return [setting(f"N2 = {n}", "not tested", p) for n, p in ((100, small), (500, large))]


@contextmanager
def second_study() -> Iterator[None]:
    """Let the report know the planted study of training runs."""
    printed = pd.DataFrame(
        {"location": "Table 2", "claim": "planted", "paper_value": "1"},
        index=pd.Index(["P01", "P02"], name="id"),
    )
    records = read_records(SECOND_RAW, printed)
    module = ModuleType("study")
    module.STUDY = replace(  # type: ignore[attr-defined]
        find_study(STUDY),
        name=SECOND,
        evidence=lambda: SimpleNamespace(BLOCK=1),
        value_names=lambda: {"strategy": {"increase": "A → B"}, "role": {"table": "Table 2"}},
        figures=("curves",),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, f"escaping_minima.studies.{SECOND}", ModuleType(SECOND))
        patch.setitem(sys.modules, f"escaping_minima.studies.{SECOND}.study", module)
        patch.setattr(
            provenance, "load_records", lambda s: records if s == SECOND else load_records(s)
        )
        patch.setattr(
            ledger,
            "source_claims",
            lambda s: printed if s == SECOND_RAW["source"] else source_claims(s),
        )
        yield


def plant_second(paths: ResultPaths) -> None:
    """Write verdicts and cells of the study of training runs beside the first."""
    judged = {"study": SECOND, "claims": [means_claim()], "errors": []}
    paths.judged(SECOND).mkdir(parents=True)
    (paths.judged(SECOND) / "verdicts.json").write_text(json.dumps(judged), encoding="utf-8")
    write_tables(paths.judged(SECOND), {"means.csv": pd.DataFrame({"mean": [0.31]})})
    write_tables(paths.tables(SECOND), {"cells.csv": runs()})


def plant(root: Path, name: str = "quick", stale: bool = False) -> ResultPaths:
    """Write verdicts and cells of a rendering that was never run."""
    paths = ResultPaths(root, name)
    # with published tables of its own, the checkout's are never touched
    (root / "published").mkdir(parents=True, exist_ok=True)
    claims = [claim(i, v, "partly" if i == "I01" else None) for i, v in VERDICTS.items()]
    errors = [
        {"where": "row 1", "check": "sum", "arithmetic": "60 + 41 = 101", "finding": "not 100"}
    ]
    judged = {"study": STUDY, "claims": claims, "errors": errors}
    write_tables(paths.judged(STUDY), {"sweep.csv": sweep()})
    (paths.judged(STUDY) / "verdicts.json").write_text(json.dumps(judged), encoding="utf-8")
    write_tables(paths.tables(STUDY), {"cells.csv": cells(stale)})
    return paths


def plant_rendered(paths: ResultPaths, study: str = STUDY) -> None:
    """Write the notebooks and figures of a study, with a picture in each."""
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40">'
        '<rect width="60" height="40" fill="#00629B"/></svg>'
    )
    paths.figures(study).mkdir(parents=True)
    for figure in ("sweep", "table_1") if study == STUDY else ("curves",):
        (paths.figures(study) / f"{figure}.svg").write_text(picture, encoding="utf-8")
    if study == STUDY:
        (paths.figures(study) / "sweep.csv").write_text(DRAWN, encoding="utf-8")
    for name in ("overview", study):
        display = {"data": {"image/svg+xml": picture, "text/plain": "a picture"}}
        cell = {
            "cell_type": "code",
            "execution_count": 1,
            "metadata": {"tags": ["hide-input"], "mystnb": {"image": {"alt": "A picture"}}},
            "source": DRAWING,
        }
        output = {"output_type": "display_data", "metadata": {}, **display}
        hidden = {
            **cell,
            "metadata": {"tags": ["injected-parameters"]},
            "source": "secret = '/a/path'",
            "outputs": [],
        }
        notebook = {
            "cells": [
                {"cell_type": "markdown", "metadata": {}, "source": f"# Notebook {name}"},
                {**hidden, "id": "b"},
                {**cell, "outputs": [output], "id": "c"},
            ],
            "metadata": {
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        notebook["cells"][0]["id"] = "a"  # type: ignore[index]
        paths.notebook(name).parent.mkdir(parents=True, exist_ok=True)
        paths.notebook(name).write_text(json.dumps(notebook), encoding="utf-8")
