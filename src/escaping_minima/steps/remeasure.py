"""Remeasure: take published tables again, from what is published alone.

``python -m escaping_minima.steps.remeasure results/published/batch_increase`` is run once after a
change of what is collected, since nobody has the blocks of earlier runs. The manifest then names
the commit that measured, beside the one that published the runs.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from escaping_minima import __version__
from escaping_minima.collect.collected import MANIFEST, MEASURED_AGAIN, read_published
from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_bytes, write_json
from escaping_minima.provenance.circumstances import versions
from escaping_minima.results.paths import FROM_PUBLISHED, ResultPaths
from escaping_minima.results.tables import encode_tables
from escaping_minima.steps.collect import tables_of
from escaping_minima.steps.publish import hold_results, traceable_commit


def remeasure(folder: Path) -> list[str]:
    """Write published tables as the code of now would collect them, where no block is needed.

    Parameters
    ----------
    folder : Path
        ``published/STUDY`` in a results folder.

    Returns
    -------
    list of str
        The tables that changed; where there are any, the manifest says which code made them.

    Raises
    ------
    UserError
        If nothing is published there, the working tree has changes, the results folder is in use, a
        table was altered, the study's tables cannot be taken again, or a block would be needed;
        nothing is written then.
    """
    paths = ResultPaths(folder.parent.parent, FROM_PUBLISHED)
    if folder != paths.published(folder.name) or not (folder / MANIFEST).exists():
        raise UserError(
            f"{folder}: no published tables there; allowed: a study's folder in published/ of a "
            "results folder",
            exit_code=1,
        )
    head = traceable_commit("remeasure")
    with hold_results(paths.root):
        return _remeasure(folder, head)


def _remeasure(folder: Path, head: str) -> list[str]:
    manifest, tables = read_published(folder)
    again = tables_of(manifest["study"]).again
    if again is None:
        raise UserError(f"{folder}: tables of {manifest['study']} rest on blocks", exit_code=1)
    contents = encode_tables(again(tables))
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    changed = [name for name in digests if digests[name] != manifest["tables"].get(name)]
    for name in changed:
        write_bytes(folder / name, contents[name])
    if changed:
        once = {
            "commit": head,
            "package": __version__,
            "versions": versions(),
            "tables": changed,
        }
        known = {
            "tables": manifest["tables"] | digests,
            MEASURED_AGAIN: [*manifest.get(MEASURED_AGAIN, []), once],
        }
        write_json(folder / MANIFEST, manifest | known)
    return changed


def main(arguments: list[str]) -> int:
    """Take the published tables in a folder again."""
    if len(arguments) != 1:
        print("allowed: one argument, the folder of a study's published tables", file=sys.stderr)
        return 2
    try:
        changed = remeasure(Path(arguments[0]))
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{arguments[0]}: changed: {', '.join(changed) or 'nothing'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
