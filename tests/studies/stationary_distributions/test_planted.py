"""Planted truth comes out at the other end: verdicts, tables, figures and the site."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import escaping_minima
from escaping_minima.claims.records import load_records
from escaping_minima.cli import main
from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.plan.jobs import Job, PlannedBlocks, plan_to_json
from escaping_minima.report.style import figure_bytes
from escaping_minima.results.paths import ResultPaths
from escaping_minima.results.tables import read_tables
from escaping_minima.studies.stationary_distributions import figures
from escaping_minima.studies.stationary_distributions.counts import list_runs, main_runs
from escaping_minima.studies.stationary_distributions.evidence import Tables
from escaping_minima.studies.stationary_distributions.printed import load_printed
from escaping_minima.studies.stationary_distributions.table_1 import table_1


def _planting() -> ModuleType:
    path = Path(__file__).with_name("planting.py")
    spec = importlib.util.spec_from_file_location("stationary_distributions_planting", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # a dataclass looks its module up
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


p = _planting()
STUDY, SIX = p.STUDY, p.SIX
PACKAGE = Path(escaping_minima.__file__).parent
CLAIMS = ["I01", "I02", "I03", "I04", "I05", "I06", "I07", "I19", "I20", "I23"]
SWEPT = [m for m in p.METHODS if m != "gd"]
BINS = {
    p.HIMMELBLAU: p.GLOBAL,
    p.THREE: ("GM1", "LM1", "LM2"),
    SIX: ("GM1", "GM2", *p.FLAT, *p.SHARP),
}


def effects(world: Any, claim: str, k: int) -> list[float]:
    """Return the planted effects of a claim's main reading, in points, part by part."""

    def outside(function: str, method: str) -> float:
        return world.share(function, method, k, *p.ELSE)

    def sharp(method: str) -> float:
        return world.share(SIX, method, k, *p.SHARP)

    def sharp_among_local(method: str) -> float:
        return world.among(method, k, p.SHARP, (*p.FLAT, *p.SHARP))

    def among_converged(method: str, labels: tuple[str, ...]) -> float:
        return world.among(method, k, labels, p.MINIMA)

    def against(function: str, labels: Sequence[str], share: float) -> list[float]:
        even = [world.share(function, "gd", k, label) - share for label in labels]
        return [*even, outside(function, "gd")]

    groups = p.GLOBAL, p.FLAT
    if claim == "I01":
        return against(p.HIMMELBLAU, p.GLOBAL, 25)
    if claim == "I02":
        return against(p.THREE, BINS[p.THREE], 33.3333)
    if claim == "I03":
        others = p.HIMMELBLAU, p.THREE
        return [outside(SIX, m) - outside(f, m) for m in p.METHODS for f in others]
    if claim == "I04":
        others = [m for m in p.METHODS if m not in p.NOISY]
        return [outside(SIX, m) - outside(SIX, other) for m in p.NOISY for other in others]
    if claim == "I05":
        return [sharp("gd") - sharp(m) for m in p.NOISY]
    if claim == "I06":
        return [50 - outside(SIX, m) for m in p.HOPPING]
    if claim == "I07":
        return [sharp_among_local(m) - sharp_among_local("gd") for m in ("nim", *p.HOPPING)]
    if claim == "I19":
        return [sharp(m) - sharp("gd") for m in p.HOPPING]
    if claim == "I20":
        than_gd = [
            among_converged(m, g) - among_converged("gd", g) for g in groups for m in p.NOISY
        ]
        return than_gd + [among_converged("nig", g) - among_converged("sam", g) for g in groups]
    methods = [m for m in SWEPT if m != "sam"]
    return [world.net_visits(f, m, k) for m in methods for f in p.FUNCTIONS]


@dataclass(frozen=True)
class Run:
    """A world with what the steps made of it."""

    world: Any
    paths: ResultPaths

    @property
    def claims(self) -> dict[str, dict[str, Any]]:
        judged = p.read_json(self.paths.judged(STUDY) / "verdicts.json")
        return {claim["id"]: claim for claim in judged["claims"]}

    @property
    def verdicts(self) -> dict[str, str]:
        return {name: claim["verdict"] for name, claim in self.claims.items()}

    def collected(self) -> dict[str, pd.DataFrame]:
        return read_tables(self.paths.tables(STUDY))

    def derived(self) -> dict[str, pd.DataFrame]:
        return read_tables(self.paths.judged(STUDY))


