"""Which functions changed between two trees, and which of their lines no case executed.

A function changed if the older tree has none of that name and syntax, if the body of its class is
another, or if a name that it reads stands for another value. A function that only moved to
another module has not changed.

One that the older tree has nothing like and that no case entered does not count: whatever calls it
was executed and did not, or is a line that never ran and counts itself.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from escaping_minima.vouching.definitions import (
    PACKAGE,
    Definition,
    Function,
    Module,
    module_of,
    read_package,
)


@dataclass(frozen=True)
class Change:
    """A function that changed.

    Attributes
    ----------
    function : Definition
        As it is now.
    is_new : bool
        Whether the older package has no function of that name.
    """

    function: Definition
    is_new: bool


def changed_functions(old: Path, new: Path, files: Collection[str]) -> dict[str, list[Change]]:
    """Return the functions of the newer package that the older one does not have, by file.

    Parameters
    ----------
    old, new : Path
        The folders of the packages.
    files : collection of str
        The files of the newer package that are looked at.
    """
    before, now = read_package(old), read_package(new)
    known = {name for module in before.values() for name in module.functions}
    found = {}
    for file in sorted(files):
        module = now[module_of(Path(file))]
        changed = [
            Change(f, f.name not in known)
            for f in module.functions.values()
            if not _is_there(f, before, now)
        ]
        if changed:
            found[file] = changed
    return found


def spans(changes: Sequence[Change]) -> list[int]:
    """Return the lines on which the functions, and what is defined in them, may begin."""
    return sorted({line for change in changes for line in _span(change.function.node)})


def lines_that_count(path: Path, changes: Sequence[Change]) -> list[set[int]]:
    """Return for each function the lines that must have run before it can be vouched for.

    Lines of statements that raise, and handlers that only raise, decide no number.
    """
    code = compile(path.read_text(encoding="utf-8"), str(path), "exec", dont_inherit=True)
    every = list(_codes(code))
    nodes = [change.function.node for change in changes]
    return [_executable(node, every) & _deciding(node.body) for node in nodes]


def never_ran(
    root: Path, changed: Mapping[str, Sequence[Change]], ran: Mapping[str, Collection[int]]
) -> dict[str, list[int]]:
    """Return the lines of changed functions that never ran.

    Parameters
    ----------
    root : Path
        The folder of the newer package.
    changed : Mapping
        Its changed functions, by file.
    ran : Mapping
        The lines that were executed, by file.

    Returns
    -------
    dict of list of int
        By ``module:function``, those functions alone that have such lines.
    """
    found = {}
    for file, changes in changed.items():
        executed = set(ran.get(file, ()))
        for change, lines in zip(changes, lines_that_count(root / file, changes), strict=True):
            if lines - executed and not (change.is_new and not lines & executed):
                name = f"{module_of(Path(file))}:{change.function.name}"
                found[name] = sorted(lines - executed)
    return found


def _is_there(
    function: Definition, before: Mapping[str, Module], now: Mapping[str, Module]
) -> bool:
    """Say whether the older package has the function, meaning the same."""
    own = before.get(function.module)
    # where it stood it is compared; elsewhere only if it is not there any more
    modules = [function.module] if own and function.name in own.functions else list(before)
    return any(
        _is_same(function, before[m].functions[function.name], before, now)
        for m in modules
        if function.name in before[m].functions
    )


def _is_same(
    new: Definition, old: Definition, before: Mapping[str, Module], now: Mapping[str, Module]
) -> bool:
    owner = new.name.rpartition(".")[0]
    return (
        new.text == old.text
        and now[new.module].classes.get(owner) == before[old.module].classes.get(owner)
        and all(
            _means_the_same(
                _meaning(name, new.module, now), _meaning(name, old.module, before), before
            )
            for name in new.names
        )
    )


def _meaning(name: str, module: str, package: Mapping[str, Module]) -> tuple[str, ...]:
    """Return what a name stands for in a module: a value's syntax, or where it is defined."""
    here = package.get(module)
    if here is None:
        return ("defined", module, name)
    if name in here.values:
        return ("value", here.values[name])
    if name in here.imports:
        source, imported = here.imports[name]
        if not source.startswith(f"{PACKAGE}."):
            return ("outside", source, imported)
        return _meaning(imported, source.removeprefix(f"{PACKAGE}."), package)
    known = name in here.functions or name in here.classes
    return ("defined", module, name) if known else ("local",)


def _means_the_same(
    new: tuple[str, ...], old: tuple[str, ...], before: Mapping[str, Module]
) -> bool:
    if new == old:
        return True
    if new[0] == old[0] == "defined":
        # one that is new is compared by itself; one that was there before is another function
        _, module, name = new
        there = before.get(module)
        return there is None or (name not in there.functions and name not in there.classes)
    return False


def _span(node: Function) -> range:
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return range(first, (node.end_lineno or node.lineno) + 1)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _executable(node: Function, codes: Sequence[CodeType]) -> set[int]:
    span = _span(node)
    return {
        line
        for code in codes
        if code.co_firstlineno in span
        for _, _, line in code.co_lines()
        if line is not None
    }


def _deciding(body: Sequence[ast.stmt]) -> set[int]:
    """Return the lines of statements, but for docstrings and what only raises."""
    lines = {line for s in body if not _says_only(s) for line in _lines(s)}
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Raise) or _handler_that_raises(node) or _says_only(node):
                lines.difference_update(_lines(node))
            elif isinstance(node, ast.Assert) and node.msg is not None:
                lines.difference_update(set(_lines(node.msg)) - set(_lines(node.test)))
    return lines


def _lines(node: ast.AST) -> range:
    first: int = getattr(node, "lineno", 0)
    last: int | None = getattr(node, "end_lineno", None)
    return range(first, (last or first) + 1)


def _says_only(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _handler_that_raises(node: ast.AST) -> bool:
    return isinstance(node, ast.ExceptHandler) and all(isinstance(s, ast.Raise) for s in node.body)
