"""What a user overrides reaches Snakemake's configuration as it was said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from snakemake.cli import parse_config

from escaping_minima.config.load import load_config, read_config, read_words
from escaping_minima.launch.run import config_words

#: Names of folders that YAML, Snakemake or a shell could take for something else.
FOLDERS = [
    "/tmp/My Results",
    "a$(touch pwned)b",
    "`id`;*&|?[x]!",
    "/tmp/übung/é😀",
    "'single'",
    '"double"',
    "it's",
    "back\\slash\\n",
    "# no remark",
    "no: mapping",
    "[no, list]",
    "1e5",
    "12",
    "007",
    "0x1F",
    "true",
    "on",
    "null",
    "!!str x",
    "a=b",
    "non-breaking\u00a0space",
]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_s_name_arrives_whole(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text("scale: smoke\n")
    texts = {"results": folder, "data_folder": folder, "mirrors": [folder.replace(",", ""), "m"]}
    overrides = [f"{key}={json.dumps(text, ensure_ascii=False)}" for key, text in texts.items()]
    overrides += ["stationary_distributions.starts=1e3", "rerun_stale=false", "device=cpu"]
    option, *words = config_words(overrides)
    assert option == "--config"
    # the words as Snakemake hands them on, and what it reads itself for its own log
    seen = load_config(read_words(words), files=["config.yaml"])
    assert parse_config(words)["results"] == folder
    said = read_config(Path("config.yaml"), overrides)
    assert seen == said
    assert seen.results == folder
    assert seen.rerun_stale is False
    assert seen.stationary_distributions.starts == 1000


def test_without_overrides_there_is_no_option() -> None:
    assert config_words([]) == []
