"""An edit makes stale what rests on it and nothing else: a table of edits."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.points.cell import PointsCell, make_points_cell
from escaping_minima.kinds.probe.cell import make_probe_cell
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.package import PACKAGE, ROOT
from escaping_minima.provenance.sources import (
    cell_hash,
    cell_hashes,
    deciding_modules,
    import_closure,
    sources_hash,
)

METHODS = ("gd", "sam", "nig", "nim_mbh")
FUNCTIONS = ("himmelblau", "three_hump_camel", "six_hump_camel")
SIZES = {"first": 10, "last": 20, "line": "epochs"}

#: Problems of which the package has none yet: colour images, and no images at all.
TOYS = {
    "toy_colours": """
from dataclasses import dataclass

@dataclass(frozen=True)
class Toy:
    DATA_SET = "cifar-10"
    data: str = "sample"

    def task(self, placed, streams):
        from escaping_minima.problems.tasks.images import ImageTask
        from escaping_minima.problems.tasks.pixels import Pixels

PROBLEM = Toy
""",
    "toy_words": """
from dataclasses import dataclass

@dataclass(frozen=True)
class Toy:
    DATA_SET = "tweeteval-emotion"
    data: str = "sample"

    def task(self, placed, streams):
        from escaping_minima.problems.tasks.targets import OneClass

