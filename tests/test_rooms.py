"""Which room of the package may import which: one table, and no circle.

Arrows that stand in the table because the code has them, and that one would rather not have:

- engine -> files, errors: checkpoints and devices are what is around a run, not how it is run
- engine -> problems: draw_starts is a draw from a box, as those of `draws` are
- measures, observers -> schedules: batch_bounds cuts an epoch, whatever the schedule
- methods -> draws: for optimizer and lifted/ alone, which are no method but a way to use one
- results -> provenance, collect -> plan: what lies on disk asks for what is planned and hashed
- studies -> observers: how a histogram is binned is for who counts to say
- studies -> report: drawing; a study would give tables and figures, and the report show them
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from escaping_minima.package import PACKAGE, ROOT

#: By room, the rooms that it may import, at the top of a file or within a function. What is only
#: imported for type checking, or found by name, is no arrow.
ARROWS: dict[str, set[str]] = {
    # what everybody may use
    "errors": set(),
    "package": set(),
    "files": {"errors"},
    "parts": {"errors"},
    "statistics": set(),
    # parts, and what they are made of
    "draws": set(),
    "schedules": {"parts"},
    "modifiers": {"parts"},
    "problems": {"draws", "errors", "parts"},
    "methods": {"draws", "parts"},
    "landscape": {"problems"},
    "engine": {"draws", "errors", "files", "parts", "problems"},
    "observers": {"engine", "errors", "landscape", "parts", "schedules"},
    "measures": {"draws", "engine", "landscape", "parts", "schedules"},
    "data": {"errors", "files"},
    # cells, their sources, and what was computed of them
    "kinds": {"data", "draws", "engine", "errors", "landscape", "package", "parts", "schedules"},
    "provenance": {"errors", "files", "kinds", "package"},
    "results": {"errors", "files", "kinds", "package", "provenance"},
    "plan": {"errors", "files", "kinds", "parts", "provenance", "results"},
    "collect": {"errors", "kinds", "parts", "plan", "provenance", "results"},
    "claims": {"collect", "errors", "files", "package", "parts", "results", "statistics"},
    "report": {
        "claims",
        "collect",
        "errors",
        "files",
        "package",
        "parts",
        "results",
        "statistics",
    },
    "studies": {
        "claims",
        "collect",
        "draws",
        "errors",
        "kinds",
        "landscape",
        "observers",
        "parts",
        "plan",
        "problems",
        "report",
        "results",
        "schedules",
        "statistics",
    },
    "vouching": {"errors", "kinds", "package", "parts", "provenance"},
    # what a user starts
    "config": {"errors", "parts"},
    "launch": {"claims", "config", "data", "errors", "files", "plan", "report", "results"},
    "steps": {
        "collect",
        "config",
        "data",
        "engine",
        "errors",
        "files",
        "kinds",
        "package",
        "parts",
        "plan",
        "provenance",
        "report",
        "results",
        "vouching",
    },
    "cli": {"claims", "config", "errors", "launch", "package", "plan", "results", "steps"},
    "__main__": {"cli"},
}
#: Rooms that must be usable where there is no torch, or before it is worth its second.
WITHOUT_TORCH = (
    *("claims", "cli", "collect", "config", "data", "files", "kinds", "landscape", "launch"),
    *("methods", "modifiers"),
    *("observers", "parts", "plan", "problems", "provenance", "report", "results", "schedules"),
    *("statistics", "studies", "vouching", "measures"),
)
#: Files of them that are only imported by what has torch.
WITH_TORCH = {
    *(
        f"kinds/{path.parent.name}/{path.name}"
        for name in ("run.py", "parts.py")
        for path in (ROOT / "kinds").glob(f"*/{name}")
    ),
    "methods/optimizer.py",
    "methods/sgd_sa_optimizer.py",
    *(f"methods/lifted/{path.name}" for path in (ROOT / "methods" / "lifted").glob("*.py")),
    *(f"problems/networks/{path.name}" for path in (ROOT / "problems" / "networks").glob("*.py")),
    "problems/tasks/class_macro_f1.py",
    "problems/tasks/evaluated_part.py",
    "problems/tasks/images.py",
    "problems/tasks/pixels.py",
    "problems/tasks/placed.py",
    "problems/tasks/placed_texts.py",
    "problems/tasks/targets.py",
    "problems/tasks/texts.py",
    "problems/tasks/wrong_share.py",
}


def room_of(path: Path) -> str:
    """Return the folder of the package that a file lies in, or the file where there is none."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@cache
