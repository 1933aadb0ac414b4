"""Planted tables of the study, as the source has it or as it does not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from escaping_minima.claims.records import load_records
from escaping_minima.studies.escape.codes import NEVER, pack_flags, pack_regions
from escaping_minima.studies.escape.contestants import CONTESTANTS
from escaping_minima.studies.escape.evidence import varies
from escaping_minima.studies.escape.layout import RESTARTED
from escaping_minima.studies.escape.run_tables import place_of
from escaping_minima.studies.escape.terrain import ARENA, TERRAIN

BLOCKS, STARTS, GROUPS = 10, 50, 1
#: Starts whose paths are kept, and points of each.
PATHS, POINTS = 3, 5
FUNCTIONS, SEEDS, DRAWS, BINS = 10, 10, 20, 16
SIZES = (1, 4, 16, 64)
#: Starts in a block where several descents are compared with single ones.
RUNS = 1000
#: The chance of a single descent.
SINGLE = 0.3


def places():
    """Return every place that a side of any reading names, and the whole arena."""
    records = load_records("escape")
    found = {}
    for claim in records.claims:
        for reading in claim.readings:
            for side in reading.sides:
                swept = reading.swept is not None and varies(side, reading.swept)
                for point in records.sweeps[reading.swept] if swept else (None,):
                    named = {reading.swept: point, **side} if swept else side
                    found.setdefault(place_of(named), named)
    for problem in ARENA:
        for arm in CONTESTANTS:
            side = {"problem": problem, "arm": arm}
            found.setdefault(place_of(side), side)
    for problem in RESTARTED:
        side = {"problem": problem, "role": "restarts", "arm": "single"}
        found.setdefault(place_of(side), side)
    side = {"problem": "scattered", "arm": "sampler", "test": "full"}
    found.setdefault(place_of(side), side)
    return found


def best_share(place, side, sense):
    """Return the planted chance of an end at a global minimum."""
    role, problem, arm, _ = place
    if role == "restarts":
        tries = side.get("number", 1) if sense > 0 else 1
        return 1 - (1 - SINGLE) ** tries
    if arm in ("gd", "sgd_1") and role != "source":
        deep = problem.endswith("_3")
        return (0.1 if deep else 0.3) if sense > 0 else 0.9
    return 0.9 if sense > 0 else 0.6


def escaped_share(place, side, sense):
    """Return the planted chance of leaving the first basin."""
    role, problem, arm, _ = place
    if role == "reset":
        if sense > 0:
            still = problem == "scattered_at" and arm == "warm"
            return 0.0 if still or arm == "low_1" or (arm, side.get("peak")) == ("warm", 1) else 0.9
        return 0.5 if problem == "scattered_at" and arm == "warm" else 0.0
    if arm == "two_point":
        return 0.7 if sense > 0 else 0.1
    return 0.7


def moved_share(place, side, sense):
    """Return the planted chance of an end in another basin."""
    role, _, _, _ = place
    if role == "rate":
        return 0.0 if sense > 0 else 0.4
    if role == "batch":
        return 0.8 if sense > 0 and side["batch"] < 64 else 0.1
    return 0.5


def gap(place, side, sense):
    """Return the planted gap, in percent of the height."""
    _, _, arm, _ = place
    if arm == "afresh":
        return 2.0 if sense > 0 else 9.0
    if arm == "barker":
        return 1.0 if sense > 0 else 20.0
    if arm in ("gd", "sgd_1"):
        return 4.0 if sense > 0 else 15.0
    return 2.0


def planted(sense):
    """Return all tables that claims take."""
    rng = np.random.default_rng(0)
    cells, ends, losses, each = [], [], [], []
    gradients, critical, leaving, density, skips, paths = [], [], [], [], [], []
    # as even as draws can be, so that shares are those that are planted to one start of a block
    even = (np.arange(STARTS) + rng.random((3, BLOCKS, 1))) / STARTS
    draws = rng.permuted(even, axis=2)
    runs, singles = (rng.random((3, BLOCKS, count)) for count in (RUNS, 32 * RUNS))
    for number, (place, side) in enumerate(sorted(places().items())):
        role, problem, arm, point = place
        name = f"c{number:04d}"
        row = {"cell": name, "role": role, "problem": problem, "arm": arm, "point": point}
        row |= {"function": 0, "starts": BLOCKS * STARTS, "percent_of_budget": 100.0}
        row |= {"blocks": BLOCKS, "budget": 10_000, "gradient_cost": 3.0}
        if role in ("critical", "leaving"):
            for k in range(FUNCTIONS):
                cell = f"{name}-{k}"
                cells.append(row | {"cell": cell, "function": k, "percent_of_budget": np.nan})
                own = _critical(sense, rng) if role == "critical" else _leaving(sense, rng)
                (critical if role == "critical" else leaving).append(own.assign(cell=cell, block=k))
            continue
        cells.append(row)
        if role == "gradients":
            gradients.append(_gradients(problem, sense, rng).assign(cell=name))
        elif role == "posterior":
            density.append(_density(side["test"], sense, rng).assign(cell=name))
        elif role in ("skips", "skip_planes"):
            skips.append(_skips(arm, sense, rng).assign(cell=name))
        else:
            ends += list(_ends(name, place, side, sense, _drawn(place, draws, runs, singles)))
            losses += list(_losses(name, place, side, sense, rng))
            if role == "arena" and TERRAIN[problem].kind in ("function", "waves", "sum"):
                paths.append(_paths(problem, number).assign(cell=name))
            if TERRAIN[problem].kind == "images":
                each += list(_each(name, place, side, sense, draws))
    return {
        "cells.csv": pd.DataFrame(cells),
        "ends.parquet": pd.DataFrame(ends),
        "losses.parquet": pd.DataFrame(losses),
        "each.parquet": pd.DataFrame(each),
        "gradients.parquet": pd.concat(gradients, ignore_index=True),
        "critical.parquet": pd.concat(critical, ignore_index=True),
        "leaving.parquet": pd.concat(leaving, ignore_index=True),
        "density.parquet": pd.concat(density, ignore_index=True),
        "skips.parquet": pd.concat(skips, ignore_index=True),
        "paths.parquet": pd.concat(paths, ignore_index=True),
    }


def _drawn(place, draws, runs, singles):
    role, _, arm, _ = place
    if role != "restarts":
        return draws
    return singles if arm == "single" else runs


def _ends(name, place, side, sense, draws):
    best, moved, escaped = (
        share(place, side, sense) for share in (best_share, moved_share, escaped_share)
    )
    seldom = place[2] == "two_point" and sense < 0
    for block in range(BLOCKS):
        did = draws[0, block] < best
        found = np.where(draws[0, block] < (0.1 if seldom else best), 10, NEVER).astype(np.uint8)
        left = np.where(draws[1, block] < escaped, 10, NEVER).astype(np.uint8)
        start = np.zeros(len(did), np.int64)
        yield {
            "cell": name,
            "block": block,
            "starts": len(did),
            "start": pack_regions(start),
            "end": pack_regions(np.where(draws[2, block] < moved, 1, 0)),
            "best": pack_flags(did),
            "escape": left.tobytes(),
            "found": found.tobytes(),
        }


def _losses(name, place, side, sense, rng):
    terrain = TERRAIN[place[1]]
    lowest = terrain.lowest or 0.0
    mean = lowest + gap(place, side, sense) / 100 * terrain.height
    for block in range(BLOCKS):
        for group in range(GROUPS):
            found = mean + 0.001 * terrain.height * rng.random()
            rows = {"mean": found, "worst": found, "lowest": lowest, "start": lowest + 1.0}
            yield {"cell": name, "block": block, "group": group, **rows}


def _each(name, place, side, sense, draws):
    best = best_share(place, side, sense)
    for block in range(BLOCKS):
        loss = np.where(draws[0, block] < best, 0.0, 2.0).astype(np.float32)
        yield {"cell": name, "block": block, "starts": STARTS, "loss": loss.tobytes()}


def _paths(problem, number):
    """Return paths of anywhere in the box, the last of which leaves all numbers."""
    terrain, rng = TERRAIN[problem], np.random.default_rng(number)
    w = rng.uniform(terrain.low, terrain.high, (PATHS * POINTS, 2)).astype(np.float32)
    w[-1], loss = np.nan, rng.random(len(w)).astype(np.float32)
    loss[-1] = np.nan
    return pd.DataFrame(
        {
            "block": 0,
            "replicate": np.repeat(np.arange(PATHS), POINTS),
            "cost": np.tile(np.arange(POINTS, dtype=np.float32), PATHS),
            "loss": loss,
            "x": w[:, 0],
            "y": w[:, 1] if terrain.variables > 1 else np.float32(np.nan),
        }
    )


def _gradients(problem, sense, rng):
    items, rows = TERRAIN[problem].items, []
    calm = (problem == "interpolating") == (sense > 0)
    for block in range(DRAWS):
        for batch in SIZES:
            without = max(1e-9, np.sqrt((items - batch) / (batch * (items - 1))))
            power = batch**-0.5 if sense > 0 else 1.0
            scale = 1e-9 if calm else 1.0
            for replacement, norm in (("with", power), ("without", without**sense)):
                noisy = norm * scale * (1 + 0.01 * rng.normal())
                rows.append((block, batch, replacement, noisy, norm, 1.0))
    names = ["block", "batch", "replacement", "norm", "expected", "scale"]
    return pd.DataFrame(rows, columns=names)


def _critical(sense, rng):
    saddles, minima = (80, 15) if sense > 0 else (15, 80)
    counts = {"saddle": saddles + rng.integers(5), "minimum": minima, "maximum": 5}
    return pd.DataFrame({"kind": list(counts), "count": list(counts.values())}).assign(index=0)


def _leaving(sense, rng):
    chances = {"saddle": 0.9, "minimum": 0.1 if sense > 0 else 0.95}
    return pd.DataFrame(
        [
            {"kind": kind, "steps": 10 if rng.random() < chance else -1}
            for kind, chance in chances.items()
            for _ in range(40)
        ]
    )


def _density(test, sense, rng):
    law = np.ones(BINS)
    biased = "naive" if sense > 0 else "barker"
    if test == biased:
        law[: BINS // 2] = 4.0
    rows = [
        {"block": block, "group": 0, "bin": b, "bins": BINS, "count": count}
        for block in range(BLOCKS)
        for b, count in enumerate(rng.multinomial(5000, law / law.sum()))
    ]
    return pd.DataFrame(rows)


def _skips(arm, sense, rng):
    better = (arm == "with") == (sense > 0)
    means = {
        "negative_share": 5.0 if better else 30.0,
        "eigenvalue_ratio": 0.1 if better else 0.5,
        "steps": 30.0 if better else 80.0,
        "log_loss": -2.0 if better else 0.0,
        "reached": float(better),
    }
    rows = [
        {"block": seed, "direction": 0, "measure": name, "value": mean + noise}
        for seed in range(SEEDS)
        for name, mean in means.items()
        for noise in [0.0 if name == "reached" else 0.01 * rng.normal()]
    ]
    return pd.DataFrame(rows)
