"""Hashes of the sources that decide a result, found without running them.

Snakemake does not see edits in imported modules. A hash over the import closure of the modules
that make a result, with comments and docstrings taken out, does: an edit re-runs what depends on
it, a comment re-runs nothing.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from escaping_minima.plan.cells import Cell
from escaping_minima.registry import module_name

PACKAGE = "escaping_minima"
ROOT = Path(__file__).resolve().parents[1]

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def cell_hash(cell: Cell, root: Path = ROOT) -> str:
    """Return the hash of the sources that decide a cell's numbers.

    They are the closure of its method, its problem, the engine and what decodes its data.

    Parameters
    ----------
    cell : Cell
    root : Path
        The folder of the package.
    """
    return sources_hash(
        [
            module_name("methods", cell.method),
            module_name("problems", cell.problem),
            *(f"{PACKAGE}.{name}" for name in cell.MODULES),
        ],
        root,
    )


def sources_hash(modules: Iterable[str], root: Path = ROOT, extra: Iterable[Path] = ()) -> str:
    """Return 12 hex digits that change when code reachable from the modules changes.

    Parameters
    ----------
    modules : iterable of str
        Dotted names inside the package.
    root : Path
        The folder of the package.
    extra : iterable of Path
        Files that count byte for byte (claims, notebooks, style sheets).
    """
    digest = hashlib.sha256()
    for name in sorted(import_closure(modules, root)):
        digest.update(f"{name}\0{_normalised(_file(name, root))}\0".encode())
    for path in sorted(extra):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def import_closure(modules: Iterable[str], root: Path = ROOT) -> set[str]:
    """Return the modules of the package that the given ones import, themselves included.

    Imports inside functions count; imports under ``if TYPE_CHECKING`` do not, since they never run.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_imports(_file(name, root), root))
    return found


def _file(module: str, root: Path) -> Path:
    path = root.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _parse(path: Path, stamp: tuple[int, int]) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _normalised(path: Path) -> str:
    status = path.stat()
    return _canonical_text(path, (status.st_mtime_ns, status.st_size))


@cache
def _canonical_text(path: Path, stamp: tuple[int, int]) -> str:
    return repr(_canonical(_parse(path, stamp)))


def _canonical(node: Any) -> Any:
    """Turn a syntax tree into nested tuples that do not depend on the version of Python.

    ast.dump does: newer versions add fields and leave out empty ones.
    """
    if isinstance(node, list):
        return tuple(_canonical(item) for item in node)
    if not isinstance(node, ast.AST):
        return node
    kept = []
    for name, value in ast.iter_fields(node):
        if (
            name == "body"
            and isinstance(node, _DOCUMENTED)
            and ast.get_docstring(node, clean=False) is not None
        ):
            value = value[1:]
        if name not in ("ctx", "kind", "type_comment") and value not in (None, []):
            kept.append((name, _canonical(value)))
    return (type(node).__name__, *kept)


def _imports(path: Path, root: Path) -> set[str]:
    status = path.stat()
    names = _names_imported(path, (status.st_mtime_ns, status.st_size))
    return {n for n in names if _file(n, root).is_file()}


@cache
def _names_imported(path: Path, stamp: tuple[int, int]) -> set[str]:
    """Return the names inside the package that a file imports, modules or not."""
    names: set[str] = set()
    for node in _running_nodes(_parse(path, stamp)):
        if isinstance(node, ast.Import):
            names.update(a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{a.name}" for a in node.names)
    return {n for n in names if n == PACKAGE or n.startswith(f"{PACKAGE}.")}


def _running_nodes(node: ast.AST) -> Iterable[ast.AST]:
    yield node
    if isinstance(node, ast.If) and ast.unparse(node.test) in (
        "TYPE_CHECKING",
        "typing.TYPE_CHECKING",
    ):
        children: Iterable[ast.AST] = node.orelse
    else:
        children = ast.iter_child_nodes(node)
    for child in children:
        yield from _running_nodes(child)
