"""Runs Snakemake many times from one process, which has read the libraries once.

Each line on standard input is a JSON object: Snakemake's words, the folder to work in, the sources
of the package and the variables for the jobs. What Snakemake says goes to the file that is this
process's only word; the answer is a line with the exit code.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

from snakemake.cli import main

SAID = sys.argv[1]


def load() -> None:
    """Read what a run needs, and of the package what its sources are hashed from."""
    for name in ("config.load", "launch.marks", "claims.records", "plan.run_plan"):
        importlib.import_module(f"escaping_minima.{name}")
    for name in ("api", "workflow", "dag", "scheduling"):
        importlib.import_module(f"snakemake.{name}")
    load, plan = (sys.modules[f"escaping_minima.{n}"] for n in ("config.load", "plan.run_plan"))
    plan.make_plan(load.resolve(load.load_config({"scale": "smoke"})))
    importlib.import_module("escaping_minima.provenance.sources").sources_hash(
        ["escaping_minima.cli"]
    )


def forget() -> None:
    """Forget the package: the run has sources of its own."""
    for name in [name for name in sys.modules if name.split(".")[0] == "escaping_minima"]:
        del sys.modules[name]


def run(request: dict[str, Any]) -> None:
    """Run Snakemake in this process and end it."""
    if request["sources"] != os.environ["PYTHONPATH"]:
        forget()
    said = os.open(SAID, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number, descriptor in enumerate((os.open(os.devnull, os.O_RDONLY), said, said)):
        os.dup2(descriptor, number)
    os.chdir(request["folder"])
    os.environ.update(request["variables"])
    sys.path.insert(0, request["sources"])
    sys.argv[1:] = request["words"]
    code = 99
    try:
        main(request["words"])
    except SystemExit as ended:
        code = int(ended.code or 0)
    sys.stdout.flush()
    os._exit(code)


load()
for line in sys.stdin:
    if not (child := os.fork()):
        run(json.loads(line))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
