"""Syntax trees as text, without what can move no number.

One text for source hashes and for vouching: what the one leaves out, the other does not trace.
"""

from __future__ import annotations

import ast
import copy
from typing import Any

#: Constants that say how something is shown.
SHOWN = frozenset({"TITLE", "COLOUR", "MARKER"})

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def deciding_text(node: ast.AST) -> str:
    """Return a tree as text, without docstrings, hints of functions, what is said and shown."""
    return repr(canonical(_Slim().visit(copy.deepcopy(node))))


def canonical(node: Any) -> Any:
    """Turn a syntax tree into nested tuples that do not depend on the version of Python.

    ast.dump does: newer versions add fields and leave out empty ones. Docstrings are left out.
    """
    if isinstance(node, list):
        return tuple(canonical(item) for item in node)
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
            kept.append((name, canonical(value)))
    return (type(node).__name__, *kept)


class _Slim(ast.NodeTransformer):
    """Take out of a tree what is said and shown; conditions and values stay."""

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """Keep the class of the exception alone."""
        self.generic_visit(node)
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        node.cause = None
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """Keep the condition of ``require(condition, key, found, allowed)`` alone."""
        self.generic_visit(node)
        if isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "require":
            node.value.args = node.value.args[:1]
            node.value.keywords = []
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Drop the hints of functions; those of fields make dataclass fields, and stay."""
        return self._without_hints(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """As those of other functions."""
        return self._without_hints(node)

    def _without_hints(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for argument in (*every, arguments.vararg, arguments.kwarg):
            if argument is not None:
                argument.annotation = None
        return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        """Drop how a part is shown."""
        if all(getattr(target, "id", "") in SHOWN for target in node.targets):
            return None
        return self.generic_visit(node)
