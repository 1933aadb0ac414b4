"""Kill a training run several times and show that it ends in the same bytes.

    python benchmarks/kill_and_resume.py [--kills N] [--write docs/benchmarks/kill_and_resume.md]

One run of the sample (2,000 images of MNIST, 8 epochs, batch size from 10 to 100) is trained twice
by `escaping-minima train`: once left alone, once killed with SIGKILL again and again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from escaping_minima.parts.study_settings import described_settings
from escaping_minima.plan.jobs import Job, PlannedBlocks, plan_to_json
from escaping_minima.provenance.circumstances import machine, versions
from escaping_minima.provenance.sources import cell_hash
from escaping_minima.results.paths import ResultPaths
from escaping_minima.studies.batch_increase.plan import plan_cells
from escaping_minima.studies.batch_increase.settings import Settings

STUDY = "batch_increase"
SCALE = "quick"


def write_plan(folder: Path) -> tuple[Path, Path]:
    """Write a plan of one block; return it and where the block will be."""
    numbers = {name: one.scales[SCALE] for name, one in described_settings(Settings).items()}
    cells = plan_cells(Settings(**numbers))
    one = next(c for c in cells if c.labels["strategy"] == "linear_100")
    planned = PlannedBlocks(one.cell, 1, one.labels, cell_hash(one.cell))
    run = {
        "scale": SCALE,
        "results": str(folder),
        "device": "cpu",
        "checkpoint_seconds": 1.0,
        "keep_stale": False,
        "data_folder": None,
        "accept_checksums": [],
    }
    path = folder / "plan.json"
    path.write_text(plan_to_json([Job(STUDY, "one", (planned,), "one")], run), encoding="utf-8")
    return path, ResultPaths(folder, SCALE).block(STUDY, one.cell.id, 0)


def start(plan: Path) -> subprocess.Popen[bytes]:
    """Start training."""
    words = ["train", "--plan", str(plan), "--job", f"{STUDY}_one"]
    return subprocess.Popen([sys.executable, "-m", "escaping_minima", *words])


def train_with_kills(folder: Path, kills: int) -> tuple[Path, list[float]]:
    """Train, killing the process after random times at work; return the block and the times."""
    plan, block = write_plan(folder)
    chance, times = random.Random(0), []
    while len(times) < kills:
        known = checkpoint_time(folder)
        worker = start(plan)
        while checkpoint_time(folder) == known and worker.poll() is None:
            time.sleep(0.05)
        seconds = chance.uniform(0.2, 3.0)
        time.sleep(seconds)
        if worker.poll() is not None:
            raise SystemExit("the run ended before it could be killed; ask for fewer kills")
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        times.append(seconds)
    start(plan).wait()
    return block, times


def checkpoint_time(folder: Path) -> int:
    """Return when the newest checkpoint was written, 0 if there is none."""
    return max((p.stat().st_mtime_ns for p in folder.rglob("*.pt")), default=0)


def report(kills: int) -> str:
    """Train both ways and say what came out, as Markdown."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        plan, whole = write_plan(Path(one))
        start(plan).wait()
        killed, times = train_with_kills(Path(other), kills)
        digests = [hashlib.sha256(p.read_bytes()).hexdigest() for p in (whole, killed)]
        manifest = json.loads(whole.with_suffix(".json").read_text(encoding="utf-8"))
    after = ", ".join(f"{seconds:.1f}" for seconds in times)
    same = "the same bytes" if digests[0] == digests[1] else "OTHER BYTES"
    return "\n".join(
        [
            "# A training run that is killed, and one that is not",
            "",
            f"Made by `python benchmarks/kill_and_resume.py --kills {kills}` on {machine()}, torch "
            f"{versions()['torch']}. The run: {manifest['cell']['epochs']} epochs of "
            f"{manifest['cell']['problem_settings']['train_images']:,} images of MNIST, batch size "
            "from 10 to 100, AdaGrad, batch norm and dropout on, "
            f"{manifest['gradient_evaluations']} updates.",
            "",
            "| run | SHA-256 of its table |",
            "|---|---|",
            f"| left alone | `{digests[0]}` |",
            f"| killed with SIGKILL {kills} times ({after} s after a new checkpoint) | "
            f"`{digests[1]}` |",
            "",
            f"Both ended in {same}.",
            "",
        ]
    )


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--write", type=Path)
    args = parser.parse_args()
    text = report(args.kills)
    print(text, end="")
    if args.write:
        args.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
