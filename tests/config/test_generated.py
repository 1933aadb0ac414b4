"""The generated files say what the sections say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from escaping_minima.config.generated import check_generated, write_generated
from escaping_minima.config.load import read_config
from escaping_minima.config.schema import section_schema, walk_keys
from escaping_minima.config.sections import Config

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    Path("config.yaml"),
    Path("workflow/schemas/config.schema.json"),
    Path("docs/configuration.md"),
]
KEYS = list(walk_keys(section_schema(Config)))


def test_nothing_has_drifted() -> None:
    assert check_generated(ROOT) == [], "run: python -m escaping_minima.config"


def test_what_is_written_has_not_drifted(tmp_path: Path) -> None:
    assert check_generated(tmp_path) == FILES
    assert write_generated(tmp_path) == FILES
    assert write_generated(tmp_path) == []


@pytest.mark.parametrize("path", FILES)
def test_an_edit_by_hand_is_found(tmp_path: Path, path: Path) -> None:
    write_generated(tmp_path)
    with (tmp_path / path).open("a") as file:
        file.write("\n")
    assert check_generated(tmp_path) == [path]


def read_schema() -> dict[str, object]:
    schema: dict[str, object] = json.loads((ROOT / FILES[1]).read_text())
    return schema


def test_config_yaml_fits_the_schema() -> None:
    # reads a grammar of web addresses for a second: not where every process collects its tests
    from jsonschema import Draft7Validator

    Draft7Validator.check_schema(read_schema())
    Draft7Validator(read_schema()).validate(yaml.safe_load((ROOT / FILES[0]).read_text()))


def test_config_yaml_holds_the_defaults() -> None:
    assert read_config(ROOT / FILES[0]) == Config()


def test_config_yaml_holds_every_key_below_a_comment() -> None:
    text = (ROOT / FILES[0]).read_text()
    assert text.startswith("# yaml-language-server: $schema=workflow/schemas/config.schema.json\n")
    lines = [line.strip() for line in text.splitlines()]
    for key, _ in KEYS:
        name = key.rpartition(".")[2]
        places = [number for number, line in enumerate(lines) if line.startswith(f"{name}:")]
        # studies may have settings of the same name
        assert len(places) == sum(other.rpartition(".")[2] == name for other, _ in KEYS)
        assert all(lines[at - 1].startswith("#") for at in places)


def test_every_key_is_described_and_bounded() -> None:
    for key, entry in KEYS:
        assert entry["description"].endswith("."), key
        assert "default" in entry, key
        # A bar would end the cell of a table.
        assert "|" not in entry["description"], key


@pytest.mark.parametrize("key", [key for key, _ in KEYS])
def test_the_reference_has_every_key(key: str) -> None:
    assert f"| `{key}` |" in (ROOT / FILES[2]).read_text()
