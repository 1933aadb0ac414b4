"""Pieces of the site's pages as Markdown, and the names that pages and links share."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Words that are not written as their letters say, and what becomes of the name of a method.
_WORDS = {"sgd": "SGD", "ssa": "SSA", "vgg16": "VGG16"}
_METHODS = {"SGD sa": "SGD-SA"}


def escaped(text: str) -> str:
    """Escape text for Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", " ".join(text.split()))


def block(html: str) -> str:
    """Return HTML as a Markdown block of its own: it must start with a block's tag."""
    return f"<div>{html}</div>\n"


def front_matter(line: str) -> str:
    """Return what a page says to Sphinx."""
    return f"---\n{line}\n---\n"


def toctree(caption: str, entries: Sequence[str]) -> str:
    """Return a part of the sidebar."""
    lines = "\n".join(entries)
    return f"```{{toctree}}\n:caption: {caption}\n:hidden:\n\n{lines}\n```\n"


def title_of(name: str) -> str:
    """Return the name of a study or a figure in words: section_4_5 is Section 4.5."""
    words = re.sub(r"(?<=\d)_(?=\d)", ".", name).replace("_", " ").capitalize().split()
    title = " ".join(_WORDS.get(word.lower(), word) for word in words)
    return _METHODS.get(title, title)


def figure_anchor(study: str, name: str) -> str:
    """Return the anchor of a figure: the site's own, since two studies can have a Figure 1."""
    return f"{study}-{name}".replace("_", "-")


def runs_anchor(study: str) -> str:
    """Return the anchor of a study's runs, on the page of what was run."""
    return f"runs-{study}".replace("_", "-")
