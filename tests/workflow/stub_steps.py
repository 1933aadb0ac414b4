"""Stands in for escaping_minima's steps: notes its words, and writes what a step would write.

The variable FAIL names a step, and whether it ends halfway with an exit code or by SIGKILL.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from pathlib import Path

BESIDE = Path(os.environ["STEPS"])


def write(path: Path, text: str | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or "stub\n")


def train(options: dict[str, str]) -> dict[Path, str]:
    base = Path(options["plan"]).parent
    job = json.loads(Path(options["plan"]).read_text())["jobs"][options["job"]]
    numbered = [(c["id"], b) for c in job["cells"] for b in range(c["blocks"])]
    blocks = [base / "runs" / job["study"] / cell / f"b{b:04d}" for cell, b in numbered]
    files = {block.with_suffix(end): "" for block in blocks for end in (".parquet", ".json")}
    return files | {base / "trained" / f"{options['job']}.json": json.dumps(numbered)}


def outputs(step: str, options: dict[str, str]) -> dict[Path, str]:
    """Return what a step writes, in its order."""
    if step == "train":
        return train(options)
    if step == "report":
        folder = Path(options["results"]) / options["name"] / "report"
        return dict.fromkeys(folder / n for n in ("claims/I05.html", "index.html"))
    place = Path(options["output"])
    if step == "render":
        figures = [Path(options["figures"])] if "figures" in options else []
        return dict.fromkeys([*(f / f"figure_{n}.svg" for f in figures for n in (1, 2)), place])
    return dict.fromkeys(
        [place] if place.suffix else [place / "first.csv", place / "verdicts.json"]
    )


def read_options(words: list[str]) -> dict[str, str]:
    options = {}
    for name, value in itertools.pairwise(words):
        if name == "-p":
            name, _, value = value.partition("=")
        options[name.removeprefix("--")] = value
    return options


def main(step: str, words: list[str]) -> None:
    options = read_options(words)
    with (BESIDE / "words.jsonl").open("a") as file:
        file.write(json.dumps([step, *words]) + "\n")
    fails, _, how = os.environ["FAIL"].partition(" ")
    files = list(outputs(step, options).items())
    if step == fails or (step == "render" and Path(options["output"]).stem == fails):
        for path, text in files[:-1]:
            write(path, text)
        if how == "SIGKILL":
            os.kill(os.getpid(), signal.SIGKILL)
        sys.exit(3)
    for path, text in files:
        write(path, text)


main(sys.argv[1], sys.argv[2:])