PROBLEM = Toy
""",
}


@dataclass(frozen=True)
class Pieces(PointsCell):
    """Another kind with the problems and methods of small problems, and a kernel of its own."""

    KIND = "pieces"

    def modules(self) -> list[str]:
        parts = (f"{PACKAGE}.methods.{self.method}", f"{PACKAGE}.problems.{self.problem}")
        return [*parts, f"{PACKAGE}.engine.side_by_side"]


def slot(name, **settings):
    return {"name": name, "settings": settings}


def train(*tags, problem="takase_mnist", method="gd", **more):
    return make_training_cell(problem, method, 1, SIZES, **more), {"training", *tags}


def all_cells() -> list[tuple[Cell, set[str]]]:
    """Return cells, each with what it rests on."""
    cells = []
    for function, method in itertools.product(FUNCTIONS, METHODS):
        cell = make_points_cell(function, method, 10, 10)
        cells.append((cell, {"points", "basins", function, method}))
    cells.append((make_points_cell("himmelblau", "gd", 10, 10, observers=()), {"points", "gd"}))
    cells[-1][1].add("himmelblau")
    mnist = ("idx", "mnist", "images")
    cells += [train("extrema", *mnist, m, method=m) for m in (*METHODS, "adagrad")]
    cells += [
        train("steps", "extrema", "gd", *mnist, rate=slot("steps", epochs=[3], by=0.1)),
        train("momentum", "extrema", "gd", *mnist, modifiers=(slot("momentum", share=0.9),)),
        train("gd", *mnist, observers=(slot("losses"),)),
        train("extrema", "gd", "cifar", "images", problem="toy_colours"),
        train("extrema", "gd", "words", problem="toy_words"),
        (Pieces(**vars(make_points_cell("himmelblau", "gd", 10, 10))), {"pieces", "gd"}),
    ]
    cells[-1][1].add("himmelblau")
    curves = make_probe_cell(cells[0][0], "path", "curvature")
    cells.append((curves, {"probe", "curvature", FUNCTIONS[0]}))
    slopes = make_probe_cell(train(method="sam")[0], "epoch1", "gradient")
    cells.append((slopes, {"probe", "gradient", *mnist}))
    return cells


NOTHING = "nothing"
#: What has a kernel, that of the toy kind left out.
COMPUTING = "training or points or probe"
#: What a method moves.
BY_METHODS = "training or points or pieces"
#: (what is edited, file, old, new, what of it goes stale: cells that rest on it)
EDITS = [
    # what is said
    ("words of require in a method", "methods/gd.py", '"above 0")', '"over 0")', NOTHING),
    ("a key of require", "methods/sam.py", '"radius", self.radius', '"rho", 3', NOTHING),
    ("an error of a problem", "problems/tasks/selection.py", "allowed: at most", "has", NOTHING),
    ("an error of BatchSizes", "schedules/batch_sizes.py", "allowed: 2 or", "only 2 or", NOTHING),
    ("an error of dropout", "draws/dropout.py", "allowed: 0 or more", "say 0 or more", NOTHING),
    ("an error of a format", "data/formats/idx.py", "values instead of", "values, not", NOTHING),
    ("the cause of an error", "data/formats/lines.py", "from None", "from error", NOTHING),
    ("an error of labels", "data/formats/image_data.py", "labels for", "labels of", NOTHING),
    ("an error of a kernel", "engine/side_by_side.py", "side by side differ", "differ", NOTHING),
    (
        "the words of errors",
        "errors.py",
        "class UserError",
        "class X: pass\nclass UserError",
        NOTHING,
    ),
    (
        "how a condition is checked",
        "parts/require.py",
        "raise ValueError",
        "raise KeyError",
        NOTHING,
    ),
    ("a docstring of a function", "methods/sam.py", '"""Do one step in', '"""Step in', NOTHING),
    ("a docstring of a module", "engine/pack.py", '"""Several runs', '"""Some runs', NOTHING),
    ("a docstring of a class", "draws/dropout.py", '"""Dropout of any', '"""Of any', NOTHING),
    ("a comment", "engine/points.py", "# in NumPy, whose", "# in numpy, whose", NOTHING),
    ("layout", "methods/sam.py", "        g.mul_(", "\n        # so\n        g.mul_(", NOTHING),
    (
        "a hint",
        "schedules/batch_sizes.py",
        "epoch: int, epochs: int) -> int",
        "epoch, epochs: float)",
        NOTHING,
    ),
    ("a title", "methods/sam.py", 'TITLE = "SAM"', 'TITLE = "Sharp"', NOTHING),
    ("a colour", "methods/gd.py", '"#000000"', '"#010101"', NOTHING),
    ("a marker", "methods/nig.py", 'MARKER = "s"', 'MARKER = "D"', NOTHING),
    # what is around a run
    ("a lock", "files/locks.py", "import", "FIRST = 1\nimport", NOTHING),
    ("how files are written", "files/atomic.py", "import", "FIRST = 1\nimport", NOTHING),
    ("the layout of a state", "engine/checkpoints.py", '"torch": _V', '"version": _V', NOTHING),
    (
        "what a session is",
        "engine/session.py",
        "class NoSession:",
        "class NoSession(dict):",
        NOTHING,
    ),
    ("which GPU", "engine/devices.py", "range(count)", "range(1, count)", NOTHING),
    ("which networks", "engine/named_draws.py", "nn.RReLU,", "", NOTHING),
    ("where data come from", "data/load.py", "def _load(", "FIRST = 1\ndef _load(", NOTHING),
    ("how data are unpacked", "data/unpack.py", "import", "FIRST = 1\nimport", NOTHING),
    ("the registry's messages", "parts/registry.py", "unknown setting", "no setting", NOTHING),
    (
        "how runs are handed over",
        "kinds/training/run.py",
        "EVALUATION_SHARE = 0.25",
        "EVALUATION_SHARE = 1",
        NOTHING,
    ),
    ("how many runs beside", "kinds/training/width.py", "LEAST = 2", "LEAST = 3", NOTHING),
    ("a schedule that no cell names", "schedules/cosine.py", "/ 2.0", "/ 3.0", NOTHING),
    ("another method", "methods/nim.py", "waited > self", "waited >= self", NOTHING),
    ("the optimizer", "methods/optimizer.py", "self._taken += 1", "self._taken += 2", NOTHING),
    # from records to parts
    (
        "parts of training",
        "kinds/training/parts.py",
        '"learning_rate", cell.rate',
        '"temperature", cell.rate',
        "training",
    ),
    ("parts of points", "kinds/points/parts.py", "snapshot_every,", "steps,", "points"),
    (
        "what a missing setting means",
        "parts/settings.py",
        "= entry.metadata[_ABSENT]",
        "= entry.default",
        COMPUTING,
    ),
    # data
    ("assembly of MNIST", "data/formats/idx.py", "[:, None]", "[::-1, None]", "idx"),
    (
        "assembly of CIFAR",
        "data/formats/cifar.py",
        "import numpy",
        "FIRST = 1\nimport numpy",
        "cifar",
    ),
    ("scale of pixels", "problems/tasks/pixels.py", "images.float()", "images.double()", "images"),
    ("placing of images", "problems/tasks/placed.py", "border:", "border - 1:", "mnist"),
    ("evaluation of images", "problems/tasks/images.py", '"cpu": 125', '"cpu": 100', "images"),
    # numerics
    (
        "TF32",
        "engine/numerics.py",
        "matmul.allow_tf32 = False",
        "matmul.allow_tf32 = True",
        COMPUTING,
    ),
    (
        "determinism",
        "engine/numerics.py",
        "deterministic = True",
        "deterministic = False",
        COMPUTING,
    ),
    ("threads", "engine/numerics.py", "num_threads(1)", "num_threads(2)", COMPUTING),
    # kernels
    ("the objective", "engine/objective.py", "enable_grad()", "no_grad()", "training"),
    ("the loop of training", "engine/training.py", "run.end_epoch()", "pass", "training"),
    ("packs", "engine/pack.py", "deque(starts)", "deque(starts[::-1])", "training"),
    ("what a run is", "engine/run.py", "alpha=self.objective.items", "alpha=1", "training"),
    ("captured updates", "engine/capture.py", "EAGER_FIRST = 10", "EAGER_FIRST = 1", "training"),
    ("batch sizes", "schedules/batch_sizes.py", "math.isqrt", "math.sqrt", "training"),
    (
        "dropout",
        "draws/dropout.py",
        "drawn >= self.rate",
        "drawn > self.rate",
        "training or gradient",
    ),
    ("the loop of points", "engine/points.py", "run.step += 1", "run.step += 2", "points"),
    (
        "points' objective",
        "engine/points_objective.py",
        ".add_(1)",
        ".add_(2)",
        "points or curvature",
    ),
    ("blocks side by side", "engine/side_by_side.py", '"radius"', '"rho"', "points or pieces"),
    ("names of draws", "draws/streams.py", "PAGE = 100", "PAGE = 50", COMPUTING),
    ("a word in a string", "draws/noise.py", '"ball"', '"disc"', "training or points"),
    ("probes", "engine/probing.py", "settle()", "pass", "probe"),
    # parts
    ("a measure of points", "measures/curvature.py", "< -border", "<= -border", "curvature"),
    (
        "a measure of states",
        "measures/gradient.py",
        "import torch",
        "import torch as t",
        "gradient",
    ),
    ("a method", "methods/sam.py", "shifted.copy_(w)", "shifted.copy_(g)", "sam"),
    ("a condition of a method", "methods/sam.py", "self.radius >= 0", "self.radius >= 1", "sam"),
    ("a hint of a setting", "methods/sam.py", "radius: float =", "radius: int =", "sam"),
    ("a base of methods", "methods/basin_hopping.py", "searched > 0", "searched > 1", "nim_mbh"),
    ("how methods descend", "methods/protocol.py", "alpha=-rate", "alpha=rate", BY_METHODS),
    ("a function", "problems/himmelblau.py", "- 11.0", "- 11.5", "himmelblau"),
    (
        "a network",
        "problems/takase_mnist.py",
        "nn.Conv2d(1, 32, 5)",
        "nn.Conv2d(1, 32, 4)",
        "mnist",
    ),
    ("a start", "draws/starts.py", "bound = (6.0", "bound = (3.0", "mnist"),
    ("a schedule", "schedules/steps.py", "epoch >= border", "epoch > border", "steps"),
    ("a modifier", "modifiers/momentum.py", "new_zeros", "new_ones", "momentum"),
    ("an observer of training", "observers/extrema.py", "bias_max)", "weight_max)", "extrema"),
    ("an observer of points", "observers/basins.py", "== 0", "== 1", "basins"),
    (
        "what it rests on",
        "landscape/stationary.py",
        "import numpy",
        "X = 1\nimport numpy",
        "basins",
    ),
]
#: Rooms of which no file decides a number.
AROUND = ("claims", "config", "launch", "plan", "provenance", "report", "results", "statistics")
AROUND += ("collect", "files", "steps", "studies", "vouching", "parts", "kinds")


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Return a copy of the package that tests may edit, with some more problems."""
    copy = tmp_path_factory.mktemp("copy") / PACKAGE
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("__pycache__", "samples"))
    for name, text in TOYS.items():
        (copy / "problems" / f"{name}.py").write_text(text)
    return copy


