"""What a package defines, module by module: functions, class bodies, and what names stand for.

Texts are syntax trees without what decides no number (`escaping_minima.provenance.syntax`).
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from escaping_minima.provenance.syntax import deciding_text

PACKAGE = "escaping_minima"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Definition:
    """A function or method.

    Attributes
    ----------
    module, name : str
        The module within the package, and the name within the module, classes included.
    text : str
        Its syntax.
    names : frozenset of str
        The names that it reads.
    node : FunctionDef
        Where it stands.
    """

    module: str
    name: str
    text: str
    names: frozenset[str]
    node: Function = field(compare=False)


@dataclass
class Module:
    """What one module defines.

    Attributes
    ----------
    functions : dict of Definition
        By name; functions within functions belong to the outer one.
    classes : dict of str
        Header and statements of each class, without its methods.
    values : dict of str
        The syntax of what the module gives a name, by name.
    imports : dict of (str, str)
        Module and name that an imported name stands for.
    """

    functions: dict[str, Definition] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)


def read_package(root: Path) -> dict[str, Module]:
    """Return the modules of a package by their name within it."""
    return {module_of(p.relative_to(root)): _read(p, root) for p in sorted(root.rglob("*.py"))}


def module_of(file: Path) -> str:
    """Return the module of a file, both relative to the package."""
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _read(path: Path, root: Path) -> Module:
    name = module_of(path.relative_to(root))
    found = Module()
    for node in running(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(node, Function):
            _take_function(found, name, node, "")
        elif isinstance(node, ast.ClassDef):
            _take_class(found, name, node, "")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.imports |= _imported(node)
        else:
            _take_values(found, node)
    return found


def running(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, but for those that only a type checker sees."""
    for node in body:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from running(node.orelse)
        else:
            yield node


def _take_function(found: Module, module: str, node: Function, within: str) -> None:
    name = within + node.name
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    # a property and its setter have one name
    while name in found.functions:
        name += "'"
    found.functions[name] = Definition(module, name, deciding_text(node), frozenset(names), node)


def _take_class(found: Module, module: str, node: ast.ClassDef, within: str) -> None:
    rest = copy.copy(node)
    rest.body = []
    for child in running(node.body):
        if isinstance(child, Function):
            _take_function(found, module, child, f"{within}{node.name}.")
        elif isinstance(child, ast.ClassDef):
            _take_class(found, module, child, f"{within}{node.name}.")
        elif not _is_text(child):
            rest.body.append(child)
    found.classes[within + node.name] = deciding_text(rest)


def _take_values(found: Module, node: ast.stmt) -> None:
    text = deciding_text(node)
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            found.values[child.id] = found.values.get(child.id, "") + text


def _imported(node: ast.Import | ast.ImportFrom) -> dict[str, tuple[str, str]]:
    if isinstance(node, ast.Import):
        return {(a.asname or a.name).split(".")[0]: (a.name, "") for a in node.names}
    return {a.asname or a.name: (str(node.module), a.name) for a in node.names}


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