def step(*words: Any) -> None:
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    assert left.value.code == 0, words


def collect(world: Any, folder: Path) -> Run:
    step("collect", "--plan", world.write(folder), "--study", STUDY)
    return Run(world, ResultPaths(folder, p.SCALE))


def judge(run: Run, published: Run | None = None) -> Run:
    words: list[Any] = ["--tables", run.paths.tables(STUDY), "--output", run.paths.judged(STUDY)]
    if published is not None:
        words += ["--published", published.paths.tables(STUDY)]
    step("judge", "--study", STUDY, *words)
    return run


def judge_each_beside_the_other(worlds: Mapping[str, Any], folder: Path) -> None:
    true, false = (collect(world, folder / name) for name, world in worlds.items())
    judge(true, false)
    judge(false, true)


@pytest.fixture(scope="session")
def runs(made_once):
    """The true and the false world, each with the other one's tables as the published ones."""
    worlds = {"true": p.true_world(), "false": p.false_world()}
    folder = made_once("planted", lambda folder: judge_each_beside_the_other(worlds, folder))
    return {name: Run(w, ResultPaths(folder / name, p.SCALE)) for name, w in worlds.items()}


@pytest.fixture(scope="session")
def sites(made_once, runs, root):
    """The two worlds with their sites; the false one's has the true one's figures in it."""

    def fill(_: Path) -> None:
        true, false = (run.paths for run in runs.values())
        render(STUDY, true, root, "-p", f"figures={true.figures(STUDY)}")
        # drawing takes longest, and what is drawn of the false world is read from the axes
        shutil.copytree(true.figures(STUDY), false.figures(STUDY))
        false.notebook(STUDY).parent.mkdir(parents=True)
        shutil.copy(true.notebook(STUDY), false.notebook(STUDY))
        for name, run in runs.items():
            render("overview", run.paths, root)
            words = ["--results", run.paths.root, "--name", run.paths.name, "--studies", STUDY]
            step("report", *words, "--label", f"planted {name}")

    made_once("planted-sites", fill)
    return runs


def render(name: str, paths: ResultPaths, root: Path, *more: str) -> None:
    words = ["--notebook", root / "notebooks" / f"{name}.ipynb", "--output", paths.notebook(name)]
    step("render", *words, "-p", f"results={paths.root}", "-p", f"name={paths.name}", *more)


@pytest.fixture(scope="session")
def judged(made_once):
    """Return a function that judges a world alone."""

    def judge_once(name: str, world: Any) -> Run:
        folder = made_once(f"planted-{name}", lambda folder: judge(collect(world, folder)))
        return Run(world, ResultPaths(folder, p.SCALE))

    return judge_once


@pytest.fixture(scope="session")
def undecided(judged):
    return judged("undecided", p.undecided_world())


@pytest.fixture(scope="session")
def partial(judged):
    return judged("partial", p.partial_world())


@pytest.fixture(scope="session")
def short(judged):
    return judged("short", p.undecided_world(steps=2000))


def assert_effects(run: Run, verdicts: set[str] | None = None) -> None:
    """The effects of all parts are the planted ones."""
    for name, claim in run.claims.items():
        main_reading = claim["readings"][0]
        swept = name not in ("I01", "I02")
        points = dict(zip(p.LABELS.values(), p.POINTS, strict=True)) if swept else {}
        labels = [s["label"] for s in main_reading["settings"]]
        assert labels == (list(points) or ["one setting"])
        for setting in main_reading["settings"]:
            expected = effects(run.world, name, points.get(setting["label"], 0))
            found = [part["effect"] for part in setting["parts"]]
            assert found == pytest.approx(expected, abs=1e-3), (name, setting["label"])
            for part in setting["parts"]:
                low, high = part["interval"]
                assert low <= part["effect"] <= high
                assert verdicts is None or part["verdict"] in verdicts


def settings(run: Run, name: str) -> list[str]:
    return [s["verdict"] for s in run.claims[name]["readings"][0]["settings"]]


def other_readings(run: Run) -> dict[str, list[str]]:
    return {
        name: [reading["verdict"] for reading in claim["readings"][1:]]
        for name, claim in run.claims.items()
        if len(claim["readings"]) > 1
    }


def test_every_claim_and_radius_is_there(runs):
    assert [c.id for c in load_records(STUDY).claims] == CLAIMS
    for run in runs.values():
        assert list(run.claims) == CLAIMS
        for name, claim in run.claims.items():
            settings_there = len(claim["readings"][0]["settings"])
            assert settings_there == (3 if claim["swept"] else 1), name


