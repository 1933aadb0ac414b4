"""Training without the DAG: in order of value, stopped in time, gone on from elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from escaping_minima.cli import main
from escaping_minima.errors import UserError
from escaping_minima.files.locks import hold
from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.probe.cell import make_probe_cell
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.plan.jobs import Job, PlannedBlocks, plan_to_json, read_plan
from escaping_minima.provenance import circumstances
from escaping_minima.provenance.sources import cell_hash
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps import portions as handing_out
from escaping_minima.steps.left import Times
from escaping_minima.steps.merge import merge
from escaping_minima.steps.portions import portions
from escaping_minima.steps.time_limit import TimeLimit, read_minutes
from escaping_minima.steps.train import train


class Questions:
    """A clock that moves on by a second whenever it is read."""

    def __init__(self):
        self.now = -1.0

    def __call__(self):
        self.now += 1.0
        return self.now


def questions(count):
    """Return a limit that is over at the question of that number."""
    limit = TimeLimit(float(count), Questions())
    limit._reserve = 0.0
    limit.saved = lambda key, seconds: None
    return limit


def plane(method="nim_mbh", blocks=1, first=0, steps=300, **settings):
    cell = make_points_cell("six_hump_camel", method, steps, 100, None, settings)
    return PlannedBlocks(cell, blocks, {}, cell_hash(cell), first)


def network(method="adagrad", epochs=2, first=0, **problem):
    small = {"data": "generated", "train_images": 40, "test_images": 50} | problem
    sizes = {"first": 10, "last": 10, "line": "epochs"}
    cell = make_training_cell("takase_mnist", method, epochs, sizes, small)
    return PlannedBlocks(cell, 1, {}, cell_hash(cell), first)


def job(name, *cells, study="study"):
    return Job(study, name, tuple(cells), name)


def write_plan(folder, *jobs, **run):
    settings = {
        "scale": "smoke",
        "results": str(folder / "results"),
        "device": "cpu",
        "checkpoint_seconds": 60,
        "keep_stale": False,
        "data_folder": None,
        "accept_checksums": [],
    }
    folder.mkdir(exist_ok=True)
    path = folder / "plan.json"
    path.write_text(plan_to_json(jobs, settings | run))
    return path


def blocks(folder):
    base = folder / "results" / "smoke" / "runs"
    return {str(p.relative_to(base)): p.read_bytes() for p in base.rglob("*.parquet")}


def names(folder):
    return sorted(Path(name).parent.name + "/" + Path(name).stem for name in blocks(folder))


def test_jobs_are_trained_in_the_order_of_the_plan_until_the_time_is_over(tmp_path):
    """Neither the names of jobs nor the numbers of blocks decide."""
    first, second, third = plane("sam", first=3), plane("gd", first=0), plane("nig", first=1)
    plan = write_plan(tmp_path, job("z", first), job("a", second), job("m", third))
    # every hundred steps is a question: three for each block of 300
    lines = train(plan, limit=questions(8))
    assert names(tmp_path) == sorted([f"{first.cell.id}/b0003", f"{second.cell.id}/b0000"])
    assert lines[0].startswith("study: 1 of 3 blocks are left, about ")
    states = list((tmp_path / "results").rglob("*.pt"))
    assert [p.parent.name for p in states] == [third.cell.id]
    assert not list((tmp_path / "results").rglob("trained/*.json"))


@pytest.fixture(scope="module")
def in_one_call(tmp_path_factory):
    """Return jobs, and the blocks that one call makes of them."""
    folder = tmp_path_factory.mktemp("whole")
    jobs = [job("nets", network(first=1), network("gd")), job("plane", plane())]
    assert train(write_plan(folder, *jobs)) == ["study: nothing is left of 3 blocks"]
    return jobs, blocks(folder)


@pytest.mark.parametrize("at", [3, 7, 16])
def test_a_second_call_goes_on_to_the_same_bytes(tmp_path, in_one_call, at):
    jobs, whole = in_one_call
    plan = write_plan(tmp_path / "parts", *jobs)
    train(plan, limit=questions(at))
    assert len(blocks(tmp_path / "parts")) < 3
    assert list((tmp_path / "parts").rglob("*.pt"))
    train(plan)
    assert blocks(tmp_path / "parts") == whole
    assert not list((tmp_path / "parts").rglob("*.pt"))
    marks = {p.name for p in (tmp_path / "parts").rglob("trained/*.json")}
    assert marks == {"study_nets.json", "study_plane.json"}


def test_what_others_rest_on_is_trained_before_them(tmp_path):
    target = replace(network(), cell=replace(network().cell, keep_epochs=(1,)))
    probe = PlannedBlocks(make_probe_cell(target.cell, "epoch1", "gradient"), 1, {}, "s1")
    first = plane("gd")
    plan = write_plan(tmp_path, job("z", first), job("probe", probe), job("target", target))
    assert train(plan) == ["study: nothing is left of 3 blocks"]
    ids = (first.cell.id, target.cell.id, probe.cell.id)
    base = tmp_path / "results" / "smoke" / "runs" / "study"
    written = [(base / cell / "b0000.json").stat().st_mtime_ns for cell in ids]
    assert written == sorted(written)


@pytest.fixture
def no_checkout(monkeypatch):
    """Let the package be a copy outside a checkout."""
    monkeypatch.setattr(circumstances, "commit", lambda folder: (circumstances.UNKNOWN, True))


@pytest.fixture(scope="module")
def ended_elsewhere(tmp_path_factory):
    """Return jobs whose blocks keep something while they run, and what they come to there."""
    folder = tmp_path_factory.mktemp("elsewhere")
    path = {"name": "path", "settings": {"every": 1, "coordinates": []}}
    walk = make_points_cell("six_hump_camel", "nim_mbh", 300, 100, observers=(path,))
    net = replace(network().cell, keep_epochs=(1,))
    items = [PlannedBlocks(walk, 2, {}, "s1"), PlannedBlocks(net, 1, {}, "s1")]
    jobs = [job(str(number), item) for number, item in enumerate(items)]
    train(write_plan(folder, *jobs))
    return jobs, blocks(folder)


@pytest.mark.parametrize("at", [3, 6, 11])
def test_what_was_begun_elsewhere_is_ended_here_to_the_same_bytes(
    tmp_path, no_checkout, ended_elsewhere, at
):
    """With what blocks keep while they run: pieces of paths, and states of networks."""
    jobs, whole = ended_elsewhere
    there, here = write_plan(tmp_path / "there", *jobs), write_plan(tmp_path / "here", *jobs)
    train(there, limit=questions(at))
    run, planned = read_plan(here)
    merged = merge([tmp_path / "there" / "results"], run, list(planned.values()), tmp_path)
    assert (merged.states, merged.refused) == (1, [])
    began = {p.name for p in (tmp_path / "here").rglob("k*.*")}
    assert began == {p.name for p in (tmp_path / "there").rglob("k*.*")}
    train(here)
    assert len(whole) == 5
    assert blocks(tmp_path / "here") == whole
    assert not list((tmp_path / "here").rglob("k*.*"))


def test_only_the_chosen_studies_are_trained_into_the_chosen_folder(tmp_path):
    plan = write_plan(tmp_path, job("a", plane("gd")), job("a", plane("sam"), study="other"))
    lines = train(plan, studies=["other"], results=tmp_path / "elsewhere")
    assert lines == ["other: nothing is left of 1 blocks"]
    assert blocks(tmp_path) == {}
    paths = ResultPaths(tmp_path / "elsewhere", "smoke")
    assert paths.block("other", plane("sam").cell.id, 0).exists()


def test_one_job_can_have_a_limit_too(tmp_path):
    plan = write_plan(tmp_path, job("a", plane("gd")), job("b", plane("sam")))
    lines = train(plan, "study_b", limit=questions(2))
    assert lines[0].startswith("study: 1 of 1 blocks are left")
    assert blocks(tmp_path) == {}
    assert train(plan, "study_b") == []
    assert names(tmp_path) == [f"{plane('sam').cell.id}/b0000"]


def test_who_waits_for_a_cell_stops_in_time(tmp_path):
    item = plane("gd")
    plan = write_plan(tmp_path, job("a", item))
    paths = ResultPaths(tmp_path / "results", "smoke")
    with hold(paths.cell_lock("study", item.cell.id, 0), "the cell"):
        lines = train(plan, limit=questions(3))
    assert lines[0].startswith("study: 1 of 1 blocks are left")


def test_manifests_carry_the_commit_that_was_given(tmp_path, no_checkout):
    train(write_plan(tmp_path, job("a", plane("gd"))), commit="0123abc")
    (path,) = (tmp_path / "results").rglob("b0000.json")
    manifest = json.loads(path.read_text())
    assert (manifest["commit"], manifest["dirty"]) == ("0123abc", True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--minutes", "soon"], "--minutes: found 'soon'; allowed: a number above 0"),
        (["--minutes", "0"], "--minutes: found '0'"),
        (["--minutes", "nan"], "--minutes: found 'nan'"),
        (["--minutes", "inf"], "--minutes: found 'inf'"),
        (["--study", "other"], "nothing of study 'other'; it has study"),
        (["--job", "b"], "there is no job 'b'; it has study_a"),
        (["--commit", "HEAD"], "--commit: found 'HEAD'; allowed: 7 or more hex digits"),
    ],
)
def test_bad_words_are_one_line(tmp_path, capsys, words, said):
    plan = write_plan(tmp_path, job("a", plane("gd")))
    with pytest.raises(SystemExit) as ended:
        main(["train", "--plan", str(plan), *words])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert blocks(tmp_path) == {}


def test_a_job_must_be_of_the_studies(tmp_path):
    plan = write_plan(tmp_path, job("a", plane("gd")), job("a", plane("sam"), study="other"))
    with pytest.raises(UserError, match="found no job 'study_a' of other"):
        train(plan, "study_a", ["other"])


def test_time_is_kept_back_for_what_must_be_saved():
    clock = Questions()
    clock.now = 0.0
    limit = TimeLimit(540.0, lambda: clock.now)
    clock.now = 529.0
    assert not limit.is_over()
    limit.saved("a", 0.5)
    limit.saved("b", 0.5)
    clock.now = 527.9
    assert not limit.is_over()
    clock.now = 528.0
    assert limit.is_over()
    limit.saved("a", 0.0)
    assert not limit.is_over()
    clock.now = 530.0
    assert limit.is_over()
    assert not read_minutes(None).is_over()
    assert TimeLimit(20.0, lambda: 0.0)._reserve == pytest.approx(1.0)


def test_minutes_follow_the_cell_then_its_kind_then_its_rough_cost():
    times, one, longer = Times(), network(epochs=2).cell, network(epochs=6).cell
    assert times.of(longer) == longer.cost
    times.take(one, 10.0)
    times.take(one, 20.0)
    assert times.of(one) == 15.0
    assert times.of(longer) == pytest.approx(45.0)
    assert times.of(plane().cell) == plane().cell.cost


NETS = [network(method, first=seed) for seed in range(3) for method in ("gd", "adagrad")]
OTHER = network(train_images=40, data="sample")


@pytest.mark.parametrize(
    ("device", "pack", "handed"),
    [
        # on a core one job after another
        ("cpu", 3, ["ab", "c", "d", "p", "e", "x"]),
        # what comes later runs beside, until the card is full
        ("cuda", 2, ["ab", "cd", "p", "e", "x"]),
        ("cuda", 3, ["abc", "de", "p", "x"]),
        ("cuda", 6, ["abcde", "p", "x"]),
    ],
)
def test_a_card_is_kept_full_by_jobs_of_one_study_and_company(monkeypatch, device, pack, handed):
    monkeypatch.setattr(handing_out, "resolve_training_device", lambda wanted: device)
    monkeypatch.setattr(handing_out, "PACK", pack)
    a, b, c, d, e, x = NETS
    p = plane()
    letters = {(i.cell.id, i.first): n for i, n in zip([*NETS, p], "abcdexp", strict=True)}
    jobs = [
        job("1", a, b),
        job("2", c),
        job("3", d),
        job("4", p),
        job("5", e),
        job("6", x, study="other"),
    ]
    turns = portions(jobs, "auto", lambda portion: sum(map(len, portion.groups)))
    found = [[letters[i.cell.id, i.first] for g in turn.groups for i in g] for turn in turns]
    assert ["".join(turn) for turn in found] == handed


def test_networks_on_other_data_run_by_themselves(monkeypatch):
    monkeypatch.setattr(handing_out, "resolve_training_device", lambda wanted: "cuda")
    turns = portions([job("1", NETS[0]), job("2", OTHER)], "auto", lambda portion: 1)
    assert [len(turn.groups) for turn in turns] == [1, 1]


def test_a_portion_of_several_jobs_gives_the_bytes_of_each_alone(tmp_path, monkeypatch):
    jobs = [job("1", network(), network("gd")), job("2", network("gd"), network(first=1))]
    train(write_plan(tmp_path / "alone", *jobs))
    monkeypatch.setattr(handing_out, "resolve_training_device", lambda wanted: "cuda")
    train(write_plan(tmp_path / "together", *jobs))
    assert len(blocks(tmp_path / "alone")) == 3
    assert blocks(tmp_path / "alone") == blocks(tmp_path / "together")


#: What a bare machine has; the rest of the environment is kept from the process.
BARE = ("torch", "numpy", "scipy", "pandas", "pyarrow")
BLOCK = """
import sys
for name in sys.argv.pop(1).split(","):
    sys.modules[name] = None
