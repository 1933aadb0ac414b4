"""Hashes of the sources that decide a result, found without running them.

Snakemake does not see edits in imported modules. A hash over the import closure of the modules
that make a result does. What cannot move a number is taken out of it: comments, docstrings, hints
of functions, what an error says, how a method is called and coloured in figures, and the modules
of `NOT_DECIDING`.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.package import PACKAGE, ROOT
from escaping_minima.provenance.syntax import canonical, deciding_text

#: Modules that what decides numbers imports and that decide none themselves: the exception, the
#: check that raises it, the seam behind which files lie, and how a part is found by its name (what
#: is found is hashed itself).
NOT_DECIDING = frozenset(
    f"{PACKAGE}.{name}" for name in ("errors", "parts.require", "parts.registry", "engine.session")
)
#: Tells whether a file has changed: time of change and size.
Stamp = tuple[int, int]


def cell_hash(cell: Cell, root: Path = ROOT) -> str:
    """Return the hash of the sources that decide a cell's numbers.

    They are the closure of the cell's parts, found by name, and of the kernel of its kind.

    Parameters
    ----------
    cell : Cell
    root : Path
        The folder of the package.
    """
    names = sorted(deciding_modules(cell.modules(), root))
    return _digest(tuple((name, _file(name, root), _stamp(_file(name, root))) for name in names))


def cell_hashes(cells: Iterable[Cell], root: Path = ROOT) -> list[str]:
    """Return the hash of each cell, looking once at cells that rest on the same modules.

    Returns
    -------
    list of str
        See `cell_hash`; empty where the code of a part is gone, so that nothing stands behind it.
    """
    found: dict[frozenset[str], str] = {}
    hashes = []
    for cell in cells:
        try:
            modules = frozenset(cell.modules())
            found[modules] = found.get(modules) or cell_hash(cell, root)
            hashes.append(found[modules])
        except (FileNotFoundError, UserError):
            hashes.append("")
    return hashes


def deciding_modules(modules: Iterable[str], root: Path = ROOT) -> set[str]:
    """Return the closure of the modules without those of `NOT_DECIDING`."""
    return {m for m in import_closure(modules, root, NOT_DECIDING) if m not in NOT_DECIDING}


@cache
def _digest(texts: tuple[tuple[str, Path, Stamp], ...]) -> str:
    """Return the hash of modules, given with their files as they are now."""
    digest = hashlib.sha256()
    for name, path, stamp in texts:
        digest.update(f"{name}\0{_slim_text(path, stamp)}\0".encode())
    return digest.hexdigest()[:12]


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


def import_closure(
    modules: Iterable[str], root: Path = ROOT, closed: frozenset[str] = frozenset()
) -> set[str]:
    """Return the modules of the package that the given ones import, themselves included.

    Imports inside functions count; imports under ``if TYPE_CHECKING`` do not, since they never run.

    Parameters
    ----------
    modules : iterable of str
        Dotted names inside the package.
    root : Path
        The folder of the package.
    closed : frozenset of str
        Modules whose own imports are not followed.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in closed:
            found.add(name)
        elif name not in found:
            found.add(name)
            waiting.extend(_imports(_file(name, root), root))
    return found


def _file(module: str, root: Path) -> Path:
    path = root.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@cache
def _parse(path: Path, stamp: Stamp) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _normalised(path: Path) -> str:
    return _canonical_text(path, _stamp(path))


@cache
def _canonical_text(path: Path, stamp: Stamp) -> str:
    return repr(canonical(_parse(path, stamp)))


@cache
def _slim_text(path: Path, stamp: Stamp) -> str:
    """Return the text of a module without what cannot move a number."""
    return deciding_text(_parse(path, stamp))


def _imports(path: Path, root: Path) -> set[str]:
    names = _names_imported(path, _stamp(path))
    return {n for n in names if _file(n, root).is_file()}


@cache
def _names_imported(path: Path, stamp: Stamp) -> set[str]:
    """Return the names inside the package that a file imports, modules or not."""
    names: set[str] = set()
    for node in _running_imports(_parse(path, stamp)):
        if isinstance(node, ast.Import):
            names.update(a.name for a in node.names)
        elif node.module:
            names.add(node.module)
            names.update(f"{node.module}.{a.name}" for a in node.names)
    return {n for n in names if n == PACKAGE or n.startswith(f"{PACKAGE}.")}


def _running_imports(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports of a module, without those under ``if TYPE_CHECKING``."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and _is_type_checking(node.test):
            waiting.extend(node.orelse)
        elif not isinstance(node, ast.expr):
            # an import is a statement, and no statement lies in an expression
            waiting.extend(ast.iter_child_nodes(node))


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