def test_what_is_true_is_reproduced(runs):
    run = runs["true"]
    assert run.verdicts == dict.fromkeys(CLAIMS, "reproduced")
    assert_effects(run, {"reproduced"})
    for name, claim in run.claims.items():
        reading = claim["readings"][0]
        # no claim here stands because of the margin alone
        assert not reading["negligible"]
        labels = list(p.LABELS.values()) if claim["swept"] else ["one setting"]
        assert reading["holds_at"] == labels, name


def test_what_is_false_is_not_reproduced(runs):
    run = runs["false"]
    assert run.verdicts == dict.fromkeys(CLAIMS, "not reproduced")
    assert_effects(run, {"not reproduced"})
    for name, claim in run.claims.items():
        reading = claim["readings"][0]
        assert reading["holds_at"] == []
        assert all(s["against"] for s in reading["settings"])
        assert set(settings(run, name)) == {"not reproduced"}


def test_other_readings_have_their_own_verdicts(runs):
    yes, no = "reproduced", "not reproduced"
    # true: GM1 has fewer ends than GM2, shares are those of the basins; the flat pair gains, and
    # the sharp one loses, under NiG and SAM; basin hopping leaves GD's ends outside as they are
    assert other_readings(runs["true"]) == {
        "I01": [yes],
        "I03": [yes],
        "I05": [no],
        "I06": [no],
        "I07": [yes],
        "I19": [yes],
        "I20": [yes, no],
    }
    found = other_readings(runs["false"])
    # false: the flat pair has fewer ends under NiG; SAM has them nearer to GD's
    assert {k: v for k, v in found.items() if k not in ("I19", "I20")} == {
        "I01": [no],
        "I03": [no],
        "I05": [yes],
        "I06": [no],
        "I07": [no],
    }


def test_what_the_numbers_leave_open_is_inconclusive(undecided):
    assert undecided.verdicts == dict.fromkeys(CLAIMS, "inconclusive")
    assert_effects(undecided)
    needed = {n: c["readings"][0]["needed"] for n, c in undecided.claims.items()}
    for name, claim in undecided.claims.items():
        reading = claim["readings"][0]
        # a radius that is decided against does not decide the claim
        against = [False, False, name == "I23"] if claim["swept"] else [False]
        assert [s["against"] for s in reading["settings"]] == against
        if needed[name] is None:
            assert "already have 80 percent power at the margin" in reading["reason"]
        else:
            assert needed[name] > 500
            assert needed[name] % 500 == 0
            assert f"takes {needed[name]} replicates" in reading["reason"]
    # both kinds occur: the discordant starts of I05 are few
    assert needed["I05"] is None
    assert sum(n is not None for n in needed.values()) == 9


def test_needed_starts_have_the_power_and_a_block_less_has_not(undecided):
    """I06 compares with 50 percent: an exact binomial test of four parts at three radii."""
    tail = 0.05 / len([c for c in CLAIMS if c != "I23"]) / 3 / 4 / 2

    def power(starts: int) -> float:
        least = stats.binom.isf(tail, starts, 0.5) + 1
        return float(stats.binom.sf(least - 1, starts, 0.55))

    needed = undecided.claims["I06"]["readings"][0]["needed"]
    assert power(needed) >= 0.8 > power(needed - 500)


def test_a_claim_that_holds_at_some_radii_is_partly_reproduced_and_names_them(partial):
    assert partial.verdicts == dict.fromkeys(CLAIMS, "partly")
    assert_effects(partial)
    for name, points in p.HOLDING.items():
        reading = partial.claims[name]["readings"][0]
        holding = [p.LABELS[k] for k in points]
        assert reading["holds_at"] == holding
        undecided = [p.LABELS[4]] if name == "I20" else []
        against = [w for w in p.LABELS.values() if w not in (*holding, *undecided)]
        assert [s["label"] for s in reading["settings"] if s["against"]] == against
        groups = {"holds at": holding, "decided against at": against, "open at": undecided}
        words = [f"{key} {', '.join(found)}" for key, found in groups.items() if found]
        assert reading["reason"] == "; ".join(words)


