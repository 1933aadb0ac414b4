"""Tables of what was run beside the arena: descents in one run, batches, samplers, saddles."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.sides import MissingRunsError
from escaping_minima.studies.escape.layout import NUMBERS, RESTARTED, TESTS
from escaping_minima.studies.escape.run_tables import Tables
from escaping_minima.studies.escape.shares import mean_interval, wilson
from escaping_minima.studies.escape.side_values import side_values
from escaping_minima.studies.escape.terrain import WAVES

#: Steps at which what is left of saddles and minima is told.
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def descents(tables: Tables) -> pd.DataFrame:
    """Return the share of runs of several descents at a global minimum, beside what is foretold."""
    rows = []
    for problem in RESTARTED:
        for number in NUMBERS:
            side = {"problem": problem, "arm": "restarts", "number": number}
            for kind in ("run", "foretold"):
                found = _values(tables, {**side, "best_of": kind})
                if found is not None:
                    share, low, high = wilson(int(found.sum()), len(found))
                    row = {"problem": problem, "number": number, "kind": kind}
                    rows.append(
                        row | {"starts": len(found), "share": share, "low": low, "high": high}
                    )
    columns = ["problem", "number", "kind", "starts", "share", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def batch_norms(tables: Tables) -> pd.DataFrame:
    """Return the norms of batches' gradients at the local minimum, beside what is expected."""
    cells = tables.cells[tables.cells["role"] == "gradients"]
    rows = []
    for cell, problem in cells[["cell", "problem"]].itertuples(index=False, name=None):
        keys = ["replacement", "batch"]
        for (replacement, batch), part in tables.of("gradients", cell).groupby(keys):
            norm, low, high = mean_interval(part["norm"].to_numpy(float))
            row = {"problem": problem, "replacement": replacement, "batch": int(batch)}
            ends = {"norm": norm, "low": low, "high": high}
            rows.append(row | ends | {"expected": float(part["expected"].iloc[0])})
    columns = ["problem", "replacement", "batch", "norm", "low", "high", "expected"]
    return pd.DataFrame(rows, columns=columns)


def distances(tables: Tables) -> pd.DataFrame:
    """Return the total variation of each test of a move to that of all items."""
    rows = []
    for test in TESTS:
        side = {"distance": "full", "problem": "scattered", "arm": "sampler", "test": test}
        found = _values(tables, side)
        if found is not None:
            mean, low, high = mean_interval(found)
            rows.append(
                {"test": test, "groups": len(found), "mean": mean, "low": low, "high": high}
            )
    return pd.DataFrame(rows, columns=["test", "groups", "mean", "low", "high"])


def critical(tables: Tables) -> pd.DataFrame:
    """Return the share of each kind of critical point by dimension, the mean over functions."""
    rows = []
    for problem, dimension in WAVES.items():
        for kind in ("minimum", "saddle", "maximum", "flat"):
            found = _values(tables, {"problem": problem, "critical": kind})
            if found is not None:
                mean, low, high = mean_interval(found)
                row = {"dimension": dimension, "kind": kind, "functions": len(found)}
                rows.append(row | {"share": mean, "low": low, "high": high})
    return pd.DataFrame(rows, columns=["dimension", "kind", "functions", "share", "low", "high"])


def leaving(tables: Tables) -> pd.DataFrame:
    """Return the share of starts that are still beside a point, by kind and steps."""
    cells = tables.cells[tables.cells["role"] == "leaving"]
    rows = []
    for problem, own in cells.groupby("problem", sort=False):
        there = [tables.tables["leaving"][c] for c in own["cell"] if c in tables.tables["leaving"]]
        whole = pd.concat(there, ignore_index=True) if there else pd.DataFrame({"kind": []})
        for kind, part in whole.groupby("kind"):
            steps = part["steps"].to_numpy()
            for limit in STEPS:
                still = int(((steps < 0) | (steps > limit)).sum())
                share, low, high = wilson(still, len(steps))
                row = {"dimension": WAVES[str(problem)], "kind": kind, "steps": limit}
                rows.append(row | {"points": len(steps), "share": share, "low": low, "high": high})
    columns = ["dimension", "kind", "steps", "points", "share", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def searched(tables: Tables) -> pd.DataFrame:
    """Return what each search of the arena chose, of how many trials, and how many were lost."""
    cells = tables.cells[tables.cells["role"] == "search"]
    rows: list[dict[str, Any]] = []
    for cell, problem, arm, point in cells[["cell", "problem", "arm", "point"]].itertuples(
        index=False, name=None
    ):
        trials = tables.of("trials", cell)
        best = trials.loc[trials["score"].astype(float).idxmin()]
        chosen = json.loads(best["settings"])
        said = ", ".join(f"{name} {value:g}" for name, value in sorted(chosen.items()))
        row = {"problem": problem, "arm": arm, "of": point, "trials": len(trials)}
        rows.append(row | {"chosen": said, "score": float(best["score"])})
    return pd.DataFrame(rows, columns=["problem", "arm", "of", "trials", "chosen", "score"])


def attractors(tables: Tables) -> pd.DataFrame:
    """Return the attractors of XOR by loss level, and the lowest barrier found to a lower one."""
    cells = tables.cells[tables.cells["role"] == "tree"]
    rows = []
    for cell, problem in cells[["cell", "problem"]].itertuples(index=False, name=None):
        ends = tables.of("attractors", cell).set_index("replicate")["loss"]
        ways = tables.of("ways", cell)
        for end, loss in ends.items():
            lower = {k for k, other in ends.items() if other < loss - 1e-9}
            own = ways[
                ((ways["first"] == end) & ways["second"].isin(lower))
                | ((ways["second"] == end) & ways["first"].isin(lower))
            ]
            heights = {k: float(own[k].min() - loss) if len(own) else np.nan for k in _WAYS}
            rows.append({"problem": problem, "end": end, "loss": loss, **heights})
    return pd.DataFrame(rows, columns=["problem", "end", "loss", *_WAYS])


_WAYS = ("straight", "bent")


def _values(tables: Tables, side: Side) -> np.ndarray | None:
    """Return what a side came to, None where there are no runs of it."""
    try:
        found = side_values(side, tables).values
    except MissingRunsError:
        return None
    return found[np.isfinite(found)]
