"""What is accepted, from where, and how it is spelled."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from escaping_minima.config.load import load_config, read_config, resolve
from escaping_minima.config.schema import section_schema
from escaping_minima.config.sections import SCALES, STUDIES, Config
from escaping_minima.errors import UserError

Write = Callable[[str | bytes], Path]


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}", "---\n", "stationary_distributions:\n"])
def test_an_empty_file_means_the_defaults(write: Write, text: str) -> None:
    assert read_config(write(text)) == Config() == load_config({})


def test_a_byte_order_mark_is_no_key(write: Write) -> None:
    assert read_config(write(b"\xef\xbb\xbfscale: smoke\n")).scale == "smoke"


@pytest.mark.parametrize(
    "spelling", ["5000", "5_000", "5e3", "5000.0", "05000", "+5000", '"5000"', "' 5e3 '"]
)
def test_a_number_may_be_spelled_in_many_ways(write: Write, spelling: str) -> None:
    config = read_config(write(f"stationary_distributions: {{starts: {spelling}}}"))
    assert config.stationary_distributions.starts == 5000


@pytest.mark.parametrize(("spelling", "value"), [("off", False), ("'yes'", True), ("~", None)])
def test_a_switch_may_be_spelled_in_many_ways(
    write: Write, spelling: str, value: bool | None
) -> None:
    assert read_config(write(f"rerun_stale: {spelling}")).rerun_stale is value


def test_a_configuration_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Config().__setattr__("scale", "paper")


def test_snakemake_hands_nested_values_over_as_text() -> None:
    section = {"starts": "1000", "steps": "null", "sweep_every": "4", "variants": "false"}
    raw = {"stationary_distributions": section, "rerun_stale": "true", "studies": STUDIES[0]}
    config = load_config(raw)
    assert config.stationary_distributions.model_dump() == {
        "starts": 1000,
        "steps": None,
        "sweep_every": 4,
        "variants": False,
        "start_settings": None,
    }
    assert config.rerun_stale is True
    assert config.studies == (STUDIES[0],)


def test_the_keys_of_the_data_may_be_one_text_each() -> None:
    raw = {"data_folder": "null", "mirrors": "/data/mirror", "accept_checksums": "0" * 64}
    config = load_config(raw)
    assert config.data_folder is None
    assert config.mirrors == ("/data/mirror",)
    assert config.accept_checksums == ("0" * 64,)


@pytest.mark.parametrize("checksum", ["AB" * 32, "12" * 32, f"1e{'0' * 62}"])
def test_a_checksum_is_the_same_in_capitals_and_without_letters(
    write: Write, checksum: str
) -> None:
    config = read_config(write(f"accept_checksums: [{checksum}]"))
    assert config.accept_checksums == (checksum.lower(),)


def complain(raw: Any, files: list[Path]) -> str:
    with pytest.raises(UserError) as caught:
        load_config(raw, files)
    return str(caught.value)


def test_the_message_names_where_the_value_came_from(write: Write) -> None:
    file = write("scale: quik").absolute()
    assert complain({"scale": "quik"}, [file]).startswith("config.yaml: scale: ")
    assert complain({"scale": "slow"}, [file]).startswith("--config: scale: ")
    assert complain({"scale": "slow"}, []).startswith("configuration: scale: ")


def test_a_key_given_twice_is_refused_though_snakemake_takes_the_last(write: Write) -> None:
    line = complain({"scale": "smoke"}, [write("scale: quick\nscale: smoke")])
    assert line.startswith("config.yaml, line 2: scale: given twice")


def test_files_lie_below_what_snakemake_hands_over(write: Write) -> None:
    file = write("scale: paper\nstationary_distributions: {starts: 1000, steps: 5}")
    raw = {"scale": "smoke", "stationary_distributions": {"starts": "500"}}
    config = load_config(raw, [file])
    assert config.scale == "smoke"
    assert config.stationary_distributions.starts == 500
    assert config.stationary_distributions.steps == 5


def test_an_empty_file_below_means_the_defaults(write: Write) -> None:
    assert load_config({}, [write("")]) == Config()


def test_a_raw_list_is_refused() -> None:
    assert complain([], []).startswith("configuration: found a list")


def test_a_missing_file_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        read_config("other.yaml")
    assert str(caught.value) == ("other.yaml: no such file; give the path of a configuration file")


def test_a_folder_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    with pytest.raises(UserError, match=r"^folder: cannot be read \(.+\); give a readable file$"):
        read_config("folder")


def test_the_snakefile_can_import_this_without_the_heavy_libraries() -> None:
    code = (
        "import sys, escaping_minima.config.load as load; load.resolve(load.load_config({}));"
        "print(*{'torch', 'numpy', 'pandas', 'snakemake'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("", "")


SECTIONS = st.fixed_dictionaries(
    {},
    optional={
        "starts": st.none() | st.integers(1, 2000).map(lambda blocks: 500 * blocks),
        "steps": st.none() | st.integers(1, 1_000_000),
        "sweep_every": st.none() | st.sampled_from([1, 2, 4]),
        "variants": st.none() | st.booleans(),
        "start_settings": st.none() | st.integers(0, 9),
    },
)
CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "scale": st.sampled_from(SCALES),
        "source": st.sampled_from(["runs", "published"]),
        "results": st.from_regex(r"[A-Za-z0-9_./-]{1,20}", fullmatch=True),
        "studies": st.just(list(STUDIES)),
        "device": st.sampled_from(["auto", "cpu", "cuda"]),
        "rerun_stale": st.none() | st.booleans(),
        "checkpoint_seconds": st.floats(1e-3, 1e6),
        "data_folder": st.none() | st.from_regex(r"[A-Za-z0-9_./-]{1,20}", fullmatch=True),
        "mirrors": st.lists(st.sampled_from(["/data/a mirror", "https://localhost:8000/data"])),
        "accept_checksums": st.lists(st.from_regex(r"[0-9a-f]{64}", fullmatch=True), max_size=2),
        "stationary_distributions": SECTIONS,
    },
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(raw=CONFIGS)
def test_valid_configurations_come_back_as_they_went(write: Write, raw: dict[str, Any]) -> None:
    config = load_config(raw)
    Draft7Validator(section_schema(Config)).validate(raw)
    assert read_config(write(yaml.safe_dump(raw))) == config
    assert load_config(config.model_dump(mode="json")) == config
    assert config.model_dump(mode="json", exclude_unset=True) == raw
    assert resolve(config).scale == config.scale
