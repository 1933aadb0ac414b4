"""Planted blocks: files as `train` writes them, with ends and basins that are known.

A world says for every start of every cell where it ends and in how many basins it was seen. The
other methods are described by the starts that they take elsewhere than gradient descent, so that
the pairing is planted too. The claims of all worlds are falsifiable together. Two pairs of them
are not free of one another, and their radii are chosen accordingly where claims hold in part:

- I06 false leaves basin hopping more than half of its ends outside, so that I04 is false as well;
- I05 false (as many ends of NiG and SAM in the sharp pair as GD has) leaves I20 true only where
  NiG and SAM have fewer ends outside than GD, that is where I04 is false.

Where all are open, I01 keeps GD's Else near 0, and I03 and I04 what is compared with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from escaping_minima.draws.streams import Streams
from escaping_minima.landscape.classify import outcome_names
from escaping_minima.parts.registry import make_problem, read_problem
from escaping_minima.plan.jobs import Job, PlannedBlocks, plan_study, plan_to_json
from escaping_minima.problems.plane import BLOCK
from escaping_minima.problems.points import draw_starts
from escaping_minima.results.blocks import write_block
from escaping_minima.results.paths import ResultPaths

STUDY = "stationary_distributions"
SCALE = "planted"
HIMMELBLAU, THREE, SIX = "himmelblau", "three_hump_camel", "six_hump_camel"
FUNCTIONS = (HIMMELBLAU, THREE, SIX)
HOPPING = ("nig_bh", "nim_bh", "nig_mbh", "nim_mbh")
NOISY = ("nig", "sam")
METHODS = ("gd", "nig", "nim", "sam", *HOPPING)
ELSE = ("saddle", "maximum", "halo", "diverged")
GLOBAL = ("GM1", "GM2", "GM3", "GM4")
FLAT, SHARP = ("LM1", "LM2"), ("LM3", "LM4")
MINIMA = (*GLOBAL, *FLAT, *SHARP)
#: The sweep: multiples 10^(k/4) of the main radius, and how verdicts call them.
POINTS = (-4, 0, 4)
LABELS = {-4: "radius × 0.1", 0: "main radius", 4: "radius × 10"}
#: Step sizes and start boxes of gradient descent: those of the main run, and one more.
STARTS = ("step 0.001, usual boxes", "step 0.001, other boxes")
#: The sweeps of the records, as far as the planted runs go.
SWEEPS = {
    "radius": list(POINTS),
    "start box": ["usual boxes", "other boxes"],
    "step and box": list(STARTS),
}

#: Where ends lie, from the literature; six-hump LM1-2 have f = 2.104, LM3-4 have f = -0.215.
PLACES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    HIMMELBLAU: {
        "GM1": (3.0, 2.0),
        "GM2": (3.584428, -1.848127),
        "GM3": (-2.805118, 3.131313),
        "GM4": (-3.779310, -3.283186),
        "saddle": (3.385154, 0.073852),
        "maximum": (-0.270845, -0.923039),
    },
    THREE: {
        "GM1": (0.0, 0.0),
        "LM1": (-1.747552, 0.873776),
        "LM2": (1.747552, -0.873776),
        "saddle": (1.070542, -0.535271),
    },
    SIX: {
        "GM1": (-0.089842, 0.712656),
        "GM2": (0.089842, -0.712656),
        "LM1": (-1.607105, -0.568651),
        "LM2": (1.607105, 0.568651),
        "LM3": (-1.703607, 0.796084),
        "LM4": (1.703607, -0.796084),
        "saddle": (0.0, 0.0),
        "maximum": (1.230230, 0.162335),
    },
}
#: Every second end lies so far off its point: inside the tolerance of 0.1, a halo outside of it.
OFFSET, HALO = 0.07, 0.13
#: With coefficient 1.04 the local minima of the three-hump function lie nearer to the origin. What
#: ends here is nearer than the tolerance to one of those, and not to one of the usual form.
NEAR_MOVED = {"LM1": (-1.648446, 0.824223), "LM2": (1.648446, -0.824223)}

#: (function, method, point of the sweep).
Key = tuple[str, str, int]
#: Percent of the starts by label, in order.
Shares = Mapping[str, float]
#: Percent of the starts that end in the second label instead of the first.
Moves = Mapping[tuple[str, str], float]


@dataclass
class World:
    """Where every start ends, and in how many basins it was seen.

    Parameters
    ----------
    starts : int
    gd : Mapping of str to Shares
        Of gradient descent, by function.
    moves : callable
        (function, method, k) -> what the method does with GD's starts.
    visits : callable
        (function, method, k) -> percent of the starts seen in one basin more than under GD, and
        in one fewer.
    steps, variants
        Numbers of the plan.
    other : Mapping of str to Shares
        Of gradient descent from the other boxes, by function; where nothing is said as from the
        usual ones, in another order.
    """

    starts: int
    gd: Mapping[str, Shares]
    moves: Callable[[str, str, int], Moves]
    visits: Callable[[str, str, int], tuple[float, float]]
    steps: int = 10_000
    variants: bool = False
    other: Mapping[str, Shares] = field(default_factory=dict)
    ends: dict[Key, np.ndarray] = field(init=False)
    basins: dict[Key, np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        self.ends, self.basins = {}, {}
        for index, function in enumerate(FUNCTIONS):
            # blocks must not be uniform, and all methods share their starts
            order = np.random.default_rng(index).permutation(self.starts)
            counts = [self.number(p) for p in self.gd[function].values()]
            base = np.repeat(np.array([*self.gd[function]], dtype=object), counts)
            seen = np.repeat([1, 2], [self.starts // 2, self.starts - self.starts // 2])
            for method in METHODS:
                for k in (0,) if method == "gd" else POINTS:
                    moves: Moves = {} if method == "gd" else self.moves(function, method, k)
                    more, fewer = (0, 0) if method == "gd" else self.visits(function, method, k)
                    basins = seen.copy()
                    basins[: self.number(more)] += 1
                    basins[self.starts - self.number(fewer) :] -= 1
                    self.ends[function, method, k] = self.moved(base, moves)[order]
                    self.basins[function, method, k] = basins[order]

    def number(self, percent: float) -> int:
        """Return a percentage of the starts, which must be whole."""
        count = percent * self.starts / 100
        assert abs(count - round(count)) < 1e-6, (percent, self.starts)
        return round(count)

    def moved(self, base: np.ndarray, moves: Moves) -> np.ndarray:
        """Let some starts end elsewhere, the first ones of each label."""
        ends, free = base.copy(), np.ones(len(base), dtype=bool)
        for (source, target), percent in moves.items():
            count = self.number(percent)
            chosen = np.flatnonzero((base == source) & free)[:count]
            assert len(chosen) == count, (source, target, percent)
            ends[chosen], free[chosen] = target, False
        return ends

    def at(self, function: str, method: str, k: int) -> np.ndarray:
        """Return the ends of a method; GD has the same at every radius."""
        return self.ends[function, method, 0 if method == "gd" else k]

    def count(self, function: str, method: str, k: int, *labels: str) -> int:
        """Return how many starts end in one of some labels."""
        return int(np.isin(self.at(function, method, k), labels).sum())

    def share(self, function: str, method: str, k: int, *labels: str) -> float:
        """Return that in percent of all starts."""
        return 100 * self.count(function, method, k, *labels) / self.starts

    def among(self, method: str, k: int, labels: tuple[str, ...], pool: tuple[str, ...]) -> float:
        """Return the percentage of some labels among six-hump ends in others."""
        return 100 * self.count(SIX, method, k, *labels) / self.count(SIX, method, k, *pool)

    def net_visits(self, function: str, method: str, k: int) -> float:
        """Return the percentage seen in more basins than under GD, minus that in fewer."""
        difference = self.basins[function, method, k] - self.basins[function, "gd", 0]
        return 100 * float(np.sign(difference).sum()) / self.starts

    def net_trend(self, function: str, method: str) -> float:
        """Return the percentage whose basins rise over the radii, minus that whose fall."""
        seen = np.array([self.basins[function, method, k] for k in POINTS])
        pairs = [(0, 1), (0, 2), (1, 2)]
        rise = sum(np.sign(seen[later] - seen[earlier]) for earlier, later in pairs)
        return 100 * float(np.sign(rise).sum()) / self.starts

    def other_ends(self, function: str) -> np.ndarray:
        """Return the ends of gradient descent from the other boxes, which are other starts."""
        shares = self.other.get(function, self.gd[function])
        counts = [self.number(p) for p in shares.values()]
        return np.repeat(np.array([*shares], dtype=object), counts)

    def jobs(self) -> list[Job]:
        """Return the plan of the study."""
        numbers = {"starts": self.starts, "steps": self.steps, "variants": self.variants}
        return plan_study(STUDY, numbers | {"sweep_every": 4, "start_settings": 1})

    def variant_ends(self, index: int, function: str) -> np.ndarray:
        """Return the ends of a variant: GD's, but for some that tell it from the others."""
        ends = self.ends[function, "gd", 0].copy()
        ends[np.flatnonzero(ends == "GM1")[: index + 1]] = "saddle"
        return ends

    def write(self, results: Path) -> Path:
        """Write the plan and every block that it asks for; return the plan's path."""
        paths, jobs = ResultPaths(results, SCALE), self.jobs()
        run = {"scale": SCALE, "results": str(results), "device": "cpu"}
        run |= {"checkpoint_seconds": 30.0, "keep_stale": False}
        paths.base.mkdir(parents=True, exist_ok=True)
        paths.plan.write_text(plan_to_json(jobs, run), encoding="utf-8")
        for planned, ends, basins in self._cells(jobs):
            identity = {"cell_id": planned.cell_id, "cell": planned.cell.record()}
            for block in range(planned.blocks):
                rows = slice(block * BLOCK, (block + 1) * BLOCK)
                path = paths.block(STUDY, planned.cell_id, block)
                _write(path, planned, identity, block, ends[rows], basins[rows])
        return paths.plan

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return what claims are judged on, as if every block had been written and collected."""
        rows, outcomes, basins = [], {f: {} for f in FUNCTIONS}, {f: {} for f in FUNCTIONS}
        for planned, ends, seen in self._cells(self.jobs()):
            function, cell = planned.cell.problem, planned.cell_id
            codes = {n: i for i, n in enumerate(outcome_names(make_problem(function, {})))}
            outcomes[function][cell] = np.array([codes[label] for label in ends], dtype=np.int8)
            basins[function][cell] = seen.astype(np.int8)
            row = {"cell": cell, "function": function, "method": planned.cell.method}
            rows.append(row | planned.labels | {"starts": self.starts, "steps": self.steps})
        found = {"cells.csv": pd.DataFrame(rows)}
        for name, columns in (("outcomes", outcomes), ("basins", basins)):
            for function, table in columns.items():
                found[f"{name}_{function}.parquet"] = pd.DataFrame(table)
        return found

    def _cells(self, jobs: list[Job]) -> Iterator[tuple[PlannedBlocks, np.ndarray, np.ndarray]]:
        variants = 0
        for job in jobs:
            for planned in job.cells:
                function, method = planned.cell.problem, planned.cell.method
                if planned.labels["role"] == "variant":
                    ends = self.variant_ends(variants, function)
                    variants += 1
                    yield planned, ends, np.ones(self.starts, dtype=int)
                elif planned.labels["role"] == "start_sweep":
                    yield planned, self.other_ends(function), np.full(self.starts, 7)
                else:
                    key = function, method, planned.labels["k"]
                    yield planned, self.ends[key], self.basins[key]


def _write(
    path: Path,
    planned: PlannedBlocks,
    identity: Mapping[str, object],
    block: int,
    ends: np.ndarray,
    basins: np.ndarray,
) -> None:
    cell = planned.cell
    function = read_problem(cell.problem, cell.problem_settings)
    x, y = _points(cell.problem, ends)
    if cell.problem_settings.get("coefficient") == 1.04:
        for label, (near_x, near_y) in NEAR_MOVED.items():
            x[ends == label], y[ends == label] = near_x, near_y
    starts = draw_starts(function, Streams(cell.problem, block))
    evaluations = np.full(BLOCK, cell.steps * (2 if cell.method == "sam" else 1))
    with np.errstate(all="ignore"):
        loss, gradient = function.value(x, y), np.hypot(*function.gradient(x, y))
    table = pd.DataFrame(
        {
            "start_x": starts[:, 0],
            "start_y": starts[:, 1],
            "end_x": x,
            "end_y": y,
            "loss": loss,
            "gradient_norm": gradient,
            "gradient_evaluations": evaluations,
            "loss_evaluations": np.zeros(BLOCK, dtype=np.int64),
            "basins": basins,
        }
    )
    lost = int((~np.isfinite(x)).sum())
    manifest = {
        **identity,
        "block": block,
        "source_hash": planned.source_hash,
        "outcome": "diverged" if lost == BLOCK else "done",
        "diverged_replicates": lost,
        "gradient_evaluations": int(evaluations.sum()),
        "loss_evaluations": 0,
        "wall_seconds": 0.5,
        "blocks_side_by_side": 1,
        "data": {},
        "commit": "0123456789abcdef",
        "dirty": False,
        "device": "cpu",
        "machine": "planted",
        "versions": {"python": "3", "torch": "planted", "numpy": "planted"},
        "package": "planted",
        "threads": 1,
    }
    write_block(path, table, manifest)


def _points(function: str, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.empty(len(ends)), np.empty(len(ends))
    for label in dict.fromkeys(ends):
        chosen = np.flatnonzero(ends == label)
        turn = 2.4 * np.arange(len(chosen))
        away = np.where(np.arange(len(chosen)) % 2, OFFSET, 0.0)
        if label == "halo":
            away[:] = HALO
        centre = PLACES[function].get(label, PLACES[function]["GM1"])
        x[chosen], y[chosen] = centre[0] + away * np.cos(turn), centre[1] + away * np.sin(turn)
        if label == "diverged":
            x[chosen] = y[chosen] = np.where(np.arange(len(chosen)) % 2, 1e6, np.nan)
    return x, y


def read_json(path: Path) -> dict:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def _step(k: int) -> float:
    """Return 0, 0.5 and 1 along the sweep: radii must not be mistaken for one another."""
    return (k + 4) / 8


def true_world() -> World:
    """Return a world in which all claims hold."""
    gd = {
        HIMMELBLAU: {"GM1": 25.5, "GM2": 25, "GM3": 26, "GM4": 23.5},
        THREE: {"GM1": 33.5, "LM1": 33.5, "LM2": 33},
        SIX: {
            "GM1": 12, "GM2": 25, "LM1": 4, "LM2": 4, "LM3": 20, "LM4": 25,
            "saddle": 5, "maximum": 1, "halo": 3, "diverged": 1,
        },
    }  # fmt: skip

    def moves(function: str, method: str, k: int) -> Moves:
        # the number of moved starts tells methods and radii apart in every function
        own = METHODS.index(method) / 2 + _step(k)
        if function != SIX:
            other = "GM2" if function == HIMMELBLAU else "LM1"
            return {("GM1", other): own, (other, "GM1"): 3, (other, "saddle"): _step(k)}
        # GM1 stays below GM2, and what leaves it does not touch the shares among local minima
        hop = {("GM1", "halo"): _step(k), ("GM2", "GM1"): 1, ("saddle", "GM2"): 1}
        return hop | ({("LM3", "LM4"): own, ("LM4", "LM3"): 3} if method not in NOISY else {
            "nig": {
                ("LM3", "saddle"): 10, ("LM3", "GM2"): 10,
                ("LM4", "halo"): 11, ("LM4", "LM1"): 6, ("LM4", "GM1"): 3,
            },
            "sam": {
                ("LM3", "halo"): 13, ("LM3", "GM1"): 3, ("LM3", "GM2"): 4,
                ("LM4", "saddle"): 8, ("LM4", "GM2"): 6, ("LM4", "LM2"): 6,
            },
        }[method])  # fmt: skip

    def visits(function: str, method: str, k: int) -> tuple[float, float]:
        return 25 + METHODS.index(method) + FUNCTIONS.index(function) + 20 * _step(k), 5

    return World(4000, gd, moves, visits)


def false_world() -> World:
    """Return a world in which no claim holds, at no radius and in no part."""
    gd = {
        HIMMELBLAU: {
            "GM1": 6, "GM2": 40, "GM3": 10, "GM4": 4,
            "saddle": 20, "maximum": 10, "halo": 8, "diverged": 2,
        },
        THREE: {"GM1": 10, "LM1": 46, "LM2": 4, "saddle": 20, "halo": 20},
        SIX: {
            "GM1": 20, "GM2": 10, "LM1": 15, "LM2": 15, "LM3": 10, "LM4": 10,
            "saddle": 10, "maximum": 3, "halo": 5, "diverged": 2,
        },
    }  # fmt: skip

    def moves(function: str, method: str, k: int) -> Moves:
        if function != SIX:
            flat = "GM2" if function == HIMMELBLAU else "LM1"
            # outside: GD and the two noisy methods 40 percent, NiM 60, basin hopping 80
            lost = {"nim": 20}.get(method, 40 if method in HOPPING else 0)
            return {(flat, "halo"): min(lost, 38 + _step(k) * 2), (flat, "GM1"): 0} | (
                {("saddle", "halo"): 2 + METHODS.index(method) + _step(k) * 2}
            )
        # to the sharp pair, of which GD has 20 percent: NiG and SAM 60, NiM 4, the others 1
        return {
            "nig": {
                ("LM1", "LM3"): 12, ("LM2", "LM4"): 12, ("saddle", "LM3"): 10,
                ("GM1", "LM4"): 4 + _step(k) * 2, ("GM2", "GM1"): 2,
            },
            "sam": {
                ("LM1", "LM3"): 5, ("LM2", "LM4"): 5, ("saddle", "LM3"): 10,
                ("GM1", "LM4"): 13 + _step(k) * 2, ("GM2", "LM3"): 7,
            },
            "nim": {
                ("LM3", "halo"): 8, ("LM4", "saddle"): 8, ("GM1", "halo"): 4, ("GM2", "LM1"): 6,
            },
        }.get(method, {
            ("LM3", "halo"): 10, ("LM4", "halo"): 9, ("GM1", "saddle"): 18,
            ("GM2", "saddle"): 7, ("LM1", "maximum"): 4, ("LM2", "halo"): 2 + _step(k) * 2,
        })  # fmt: skip

    def visits(function: str, method: str, k: int) -> tuple[float, float]:
        return 5, 20 + METHODS.index(method) + FUNCTIONS.index(function) + 2 * _step(k)

    return World(1500, gd, moves, visits, variants=True)


def undecided_world(steps: int = 10_000) -> World:
    """Return a world of so few starts and small effects that every claim stays open.

    The radii are alike, as it takes long to find the numbers of replicates; but at the largest one
    a few starts more are seen in more basins, and a few less in fewer. For I01 and I02 the starts
    are too few to be tested at all.
    """
    gd = {
        HIMMELBLAU: {"GM1": 23, "GM2": 23, "GM3": 23, "GM4": 26, "saddle": 5},
        THREE: {"GM1": 30, "LM1": 33, "LM2": 32, "halo": 5},
        SIX: {"GM1": 30, "GM2": 30, "LM1": 12, "LM2": 12, "LM3": 4, "LM4": 4, "saddle": 8},
    }

    def moves(function: str, method: str, k: int) -> Moves:
        if function != SIX:
            return {("GM1", "halo"): 2}
        # about half of the ends of NiG, SAM and basin hopping lie outside: I04 and I06 are open
        return {
            "nig": {
                ("GM1", "saddle"): 14, ("GM2", "halo"): 14, ("LM1", "halo"): 6,
                ("LM2", "halo"): 6, ("LM3", "halo"): 3, ("LM4", "halo"): 2, ("saddle", "LM3"): 3,
            },
            "sam": {
                ("GM1", "halo"): 14, ("GM2", "saddle"): 14, ("LM1", "saddle"): 6,
                ("LM2", "halo"): 6, ("LM3", "halo"): 2, ("LM4", "halo"): 3, ("saddle", "LM4"): 3,
            },
            "nim": {("LM3", "GM1"): 2, ("GM1", "LM1"): 2, ("saddle", "GM2"): 1},
        }.get(method, {
            ("GM1", "halo"): 14, ("GM2", "halo"): 13, ("LM1", "halo"): 6, ("LM2", "halo"): 6,
            ("LM3", "halo"): 4, ("LM4", "saddle"): 3, ("saddle", "LM3"): 3, ("saddle", "LM4"): 3,
        })  # fmt: skip

    def visits(function: str, method: str, k: int) -> tuple[float, float]:
        return (20, 14) if k == 4 else (14, 11)

    return World(500, gd, moves, visits, steps=steps)


#: The settings at which the claims of `partial_world` hold, and at which they do in part.
HOLDING: Mapping[str, tuple[str, ...]] = {
    "I02": (),
    "I03": (STARTS[0],),
    "I04": (LABELS[0],),
    "I05": (LABELS[0], LABELS[4]),
    "I06": (LABELS[-4], LABELS[0]),
    "I07": (LABELS[-4], LABELS[4]),
    "I19": (LABELS[0], LABELS[4]),
    "I20": (LABELS[0], LABELS[4]),
}
SPLIT: Mapping[str, tuple[str, ...]] = {
    "I02": ("usual boxes", "other boxes"),
    "I07": (LABELS[0],),
    "I20": (LABELS[-4],),
}


def partial_world() -> World:
    """Return a world in which every claim holds in part: swept ones as `HOLDING` and `SPLIT` say.

    I01 and I02 hold in one minimum and fail in another, I23 on one function alone.
    """
    gd = {
        HIMMELBLAU: {"GM1": 25, "GM2": 45, "GM3": 25, "GM4": 5},
        THREE: {"GM1": 33.5, "LM1": 60, "LM2": 6.5},
        SIX: {"GM1": 17, "GM2": 22, "LM1": 4, "LM2": 4, "LM3": 20, "LM4": 23, "saddle": 10},
    }
    noisy: Mapping[int, Mapping[str, Moves]] = {
        -4: {m: {("GM1", "LM1"): 17} for m in NOISY},
        0: {
            "nig": {
                ("LM3", "saddle"): 20, ("LM4", "LM1"): 6, ("LM4", "GM2"): 14,
            },
            "sam": {
                ("LM3", "LM1"): 6, ("LM3", "GM2"): 14, ("LM4", "saddle"): 20,
            },
        },
        4: {
            "nig": {("LM3", "LM1"): 20, ("LM4", "LM2"): 7, ("LM4", "GM1"): 13},
            "sam": {("LM3", "LM1"): 20, ("LM4", "LM2"): 3.5, ("LM4", "GM1"): 16.5},
        },
    }  # fmt: skip
    hopping: Mapping[int, Moves] = {
        # fewer in the sharp pair, the same share of it among local minima
        -4: {("LM3", "GM1"): 11, ("LM1", "GM1"): 2},
        # as many in the sharp pair, more in the flat one
        0: {("GM1", "LM1"): 16, ("GM2", "LM2"): 16},
        # as many in the sharp pair, more than half outside
        4: {("GM1", "saddle"): 17, ("GM2", "halo"): 17, ("LM1", "halo"): 4, ("LM2", "halo"): 4},
    }

    def moves(function: str, method: str, k: int) -> Moves:
        if function == SIX:
            if method in NOISY:
                return noisy[k][method]
            return hopping[k] if method in HOPPING else {("LM3", "LM4"): 5, ("LM4", "LM3"): 5}
        # one method with more ends outside here is enough against I03
        return {("GM1", "halo"): 25} if (method, k) == ("nim", -4) else {}

    def visits(function: str, method: str, k: int) -> tuple[float, float]:
        return (30, 10) if (k == 4) == (function == HIMMELBLAU) else (10, 15)

    # from the other boxes fewer ends outside, and more in GM1
    other = {SIX: {"GM1": 30, "GM2": 20, "LM1": 4, "LM2": 4, "LM3": 20, "LM4": 22}}
    return World(4000, gd, moves, visits, other=other)
