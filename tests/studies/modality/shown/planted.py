"""Collected tables of the study with planted numbers: every table that figures and tables read."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

XOR = {
    (w, d): m
    for (w, d), m in zip(
        itertools.product((2, 4, 20), (1, 2, 3)), (9, 15, 21, 17, 37, 57, 81, 501, 921), strict=True
    )
}
MNIST = {
    (w, d): m
    for (w, d), m in zip(
        itertools.product((10, 20, 100), (1, 2, 3)),
        (7960, 8070, 8180, 15910, 16330, 16750, 79510, 89610, 99710),
        strict=True,
    )
}
SETTINGS = {(1, "micro"): 1000, (1, "macro"): 100, (10, "micro"): 1000, (10, "macro"): 100}
THRESHOLDS = (0.01, 0.02, 0.05, 0.1)
LEVELS = {"0": 0.0, "0.3466": 0.3466, "0.4774": 0.4774, "0.6931": 0.6931}
MEASURES = (
    *("log_gradient_99", "log_loss_99", "log_gradient_max", "log_loss_max"),
    *("log_gradient_top", "log_loss_top", "bic_gain", "overlap", "separation", "steep_weight"),
    *("steep_mean", "steep_spread", "shallow_weight", "steep_test"),
)


#: What is said of how a cell was computed; nothing here depends on it.
COMPUTED = {
    "data": "{}",
    "settings": "{}",
    "diverged": 0,
    "wall_seconds": 1.0,
    "commit": "0" * 12,
    "source_hash": "0" * 16,
    "stale": False,
    "device": "cpu",
    "machine": "planted",
    "torch": "2",
    "numpy": "2",
    "mean_gradient_evaluations": 1.0,
    "mean_loss_evaluations": 1.0,
}


class World:
    """Plants tables for some networks; a generator makes numbers that look like a study's."""

    def __init__(self, xor, mnist, roles, blocks, seed=0):
        self.random = np.random.default_rng(seed)
        self.blocks = blocks
        self.tables, self.rows = {}, {}
        self.cells = []
        for data, networks in (("xor", xor), ("mnist", mnist)):
            for role in roles:
                for (width, depth), (bound, size) in itertools.product(networks, SETTINGS):
                    self._cell(role, data, width, depth, bound, size)

    def _cell(self, role, data, width, depth, bound, size):
        if role in ("curvature", "descent") and data == "mnist":
            return
        if role in ("two_draws", "long_steps") and data == "xor":
            return
        if role == "long_steps" and (bound, size) != (1, "micro"):
            return
        weights = (XOR if data == "xor" else MNIST)[width, depth]
        steps = SETTINGS[bound, size]
        walks = self.blocks * (weights if data == "xor" else 25)
        name = f"{len(self.cells):010x}"
        self.cells.append(
            {
                "cell": name,
                "role": role,
                "data_set": data,
                "width": width,
                "depth": depth,
                "bound": bound,
                "granularity": size,
                "parameters": weights,
                "steps": steps,
                "method": "random_walk" if role == "random" else "gradient_walk",
                "step": 0.02 * bound * (1 if size == "micro" else 10),
                "blocks": self.blocks,
                "walks": walks,
                "data_version": "",
                "data_note": "",
                "data_words": "" if data == "xor" else "60,000 training and 10,000 test images",
                **COMPUTED,
            }
        )
        self._fill(name, role, data, width, depth, bound, size)

    def _add(self, name, rows):
        """Keep a table, or the dict of one row."""
        kept = self.rows if isinstance(rows, dict) else self.tables
        kept.setdefault(name, []).append(rows)

    def _fill(self, cell, role, data, width, depth, bound, size):
        if role == "curvature":
            self._curvature(cell, width, depth, bound)
            return
        if role == "descent":
            self._descents(cell)
            return
        self._measures(cell, role, data, width, depth)
        self._courses(cell, role, bound)
        if role == "walk":
            self._clouds(cell, data, depth, bound)
            self._low(cell, data, width)
            if data == "mnist":
                self._last(cell, width, depth)

    def _measures(self, cell, role, data, width, depth):
        for block in range(self.blocks):
            noise = self.random.normal(0, 0.03, len(MEASURES))
            row = dict(zip(MEASURES, 0.5 * depth + noise, strict=True))
            row |= {"overlap": 0.2 + 0.1 * np.log10(width) + noise[0], "steep_weight": 30.0 * depth}
            row |= {"last_train_accuracy": 60.0, "last_test_accuracy": 55.0, "last_test_loss": 1.0}
            if data == "xor":
                row |= {m: np.nan for m in row if m.startswith(("last_t", "steep", "bic", "sep"))}
            row |= {"walks": 25.0, "points": 25_000.0, "last_loss": 0.2 + (role == "random")}
            row |= {"last_log_loss": -0.5, "mean_loss": 0.6, "still": 3.0}
            self._add("measures.parquet", {"cell": cell, "block": block} | row)

    def _courses(self, cell, role, bound):
        step = np.linspace(1, 1000, 20).astype(int)
        fall = 1.0 if role == "random" else np.exp(-step / 400)
        for block in range(self.blocks):
            loss = (0.2 + 0.8 * fall) * bound**2 * self.random.uniform(0.9, 1.1)
            rows = {"cell": cell, "block": block, "step": step, "loss": loss}
            rows |= {"log_loss": np.log10(loss), "test_loss": loss * 1.1}
            self._add(
                "courses.parquet",
                pd.DataFrame(rows | {"train_accuracy": 0.6, "test_accuracy": 0.5}),
            )

    def _clouds(self, cell, data, depth, bound):
        n = 4000
        log_loss = self.random.normal(-0.5, 0.6, n) + (bound > 1) * self.random.uniform(0, 3, n)
        steep = self.random.random(n) < 0.5
        log_gradient = log_loss + 0.5 * depth * steep + self.random.normal(0, 0.2, n)
        table = pd.DataFrame(
            {
                "loss_bin": binned(log_loss),
                "gradient_bin": binned(log_gradient),
                "count": 1,
                "test_log": np.round(1000 * (log_loss + 0.3 * steep)) * (data == "mnist"),
            }
        )
        cloud = table.groupby(["loss_bin", "gradient_bin"], as_index=False).sum()
        # a point without any loss and gradient, and one that has overflowed
        ends = pd.DataFrame(
            {"loss_bin": [0, 179], "gradient_bin": [0, 150], "count": 5, "test_log": 0.0}
        )
        self._add("clouds.parquet", pd.concat([cloud, ends[:1]]).assign(cell=cell))

    def _low(self, cell, data, width):
        for block, index in itertools.product(range(self.blocks), range(len(THRESHOLDS))):
            levels = (0, 346, 477, 693)[: 4 if width == 2 else 2]
            bins = [b + s for b in levels for s in range(3)]
            points = 2 * (index + 1) + 100 * width + self.random.integers(0, 20, len(bins))
            rows = {"cell": cell, "block": block, "threshold": index, "loss_bin": bins}
            self._add("low.parquet", pd.DataFrame(rows | {"points": points, "walks": 2}))

    def _last(self, cell, width, depth):
        for block in range(self.blocks):
            train = np.clip(
                self.random.normal(0.5 + 0.1 * np.log10(width) - 0.1 * depth, 0.05, 25), 0, 1
            )
            rows = {"cell": cell, "block": block, "replicate": range(25), "loss": 1.0}
            rows |= {"train_accuracy": train, "test_accuracy": train * 0.9, "test_loss": 1.2}
            self._add("last_walks.parquet", pd.DataFrame(rows))

    def _descents(self, cell):
        kinds = {0.0: "valley", 0.3466: "minimum", 0.4774: "saddle", 0.6931: "saddle"}
        for level, kind in kinds.items():
            for replicate in range(2):
                row = {"cell": cell, "block": 0, "step": 1, "replicate": replicate, "level": level}
                row |= {"kind": kind, "end_gradient": 1e-9, "end_loss": level * (kind != "saddle")}
                self._add("descents.parquet", row)

    def _curvature(self, cell, width, depth, bound):
        readings = itertools.product(
            ("block", "full"), ("float32", "float64"), ("exact", "relative")
        )
        for (hessian, precision, rule), near in itertools.product(readings, ("all", *LEVELS)):
            for block in range(self.blocks):
                singular = 10 * (rule == "relative") + 5 * depth + 2 * width
                counts = np.array([max(0, 60 - singular), 0, 40, singular]) + self.random.integers(
                    0, 5, 4
                )
                row = {"cell": cell, "block": block, "hessian": hessian, "precision": precision}
                row |= {"rule": rule, "near": near}
                names = ("convex", "concave", "saddle", "singular")
                row |= dict(zip(names, counts.tolist(), strict=True))
                row |= {f"gradient_{name}": -1.0 for name in names}
                self._add("curvature.parquet", row)
        for group, block in itertools.product(("singular", "other"), range(self.blocks)):
            share = 0.1 + 0.3 * (group == "singular") + self.random.uniform(0, 0.05)
            row = {"cell": cell, "block": block, "group": group, "points": 100}
            row |= {"output_saturated": share, "idle_weights": share / 2}
            row |= {f"hidden_saturated_{i}": share / i if i <= depth else np.nan for i in (1, 2, 3)}
            self._add("saturation.parquet", row)
        n = 1000
        log_loss = self.random.normal(-0.5, 0.6, n) + (bound > 1) * self.random.uniform(0, 3, n)
        kind = self.random.choice([0, 2, 3], n, p=[0.3, 0.4, 0.3])
        log_gradient = log_loss + 0.4 * depth * (kind == 3) + self.random.normal(0, 0.3, n)
        rows = {"loss_bin": binned(log_loss), "gradient_bin": binned(log_gradient), "class": kind}
        cloud = pd.DataFrame(rows).value_counts().rename("count").reset_index()
        self._add("class_clouds.parquet", cloud.assign(cell=cell))

    def build(self):
        """Return the tables, by file name."""
        found = {name: pd.concat(rows, ignore_index=True) for name, rows in self.tables.items()}
        found |= {name: pd.DataFrame(rows) for name, rows in self.rows.items()}
        return {"cells.csv": pd.DataFrame(self.cells)} | found


def binned(log_values):
    """Return bins of a tenth of a decade from 1e-9 on."""
    return np.clip(np.floor(10 * (log_values + 9)), 0, 179).astype(int)


ROLES = ("walk", "curvature", "random", "two_draws", "long_steps", "descent")


def everything(blocks=3):
    """Return tables of all networks and roles."""
    return World(XOR, MNIST, ROLES, blocks).build()


def quick():
    """Return tables as a first run has them: small networks, one block, no controls."""
    return World([(2, 1), (4, 1)], [(10, 1)], ("walk", "curvature"), 1).build()


def nothing():
    """Return tables that no figure finds anything in."""
    tables = World([(2, 1)], [], ("descent",), 1).build()
    return {"cells.csv": tables["cells.csv"]}
