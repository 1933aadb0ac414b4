"""What stands beside every page of the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from escaping_minima.report.markdown import title_of, toctree


def sidebar(studies: Sequence[str], more: Mapping[str, str], notebooks: Mapping[str, str]) -> str:
    """Return the side bar as Markdown for the front page.

    Claims are not in it: they hang below the page of their study.

    Parameters
    ----------
    studies : sequence of str
    more : Mapping of str to str
        Titles of the pages that belong to no single study, by name.
    notebooks : Mapping of str to str
        Titles of the rendered notebooks, by name.
    """
    groups = {
        "Studies": [f"{title_of(study)} <{study}>" for study in studies],
        "Figures": [f"{title_of(study)} <figures/{study}>" for study in studies],
        "Evidence": [f"{title} <{name}>" for name, title in more.items()],
        "Notebooks": [f"{title} <notebooks/{name}>" for name, title in notebooks.items()],
    }
    return "\n".join(toctree(caption, entries) for caption, entries in groups.items() if entries)