def test_a_claim_of_one_setting_is_partly_reproduced_by_its_parts(partial):
    parts = {
        name: [part["verdict"] for part in claim["readings"][0]["settings"][0]["parts"]]
        for name, claim in partial.claims.items()
    }
    yes, no = "reproduced", "not reproduced"
    assert parts["I01"] == [yes, no, yes, no, yes]
    assert parts["I02"] == [yes, no, no, yes]


def test_too_few_steps_test_nothing_and_show_the_effects(short, undecided):
    assert short.verdicts == dict.fromkeys(CLAIMS, "not tested")
    assert_effects(short, {"not tested"})
    for name, claim in short.claims.items():
        reading = claim["readings"][0]
        assert reading["reason"] == "scale: needs 10000 steps, this run has 2000"
        assert (reading["p"], reading["needed"], reading["holds_at"]) == (1, None, [])
        assert set(settings(short, name)) == {"not tested"}
    # nothing but the steps differs
    assert undecided.world.starts == short.world.starts == 500


def test_published_tables_are_judged_beside_the_run(runs):
    for name, other in (("true", "false"), ("false", "true")):
        for claim, record in runs[name].claims.items():
            beside = runs[other].claims[claim]
            assert record["published"]["verdict"] == beside["verdict"] != record["verdict"]
            assert record["published"]["main"] == beside["readings"][0]


def test_nothing_published_leaves_no_verdict_beside(undecided):
    assert not any("published" in claim for claim in undecided.claims.values())


@pytest.mark.parametrize("name", ["true", "false"])
def test_cells_of_table_1_are_as_planted(runs, name):
    world, table = runs[name].world, runs[name].derived()["table_1.csv"]
    rows = table.set_index(["function", "method", "bin"])
    assert len(rows) == sum(len(BINS[f]) + 1 for f in p.FUNCTIONS) * len(p.METHODS)
    for (function, method, bin_), row in rows.iterrows():
        labels = p.ELSE if bin_ == "Else" else (bin_,)
        count = world.count(function, method, 0, *labels)
        assert (row["count"], row["starts"]) == (count, world.starts)
        assert row["share"] == pytest.approx(100 * count / world.starts, abs=1e-4)
        # the intervals of a row hold together at 95 percent
        level = 1 - 0.05 / (len(BINS[function]) + 1)
        exact = stats.binomtest(count, world.starts).proportion_ci(level, method="exact")
        assert [row["low"], row["high"]] == pytest.approx(
            [100 * exact.low, 100 * exact.high], abs=1e-3
        )
        if bin_ == "Else":
            split = [row[f"else_{part}"] for part in p.ELSE]
            planted = [world.share(function, method, 0, part) for part in p.ELSE]
            assert split == pytest.approx(planted, abs=1e-4)


@pytest.mark.parametrize("name", ["true", "false"])
def test_the_sweep_has_the_planted_counts_at_each_radius(runs, name):
    world, table = runs[name].world, runs[name].derived()["sweep.csv"]
    groups = {
        "Else": p.ELSE,
        "GM": p.GLOBAL,
        "LM": (*p.FLAT, *p.SHARP),
        "pair_f_2.104": p.FLAT,
        "pair_f_-0.215": p.SHARP,
    }
    for row in table.itertuples():
        labels = groups.get(row.outcome, (row.outcome,))
        assert row.count == world.count(row.function, row.method, row.k, *labels), row
    main_radius = {"nig": 25, "sam": 0.33, "nig_bh": 100, "nig_mbh": 100}
    swept = table[table["method"] != "gd"].drop_duplicates(["function", "method", "k"])
    assert len(swept) == 3 * 7 * 3
    for row in swept.itertuples():
        assert row.radius == pytest.approx(main_radius.get(row.method, 0.1) * 10 ** (row.k / 4))


@pytest.mark.parametrize("name", ["true", "false"])
def test_discordant_starts_are_as_planted(runs, name):
    world, table = runs[name].world, runs[name].derived()["paired.csv"]
    assert len(table) == 3 * len(SWEPT)
    for row in table.itertuples():
        ours, gd = (world.at(row.function, m, 0) for m in (row.method, "gd"))
        # diverged ends are one outcome, as are all saddles
        assert row.other_outcome_count == (ours != gd).sum()
        lost, gd_lost = np.isin(ours, p.ELSE), np.isin(gd, p.ELSE)
        discordant = row.else_only_method, row.else_only_gd
        assert discordant == ((lost & ~gd_lost).sum(), (gd_lost & ~lost).sum())