@pytest.fixture(scope="module", autouse=True)
def toys():
    """Let the toy problems be found by name."""
    with pytest.MonkeyPatch.context() as patch:
        for name, text in TOYS.items():
            module = ModuleType(f"{PACKAGE}.problems.{name}")
            patch.setitem(sys.modules, module.__name__, module)
            exec(text, module.__dict__)
        yield


@pytest.fixture(scope="module")
def cells(toys):
    return all_cells()


def hashes(package, cells):
    return cell_hashes([cell for cell, _ in cells], package)


@pytest.fixture(scope="module")
def before(package, cells):
    return hashes(package, cells)


_TIMES = itertools.count(1)


@contextmanager
def edited(package: Path, *edits: tuple[str, str, str]) -> Iterator[None]:
    """Edit files, each (path, old, new), and take it back, times included."""
    kept = []
    try:
        for file, old, new in edits:
            path = package / file
            text, time = path.read_text(), path.stat().st_mtime_ns
            kept.append((path, text, time))
            assert old in text, f"{file} has no {old!r}: bring the table of edits up to date"
            path.write_text(text.replace(old, new))
            # two edits within one tick of the clock must not look alike
            os.utime(path, ns=(time, next(_TIMES)))
        yield
    finally:
        for path, text, time in reversed(kept):
            path.write_text(text)
            os.utime(path, ns=(time, time))


