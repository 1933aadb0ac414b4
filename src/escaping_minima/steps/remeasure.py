"""Remeasure: take published tables again, from what is published alone.

``python -m escaping_minima.steps.remeasure results/published/batch_increase`` is run once after a
change of what is collected, since nobody has the blocks of earlier runs.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from escaping_minima.collect.collected import MANIFEST, read_published
from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_bytes, write_json
from escaping_minima.results.tables import encode_tables
from escaping_minima.steps.collect import tables_of


def remeasure(folder: Path) -> list[str]:
    """Write published tables as the code of now would collect them, where no block is needed.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of str
        The tables that changed.

    Raises
    ------
    UserError
        If nothing is published there, a table was altered, the study's tables cannot be taken
        again, or a block would be needed; nothing is written then.
    """
    manifest, tables = read_published(folder)
    if not manifest:
        raise UserError(f"{folder}: no published tables there", exit_code=1)
    again = tables_of(manifest["study"]).again
    if again is None:
        raise UserError(f"{folder}: tables of {manifest['study']} rest on blocks", exit_code=1)
    contents = encode_tables(again(tables))
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    changed = [name for name in digests if digests[name] != manifest["tables"].get(name)]
    for name in changed:
        write_bytes(folder / name, contents[name])
    if changed:
        write_json(folder / MANIFEST, manifest | {"tables": manifest["tables"] | digests})
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