def files() -> tuple[Path, ...]:
    return tuple(path for path in sorted(ROOT.rglob("*.py")) if path != ROOT / "__init__.py")


def running(node: ast.AST, within_functions: bool = True) -> Iterator[ast.AST]:
    """Walk through what runs: not what is under ``if TYPE_CHECKING``."""
    yield node
    children: Iterable[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        children = node.orelse
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        children = children if within_functions else ()
    for child in children:
        yield from running(child, within_functions)


@cache
def imported(path: Path, within_functions: bool = True) -> frozenset[str]:
    """Return every dotted name that a file imports, modules or not."""
    names: set[str] = set()
    for node in running(ast.parse(path.read_text(encoding="utf-8")), within_functions):
        if isinstance(node, ast.Import):
            names.update(a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            names.add(node.module or "")
            names.update(f"{node.module}.{a.name}" for a in node.names)
    return frozenset(names)


def rooms_imported(path: Path) -> set[str]:
    own = [name.split(".") for name in imported(path) if name.startswith(f"{PACKAGE}.")]
    rooms = {parts[1] for parts in own}
    return {r for r in rooms if (ROOT / r).is_dir() or (ROOT / f"{r}.py").exists()}


def rooms_in_use() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in files():
        found.setdefault(room_of(path), set()).update(rooms_imported(path) - {room_of(path)})
    return found


def test_every_room_stands_in_the_table():
    new = sorted(set(rooms_in_use()) - set(ARROWS))
    assert new == [], f"new in src/{PACKAGE}: {new}; say in ARROWS what it may import"
    gone = sorted(set(ARROWS) - set(rooms_in_use()))
    assert gone == [], f"no longer in src/{PACKAGE}: {gone}; take it out of ARROWS"


@pytest.mark.parametrize("room", ARROWS)
def test_a_room_imports_what_the_table_allows_and_no_other(room):
    wrong = [
        f"{path.relative_to(ROOT)} imports {other}"
        for path in files()
        if room_of(path) == room
        for other in sorted(rooms_imported(path) - {room} - ARROWS[room])
    ]
    assert wrong == [], f"not among the arrows of {room}: {'; '.join(wrong)}"
    unused = sorted(ARROWS[room] - rooms_in_use()[room])
    assert unused == [], f"{room} no longer imports {unused}; take the arrow out of ARROWS"


def test_rooms_make_no_circle():
    try:
        list(TopologicalSorter(ARROWS).static_order())
    except CycleError as error:
        pytest.fail(f"a circle of rooms: {' <- '.join(error.args[1])}")


def test_init_files_import_nothing():
    """Else a module would bring what its whole room needs, into every hash as well."""
    for path in files():
        if path.name == "__init__.py":
            assert imported(path) <= {"__future__", "__future__.annotations"}, path


def brings_torch(path: Path, seen: set[Path]) -> Path | None:
    """Return the file by which importing another imports torch, None if it does not."""
    if path in seen:
        return None
    seen.add(path)
    names = imported(path, within_functions=False)
    if any(name.split(".")[0] == "torch" for name in names):
        return path
    for name in sorted(names):
        file = ROOT.joinpath(*name.split(".")[1:]).with_suffix(".py")
        if name.startswith(f"{PACKAGE}.") and file.is_file():
            found = brings_torch(file, seen)
            if found is not None:
                return found
    return None


@pytest.mark.parametrize("room", WITHOUT_TORCH)
def test_a_room_that_needs_no_torch_imports_none_at_the_top(room):
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        if room_of(path) == room and name not in WITH_TORCH:
            through = brings_torch(path, set())
            assert through is None, f"{name} imports torch, by {through}; import it in a function"


def test_the_walker_sees_lazy_imports_and_not_those_for_hints(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from a import b\nelse:\n    import c\n"
        "def f():\n    from d.e import g\n"
    )
    assert imported(path) == {"typing", "typing.TYPE_CHECKING", "c", "d.e", "d.e.g"}
    assert imported(path, within_functions=False) == {"typing", "typing.TYPE_CHECKING", "c"}