def rests_on(tags: set[str], what: str) -> bool:
    return bool(tags & set(what.split(" or ")))


@pytest.mark.parametrize(
    ("file", "old", "new", "what"), [e[1:] for e in EDITS], ids=[e[0] for e in EDITS]
)
def test_an_edit_makes_stale_what_rests_on_it_alone(package, cells, before, file, old, new, what):
    with edited(package, (file, old, new)):
        after = hashes(package, cells)
    changed = [one != other for one, other in zip(before, after, strict=True)]
    expected = [rests_on(tags, what) for _, tags in cells]
    wrong = [
        f"{cell.problem} {cell.method} {sorted(tags)}"
        for (cell, tags), is_, should in zip(cells, changed, expected, strict=True)
        if is_ != should
    ]
    assert wrong == [], f"of these it was not so that {what} goes stale"
    assert any(changed) == (what != NOTHING)


#: What makes parts of records, of which the rest of these rooms only hands on what is made.
FROM_RECORDS = {
    "kinds/points/parts.py",
    "kinds/training/parts.py",
    "parts/canonical.py",
    "parts/settings.py",
}


@pytest.mark.parametrize("room", AROUND)
def test_no_file_of_a_room_around_runs_decides_a_number(package, cells, before, room):
    first = "from __future__ import annotations"
    found = [path for path in (package / room).rglob("*.py") if first in path.read_text()]
    files = {str(path.relative_to(package)) for path in found} - FROM_RECORDS
    edits = [(file, first, f"{first}\nFIRST = 1") for file in sorted(files)]
    assert edits
    with edited(package, *edits):
        assert hashes(package, cells) == before


def test_what_is_taken_back_is_as_before(package, cells, before):
    assert hashes(package, cells) == before
    assert hashes(package, cells) == before
    assert "" not in before


def test_an_edit_of_the_sources_themselves_is_seen(cells, before, package):
    """The table works on a copy, whose hashes are those of the package itself."""
    own = [cell for cell, _ in cells if not cell.problem.startswith("toy")]
    others = [h for (c, _), h in zip(cells, before, strict=True) if c in own]
    assert cell_hashes(own, ROOT) == others


def test_kinds_of_one_pair_of_problem_and_method_have_hashes_of_their_own(package):
    cell = make_points_cell("himmelblau", "gd", 10, 10)
    other = Pieces(**vars(cell))
    assert cell_hash(cell, package) != cell_hash(other, package)
    watched = make_points_cell("himmelblau", "gd", 10, 10, observers=())
    assert cell_hash(cell, package) != cell_hash(watched, package)


def test_nothing_stands_behind_a_cell_whose_code_is_gone(package):
    cell = make_points_cell("himmelblau", "gd", 10, 10)
    gone = PointsCell(**vars(cell) | {"method": "gone"})
    assert cell_hashes([gone, cell], package) == ["", cell_hash(cell, package)]


def test_the_order_in_which_parts_are_named_does_not_count(package):
    one, other = slot("losses"), slot("wrong")
    pair = [train(observers=o)[0] for o in ((one, other), (other, one))]
    assert cell_hash(pair[0], package) == cell_hash(pair[1], package)


def test_imports_for_type_checking_do_not_count():
    closure = import_closure(["escaping_minima.problems.plane"])
    assert closure == {"escaping_minima.problems.plane"}


def test_the_closure_holds_what_decides_numbers_and_no_other_method():
    closure = deciding_modules(make_points_cell("himmelblau", "nim_mbh", 1, 1).modules())
    assert {f"{PACKAGE}.draws.streams", f"{PACKAGE}.landscape.basins"} <= closure
    others = {n for n in closure if n.startswith(f"{PACKAGE}.methods.")}
    assert others == {f"{PACKAGE}.methods.{n}" for n in ("nim_mbh", "basin_hopping", "protocol")}


def test_extra_files_count_byte_for_byte(tmp_path):
    data = tmp_path / "claims.yaml"
    data.write_text("a: 1\n")
    before = sources_hash(["escaping_minima.errors"], extra=[data])
    data.write_text("a: 2\n")
    assert sources_hash(["escaping_minima.errors"], extra=[data]) != before
