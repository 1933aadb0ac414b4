"""Runs Snakemake many times from one process, which has read the libraries once.

Each line on standard input is a JSON list of Snakemake's words; the answer to it is a line with
the exit code. What Snakemake says goes to ``snakemake.txt`` in the current folder. The variables
STEPS and FAIL are for the jobs; see ``stub_steps.py``.
"""

from __future__ import annotations

import importlib
import json
import os
import sys

from snakemake.cli import main

for name in ("config.load", "launch.marks", "claims.records"):
    importlib.import_module(f"escaping_minima.{name}")
for name in ("api", "workflow", "dag", "scheduling"):
    importlib.import_module(f"snakemake.{name}")
os.environ["PYTHONPATH"] = os.environ["STEPS"]
for line in sys.stdin:
    request = json.loads(line)
    os.environ["FAIL"] = request["fail"]
    if not (child := os.fork()):
        said = os.open("snakemake.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.argv[1:] = request["words"]
        try:
            main(request["words"])
        except SystemExit as ended:
            os._exit(int(ended.code or 0))
        os._exit(99)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