@pytest.mark.parametrize("name", ["true", "false"])
def test_basins_are_as_planted(runs, name):
    world, table = runs[name].world, runs[name].derived()["exploration.csv"]
    assert len(table) == 3 * (1 + 3 * len(SWEPT))
    for row in table.itertuples():
        basins = world.basins[row.function, row.method, row.k]
        assert row.mean_basins == pytest.approx(basins.mean(), abs=1e-4)
        assert row.several_basins == pytest.approx(100 * (basins > 1).mean(), abs=1e-4)
        if row.method != "gd":
            net = world.net_visits(row.function, row.method, row.k)
            assert row.net_difference == pytest.approx(net, abs=1e-4)


def test_variants_are_counted_with_their_own_function(runs):
    world, table = runs["false"].world, runs["false"].derived()["variants.csv"]
    planted = [
        (c.labels["variant"], c.cell.problem, c.cell.method)
        for job in world.jobs()
        for c in job.cells
        if c.labels["role"] == "variant"
    ]
    rows = table.set_index(["variant", "function", "method", "outcome"])["count"]
    assert len(planted) == 16
    assert len(rows) == sum(len(BINS[f]) + 5 for _, f, _ in planted)
    for index, key in enumerate(planted):
        ends = world.variant_ends(index, key[1])
        for outcome in (*BINS[key[1]], *p.ELSE):
            assert rows[(*key, outcome)] == (ends == outcome).sum()


def test_other_starts_are_counted_apart(runs):
    table = runs["false"].derived()["start_sweep.csv"]
    world = runs["false"].world
    settings = ["step 0.001, usual boxes", "step 0.001, other boxes"]
    assert table["setting"].drop_duplicates().tolist() == settings
    for row in table.itertuples():
        if row.setting == settings[0]:
            labels = p.ELSE if row.outcome == "Else" else (row.outcome,)
            assert row.count == world.count(row.function, "gd", 0, *labels)
        else:
            assert row.share == (100 if row.outcome in ("saddle", "Else") else 0)
    boxes = table[table["setting"] == settings[1]].groupby("function")["upper"].unique()
    assert {f: list(found) for f, found in boxes.items()} == {
        "himmelblau": ["6, 6"],
        "three_hump_camel": ["2, 2"],
        "six_hump_camel": ["5, 5"],
    }


