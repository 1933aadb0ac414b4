"""The loop that the documentation prints is the one that runs."""

from __future__ import annotations

import ast
import inspect
import re

from escaping_minima.engine.training import train


def printed(root):
    text = (root / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(def train\(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return code


def without_docstring(function):
    """Return the head of a function without hints, and the lines of its body as they stand."""
    source = inspect.getsource(function)
    (node,) = ast.parse(source).body
    names = ", ".join(inspect.signature(function).parameters)
    first = node.body[0].end_lineno
    return "".join([f"def {node.name}({names}):\n", *source.splitlines(keepends=True)[first:]])


def test_the_loop_in_the_documentation_is_the_code(root):
    assert printed(root) == without_docstring(train)
