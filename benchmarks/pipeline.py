"""What a run costs, what of it is the workflow's own, and how long a report from tables takes.

    python benchmarks/pipeline.py [--scale quick] [--write docs/benchmarks/pipeline.md]

Runs the pipeline from nothing into a temporary folder, then once more with nothing to do, then from
published tables. The workflow's own share is the time in which no job was running: the time of the
whole run less the union of the jobs' own times, as Snakemake's benchmark files and log have them.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from escaping_minima.plan.cores import count_cores
from escaping_minima.provenance.circumstances import machine, versions

ROOT = Path(__file__).resolve().parents[1]


def timed_run(results: Path, *words: str) -> tuple[float, datetime]:
    """Run the pipeline; return its wall time in seconds and when it began."""
    command = [sys.executable, "-m", "escaping_minima", "run", *words]
    command += ["--config", f"results={results}"]
    began, clock = time.perf_counter(), datetime.now()
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began, clock


def job_times(base: Path) -> list[tuple[str, float, float]]:
    """Return (rule, start, end) of every job, in seconds since the epoch."""
    log = (base / "logs" / "snakemake.log").read_text()
    names = {m[1]: m[2] for m in re.finditer(r"jobid: (\d+)\n\s+benchmark: \S+/(\w+)\.tsv", log)}
    times = []
    for stamp, job in re.findall(r"\[([^\]]+)\]\nFinished jobid: (\d+)", log):
        if job in names:
            end = datetime.strptime(stamp, "%a %b %d %H:%M:%S %Y").timestamp()
            lines = (base / "benchmarks" / f"{names[job]}.tsv").read_text().splitlines()
            times.append((names[job], end - float(lines[1].split("\t")[0]), end))
    return times


def covered(times: list[tuple[str, float, float]]) -> float:
    """Return the length of the union of the jobs' intervals."""
    total, reached = 0.0, 0.0
    for _, start, end in sorted(times, key=lambda t: t[1]):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", default="quick")
    parser.add_argument("--write", type=Path, help="also write the report to this file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        shutil.copytree(ROOT / "results" / "published", results / "published")
        whole, _ = timed_run(results, "--scale", arguments.scale)
        times = job_times(results / arguments.scale)
        again, _ = timed_run(results, "--scale", arguments.scale)
        published, _ = timed_run(results, "--source", "published")
    jobs = sum(end - start for _, start, end in times)
    own = whole - covered(times)
    found = ", ".join(f"{k} {v}" for k, v in versions(("torch", "snakemake")).items())
    text = "\n".join(
        [
            "# The pipeline as a whole",
            "",
            f"{machine()}, {count_cores()} cores; {found}. Environment built beforehand.",
            "",
            "| what | seconds |",
            "|---|---|",
            f"| `{arguments.scale}` from nothing to the report | {whole:.0f} |",
            f"| of it: no job running | {own:.1f} ({100 * own / whole:.1f} %) |",
            f"| of it: jobs, added up over cores | {jobs:.0f} |",
            f"| again, with nothing to do | {again:.1f} |",
            f"| report from published tables (`source: published`) | {published:.0f} |",
            "",
            "| job | seconds |",
            "|---|---|",
            *(f"| {name} | {end - start:.1f} |" for name, start, end in times),
            "",
        ]
    )
    print(text)
    if arguments.write:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(text)


if __name__ == "__main__":
    main()