def test_diverged_starts_are_counted(runs):
    run = runs["false"]
    cells = run.collected()["cells.csv"]
    gd = cells[(cells["method"] == "gd") & (cells["role"] == "main")].set_index("function")
    # half of them are not finite, which the manifest counts; the rest is merely far away
    for function in p.FUNCTIONS:
        blocks = (run.world.at(function, "gd", 0) == "diverged").reshape(-1, p.BLOCK).sum(axis=1)
        assert gd.loc[function, "diverged"] == ((blocks + 1) // 2).sum()
    assert gd.loc[SIX, "diverged"] > 0
    assert not cells["stale"].any()


def badges(html: str) -> list[str]:
    """Return the words of all badges."""
    found = re.findall(r'<span class="em-badge"[^>]*>(.*?</span>.*?)</span>', html, re.DOTALL)
    return [re.sub(r"<span.*</span>", "", text, flags=re.DOTALL).strip() for text in found]


@pytest.mark.parametrize(
    ("name", "verdict", "published"),
    [("true", "reproduced", "not reproduced"), ("false", "not reproduced", "reproduced")],
)
def test_the_site_shows_every_verdict(sites, name, verdict, published):
    report = sites[name].paths.report
    front = (report / "index.html").read_text(encoding="utf-8")
    for claim in CLAIMS:
        row = re.search(rf'<tr id="claim-{claim.lower()}">(.*?)</tr>', front, re.DOTALL)
        assert row is not None, claim
        assert badges(row[1]) == [verdict, published]
        page = (report / "claims" / f"{claim}.html").read_text(encoding="utf-8")
        assert badges(page)[:2] == [verdict, published]
    assert f"planted {name}" in front
    ledger = p.read_json(report / "verdicts.json")
    assert {c["id"]: c["verdict"] for c in ledger["claims"]} == dict.fromkeys(CLAIMS, verdict)
    assert {c["published"]["verdict"] for c in ledger["claims"]} == {published}
    assert {v: n for v, n in ledger["counts"].items() if n} == {verdict: len(CLAIMS)}
    for key, record in sites[name].claims.items():
        shown = next(c for c in ledger["claims"] if c["id"] == key)
        assert record.items() <= shown.items()


@pytest.mark.parametrize(
    ("name", "notebooks"), [("true", (STUDY, "overview")), ("false", ("overview",))]
)
def test_the_notebooks_show_every_verdict(sites, name, notebooks):
    for notebook in notebooks:
        outputs = [
            "".join(output["data"]["text/html"])
            for cell in p.read_json(sites[name].paths.notebook(notebook))["cells"]
            for output in cell.get("outputs", [])
            if "text/html" in output.get("data", {})
        ]
        (ledger,) = [text for text in outputs if "em-ledger" in text]
        verdict = "reproduced" if name == "true" else "not reproduced"
        other = "not reproduced" if name == "true" else "reproduced"
        assert badges(ledger) == [verdict, other] * len(CLAIMS)


def drawn(run: Run, name: str) -> Any:
    """Draw a figure as the notebook does."""
    collected, derived = run.collected(), run.derived()
    tables = {
        "table_1": (derived["table_1.csv"],),
        "sweep": (derived["sweep.csv"], derived["table_1.csv"]),
        "else_split": (derived["table_1.csv"],),
        "exploration": (derived["exploration.csv"],),
        "paired": (derived["paired.csv"],),
        "figure_3": (collected["surfaces.parquet"], collected["end_points.csv"]),
    }
    return getattr(figures, name)(*tables[name], collected["cells.csv"])


@pytest.mark.parametrize("name", ["table_1", "else_split", "exploration", "paired"])
def test_the_rendered_figure_is_the_one_of_the_tables(sites, name):
    """So that what is read from the axes below is what the site shows."""
    paths = sites["true"].paths
    extension, content = figure_bytes(drawn(sites["true"], name))
    file = paths.figures(STUDY) / f"{name}.{extension}"
    assert file.read_bytes() == content
    shown = paths.report / "_images" / file.name
    assert shown.read_bytes() == content


def lines(axes: Any, label: str | None = None) -> list[Any]:
    return [line for line in axes.lines if label in (None, line.get_label())]


@pytest.mark.parametrize("name", ["true", "false"])
def test_figure_of_table_1_shows_the_planted_shares(runs, name):
    world = runs[name].world
    panels = iter(a for a in drawn(runs[name], "table_1").axes if a.get_visible())
    for function in p.FUNCTIONS:
        for bin_ in (*BINS[function], "Else"):
            axes = next(panels)
            assert axes.get_title() == bin_
            labels = p.ELSE if bin_ == "Else" else (bin_,)
            # three lines a method: interval, share, printed share
            assert len(axes.lines) == 3 * len(p.METHODS)
            for place, method in enumerate(p.METHODS):
                share = axes.lines[3 * place + 1]
                expected = world.share(function, method, 0, *labels)
                assert share.get_xdata() == pytest.approx([expected], abs=1e-4)
                assert list(share.get_ydata()) == [place]


@pytest.mark.parametrize("name", ["true", "false"])
def test_figure_of_the_sweep_shows_the_planted_shares(runs, name):
    world = runs[name].world
    groups = {"GM": p.GLOBAL, "Else": p.ELSE} | {part: (part,) for part in p.ELSE}
    panels = iter(drawn(runs[name], "sweep").axes)
    for method in SWEPT:
        for function in p.FUNCTIONS:
            axes = next(panels)
            local = {"pair_f_2.104": p.FLAT, "pair_f_-0.215": p.SHARP} if function == SIX else {}
            local |= {"LM": p.FLAT} if function == p.THREE else {}
            for label, labels in (groups | local).items():
                (line,) = lines(axes, label)
                expected = [world.share(function, method, k, *labels) for k in p.POINTS]
                assert line.get_ydata() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", ["true", "false"])
def test_figure_of_the_parts_of_else_shows_the_planted_shares(runs, name):
    world = runs[name].world
    for axes, function in zip(drawn(runs[name], "else_split").axes, p.FUNCTIONS, strict=True):
        for bars, part in zip(axes.containers, p.ELSE, strict=True):
            expected = [world.share(function, method, 0, part) for method in p.METHODS]
            assert [bar.get_width() for bar in bars] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", ["true", "false"])
def test_figure_of_exploration_shows_the_planted_visits(runs, name):
    world = runs[name].world
    axes = drawn(runs[name], "exploration").axes
    for column, function in enumerate(p.FUNCTIONS):
        for method in SWEPT:
            (mean,), (net,) = (lines(axes[row * 3 + column], method) for row in (0, 1))
            basins = [world.basins[function, method, k].mean() for k in p.POINTS]
            assert mean.get_ydata() == pytest.approx(basins, abs=1e-4)
            difference = [world.net_visits(function, method, k) for k in p.POINTS]
            assert net.get_ydata() == pytest.approx(difference, abs=1e-4)
            assert net.get_xdata() == pytest.approx([0.1, 1, 10])


@pytest.mark.parametrize("name", ["true", "false"])
def test_figure_3_shows_the_same_planted_starts_under_every_method(runs, name):
    world, sample = runs[name].world, runs[name].collected()["end_points.csv"]
    methods = ("gd", "nig", "sam", "nig_bh")
    assert len(sample) == 3 * len(methods) * 50
    for (function, method), part in sample.groupby(["function", "method"]):
        expected = world.at(function, method, 0)[part["start"].to_numpy()]
        assert list(part["outcome"]) == list(expected)
    starts = sample.groupby(["function", "method"])["start"].agg(tuple)
    assert all(starts[f].nunique() == 1 for f in p.FUNCTIONS)
    panels = iter(drawn(runs[name], "figure_3").axes)
    for function in p.FUNCTIONS:
        for method in methods:
            part = sample[(sample["function"] == function) & (sample["method"] == method)]
            axes = next(panels)
            for kind in ("GM", "LM", *p.ELSE):
                shown = sum(len(line.get_xdata()) for line in lines(axes, kind))
                assert shown == part["outcome"].str.startswith(kind).sum() or kind == "diverged"


def test_flipping_the_sign_of_sams_ascent_changes_its_rows_of_table_1(tmp_path):
    """Real blocks, by the package and by a copy of it in which SAM goes downhill first."""
    copy = tmp_path / "copy"
    shutil.copytree(PACKAGE, copy / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    source = copy / PACKAGE.name / "methods" / "sam.py"
    text = source.read_text(encoding="utf-8")
    assert text.count("copy_(w).add_(g)") == 1
    source.write_text(text.replace("copy_(w).add_(g)", "copy_(w).sub_(g)"), encoding="utf-8")
    # 2,000 steps are enough for SAM to arrive
    cells = tuple(
        PlannedBlocks(
            make_points_cell(function, "sam", 2000, 200, None, {"radius": 0.33}),
            1,
            {"role": "main", "k": 0},
            "planted",
        )
        for function in p.FUNCTIONS
    )

    def table(packages: Path, results: Path) -> pd.DataFrame:
        run = {"scale": p.SCALE, "results": str(results), "device": "cpu"}
        run |= {"checkpoint_seconds": 60.0, "keep_stale": False}
        run |= {"data_folder": None, "accept_checksums": []}
        results.mkdir()
        plan = results / "plan.json"
        plan.write_text(plan_to_json([Job(STUDY, "sam", cells, "sam")], run), encoding="utf-8")
        words = ["train", "--plan", str(plan), "--job", f"{STUDY}_sam"]
        environment = os.environ | {"PYTHONPATH": str(packages)}
        subprocess.run(
            [sys.executable, "-m", "escaping_minima", *words], env=environment, check=True
        )
        step("collect", "--plan", plan, "--study", STUDY)
        collected = read_tables(ResultPaths(results, p.SCALE).tables(STUDY))
        records = load_records(STUDY)
        found = main_runs(list_runs(Tables.build(collected, records)))
        return table_1(found, load_printed(records.source)).set_index(["function", "bin"])

    with ThreadPoolExecutor(2) as pool:
        sources = (PACKAGE.parent, tmp_path / "true"), (copy, tmp_path / "flipped")
        true, flipped = pool.map(lambda pair: table(*pair), sources)
    assert set(true["method"]) == set(flipped["method"]) == {"sam"}
    ours, theirs = true.loc[(SIX, "Else")], flipped.loc[(SIX, "Else")]
    assert ours["high"] < theirs["low"]
    # uphill first, SAM stays at saddles; downhill first, it finds no rest anywhere
    assert ours["else_saddle"] > 30
    assert theirs["else_halo"] == 100
    for function in p.FUNCTIONS:
        changed = (true.loc[function]["high"] < flipped.loc[function]["low"]) | (
            flipped.loc[function]["high"] < true.loc[function]["low"]
        )
        assert changed.sum() >= 3
