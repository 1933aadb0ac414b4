"""Stands in for escaping_minima's steps: notes its words, and writes what a step would write.

The variable FAIL names a step, and whether it ends halfway with an exit code or by SIGKILL.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

BESIDE = Path(os.environ["STEPS"])


def write(path: Path, text: str = "stub\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def train(options: dict[str, str]) -> list[Path]:
    base = Path(options["plan"]).parent
    job = json.loads(Path(options["plan"]).read_text())["jobs"][options["job"]]
    numbered = [(c["id"], b) for c in job["cells"] for b in range(c["blocks"])]
    blocks = [base / "runs" / job["study"] / cell / f"b{b:04d}" for cell, b in numbered]
    files = [block.with_suffix(end) for block in blocks for end in (".parquet", ".json")]
    return [*files, base / "trained" / f"{options['job']}.json"]


def outputs(step: str, options: dict[str, str]) -> list[Path]:
    """Return what a step writes, in its order."""
    if step == "train":
        return train(options)
    if step == "report":
        folder = Path(options["results"]) / options["name"] / "report"
        return [folder / name for name in ("claims/I05.html", "index.html", "verdicts.json")]
    place = Path(options["output"])
    if step == "render":
        figures = [Path(options["figures"])] if "figures" in options else []
        return [*(f / f"figure_{n}.svg" for f in figures for n in (1, 2)), place]
    if place.suffix:
        return [place]
    return [place / name for name in ("first.csv", "verdicts.json")]


def main(words: list[str]) -> None:
    step, options = words[0], {}
    for name, value in zip(words, words[1:], strict=False):
        if name == "-p":
            name, _, value = value.partition("=")
        options[name.removeprefix("--")] = value
    with (BESIDE / "words.jsonl").open("a") as file:
        file.write(json.dumps(words) + "\n")
    fails, _, how = os.environ["FAIL"].partition(" ")
    *others, last = outputs(step, options)
    for path in others:
        write(path)
    if step == fails or (step == "render" and Path(options["output"]).stem == fails):
        if how == "SIGKILL":
            os.kill(os.getpid(), signal.SIGKILL)
        sys.exit(3)
    write(last, "[]\n")


main(sys.argv[1:])
