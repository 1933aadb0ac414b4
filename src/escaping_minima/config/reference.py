"""The commented ``config.yaml`` and the reference page, written from the sections."""

from __future__ import annotations

import textwrap
from typing import Any

import yaml

from escaping_minima.config.describe import describe_allowed, describe_type, show_default
from escaping_minima.config.scales import read_scales
from escaping_minima.config.schema import Schema, section_schema, walk_keys
from escaping_minima.config.sections import SCALES, STUDIES, Config

_WIDTH = 98

_YAML_HEAD = """\
# yaml-language-server: $schema=workflow/schemas/config.schema.json

# The configuration. Every key stands here with its default; a key left out has the same meaning.
# The reference with all keys in one table is docs/configuration.md.
"""

_PAGE_HEAD = """\
# Configuration

<!-- Generated from src/escaping_minima/config by `python -m escaping_minima.config`. -->

`config.yaml` is the one file to edit. It holds every key with its default; a key that is left out
has the same meaning, and an empty file is a valid configuration. For one run, a key can be set on
the command line instead:

```console
snakemake --config scale=smoke 'stationary_distributions={starts: 1000}'
```

An unknown key, a key given twice or a value that is not allowed ends the run before it starts, with
one line that names the key, what was found and what is allowed. A number may be spelled `5000`,
`5e3` or `"5000"`.

## Keys

| key | type | default | allowed | meaning |
|---|---|---|---|---|
"""

_SCALES_HEAD = """
## Scales

`scale` sets every number below at once. A number that is set in `config.yaml` overrides that of the
scale, and every report says so: "quick, with starts=1000". The numbers stand in
`src/escaping_minima/studies/<study>/settings.py`.

"""


def config_text() -> str:
    """Text of ``config.yaml``: every key with its default, below a comment."""
    entries = walk_keys(section_schema(Config))
    return _YAML_HEAD + "".join(_yaml_entry(key, entry) for key, entry in entries)


def _yaml_entry(key: str, entry: Schema) -> str:
    section, _, name = key.rpartition(".")
    lines = _wrap(entry["description"])
    if "properties" in entry:
        return "\n" + _indent([*lines, f"{name}:"], section)
    lines += _wrap(f"Allowed: {describe_allowed(entry)}.")
    if section in STUDIES:
        lines += _wrap(f"Scale: {_list_numbers(section, name)}.")
    return "\n" + _indent([*lines, _yaml_line(name, entry["default"])], section)


def _yaml_line(name: str, value: Any) -> str:
    # Within braces YAML writes lists in brackets; the key itself stands without them.
    flow = yaml.safe_dump({name: value}, default_flow_style=True, width=1_000)
    return str(flow).strip().removeprefix("{").removesuffix("}")


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _indent(lines: list[str], section: str) -> str:
    return textwrap.indent("\n".join(lines) + "\n", "  " if section else "")


def _list_numbers(study: str, name: str) -> str:
    return ", ".join(f"{scale} {_number(scale, study, name)}" for scale in SCALES)


def _number(scale: Any, study: str, name: str) -> str:
    return show_default(getattr(getattr(read_scales()[scale], study), name))


def reference_text() -> str:
    """Text of ``docs/configuration.md``: a table of the keys and one of the scales."""
    keys = list(walk_keys(section_schema(Config)))
    rows = "".join(_key_row(key, entry) for key, entry in keys)
    return _PAGE_HEAD + rows + _SCALES_HEAD + _scales_table([key for key, _ in keys])


def _key_row(key: str, entry: Schema) -> str:
    default = "" if "properties" in entry else f"`{show_default(entry['default'])}`"
    allowed = "its keys below" if "properties" in entry else describe_allowed(entry)
    return _row(f"`{key}`", describe_type(entry), default, allowed, entry["description"])


def _scales_table(keys: list[str]) -> str:
    head = _row("key", *SCALES) + _row(*["---"] * (len(SCALES) + 1))
    split = [key.partition(".") for key in keys]
    rows = (
        _row(f"`{study}.{name}`", *(_number(scale, study, name) for scale in SCALES))
        for study, _, name in split
        if name
    )
    return head + "".join(rows)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"