from escaping_minima.cli import main
main(sys.argv[1:])
"""


def with_requirements(names):
    """Return distributions and all that they require, by normal names."""
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        found.add(name)
        try:
            required = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        waiting += [_name(line) for line in required if "extra ==" not in line]
    return found


def _name(requirement):
    return "".join(c if c.isalnum() or c in "-_." else " " for c in requirement).split()[0]


def other_modules():
    """Return the top modules of what is installed besides the five and what they require."""
    kept = with_requirements(BARE) | {"escaping-minima"}
    found = metadata.packages_distributions()
    return sorted(
        module
        for module, owners in found.items()
        if not {owner.lower().replace("_", "-") for owner in owners} & kept
        and module.isidentifier()
    )


def test_limited_training_needs_five_libraries_alone(tmp_path):
    others = other_modules()
    assert {"yaml", "pydantic", "snakemake", "statsmodels", "matplotlib"} <= set(others)
    assert not {"torch", "numpy", "pandas", "dateutil", "sympy"} & set(others)
    plan = write_plan(tmp_path, job("a", plane("gd")), job("b", network(epochs=1)))
    words = ["train", "--plan", str(plan), "--minutes", "5", "--commit", "0123abc"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}
    done = subprocess.run(
        [sys.executable, "-c", BLOCK, ",".join(others), *words],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "study: nothing is left of 2 blocks\n"
    assert len(blocks(tmp_path)) == 2
