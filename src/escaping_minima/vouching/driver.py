"""Runs inside the tree of a commit: reads cells there, and trains them by that tree's command.

Started as a file, with the tree's package on the path. Of the tree it needs the command `train`,
the format of a plan, and two functions, which it looks for where trees have had them.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

#: Where a tree may have what turns a record into a cell, and what hashes a cell's sources.
READERS = ("kinds.records:read_cell", "plan.records:read_cell", "plan.cells:Cell.from_record")
HASHERS = ("plan.hashes:cell_hash", "provenance.sources:cell_hash")

#: Exit code of a training that a SIGTERM stopped.
STOPPED = 128 + signal.SIGTERM


def main(request_path: str, answer_path: str) -> None:
    """Do what a request asks for and write the answer."""
    request = json.loads(Path(request_path).read_text(encoding="utf-8"))
    works: dict[str, Callable[..., dict[str, Any]]] = {"read": read, "train": train}
    answer = works[request.pop("do")](**request)
    Path(answer_path).write_text(json.dumps(answer), encoding="utf-8")


def read(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Return each cell's id and source hash, and of each hash the files that enter it."""
    reader, hasher = _first_of(READERS), _first_of(HASHERS)
    files: dict[str, list[str]] = {}
    cells = []
    for record in records:
        try:
            cell = reader(record)
            found = {"id": cell.id, "hash": hasher(cell)}
            if found["hash"] not in files:
                files[found["hash"]] = files_read(partial(hasher, cell))
        except Exception as error:
            found = {"unreadable": f"{type(error).__name__}: {error}"}
        cells.append(found)
    return {"cells": cells, "files": files}


def train(
    jobs: dict[str, dict[str, Any]], device: str, folder: str, watched: dict[str, list[int]]
) -> dict[str, Any]:
    """Train each job, noting which of the watched lines it executed."""
    # a signal that comes after its run has ended must not end this process
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    trained = {
        key: _train_job(key, job, device, Path(folder) / key, watched) for key, job in jobs.items()
    }
    return {"jobs": trained, **_circumstances(device)}


def _train_job(
    key: str, job: dict[str, Any], device: str, folder: Path, watched: dict[str, list[int]]
) -> dict[str, Any]:
    plan = _write_plan(key, job["cells"], device, folder, seconds=0 if job["stopped"] else 3600)
    with _executed(watched) as lines:
        code, said = _stopped(plan, key, folder) if job["stopped"] else _command(plan, key)
        if job["stopped"] and code == STOPPED:
            code, said = _command(plan, key)
        elif job["stopped"] and code == 0:
            code, said = 1, "it was to be stopped, but ended with exit code 0"
    blocks = {cell["id"]: _block(folder, cell["id"]) for cell in job["cells"]}
    return {"code": code, "said": said, "blocks": blocks, "lines": lines}


def _write_plan(
    key: str, cells: list[dict[str, Any]], device: str, folder: Path, seconds: int
) -> Path:
    run = {
        "scale": "vouch",
        "results": str(folder / "results"),
        "device": device,
        "checkpoint_seconds": seconds,
        "keep_stale": False,
        "data_folder": None,
        "accept_checksums": [],
    }
    planned = [{"blocks": 1, "first": 0, "labels": {}, **cell} for cell in cells]
    job = {"study": "vouch", "name": key, "group": key, "cells": planned}
    folder.mkdir(parents=True)
    path = folder / "plan.json"
    path.write_text(json.dumps({"run": run, "jobs": {f"vouch_{key}": job}}), encoding="utf-8")
    return path


def _command(plan: Path, key: str) -> tuple[int, str]:
    """Run the tree's `train`; return its exit code and what it said last."""
    command = importlib.import_module("escaping_minima.cli").main
    said = io.StringIO()
    code: Any = 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            command(["train", "--plan", str(plan), "--job", f"vouch_{key}"])
        except SystemExit as ended:
            code = ended.code or 0
        except Exception:
            traceback.print_exc()
            code = 1
    return int(code), (said.getvalue().strip().splitlines() or [""])[-1]


def _stopped(plan: Path, key: str, folder: Path) -> tuple[int, str]:
    """Run `train` and send it a SIGTERM once it has saved a state."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.001):
            if any(folder.rglob("*.pt")):
                os.kill(os.getpid(), signal.SIGTERM)
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        return _command(plan, key)
    finally:
        ended.set()
        watcher.join()


def _block(folder: Path, cell: str) -> str:
    found = sorted(folder.rglob(f"{cell}/b0000.parquet"))
    return str(found[0]) if found else ""


@contextlib.contextmanager
def _executed(watched: dict[str, list[int]]) -> Iterator[dict[str, list[int]]]:
    """Note which lines of the watched functions run; the mapping is filled at the end."""
    package = _package()
    starts = {str(package / file): set(lines) for file, lines in watched.items()}
    ran: dict[str, set[int]] = {file: set() for file in starts}

    def note(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            ran[frame.f_code.co_filename].add(frame.f_lineno)
        return note

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        inside = code.co_firstlineno in starts.get(code.co_filename, ())
        return note if inside else None

    lines: dict[str, list[int]] = {}
    if starts:
        threading.settrace(enter)
        sys.settrace(enter)
    try:
        yield lines
    finally:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
        lines.update({str(Path(f).relative_to(package)): sorted(ran[f]) for f in ran if ran[f]})


_reading: set[str] | None = None


def files_read(work: Callable[[], Any]) -> list[str]:
    """Return the package's Python files that are opened while something is done."""
    global _reading
    if _reading is None:
        sys.addaudithook(_audit)
    forget()
    _reading = set()
    work()
    package = _package()
    inside = {Path(name) for name in _reading if Path(name).is_relative_to(package)}
    _reading = set()
    return sorted(str(path.relative_to(package)) for path in inside if path.suffix == ".py")


def _audit(event: str, words: tuple[Any, ...]) -> None:
    if event == "open" and _reading is not None and isinstance(words[0], str | os.PathLike):
        _reading.add(os.fspath(words[0]))


def forget() -> None:
    """Empty the tree's caches, so that every file that counts is opened again."""
    for name, module in list(sys.modules.items()):
        if name.startswith("escaping_minima."):
            for value in list(vars(module).values()):
                getattr(value, "cache_clear", lambda: None)()


def _first_of(places: tuple[str, ...]) -> Callable[..., Any]:
    for place in places:
        module, _, path = place.partition(":")
        try:
            found: Any = importlib.import_module(f"escaping_minima.{module}")
            for name in path.split("."):
                found = getattr(found, name)
        except (ModuleNotFoundError, AttributeError):
            continue
        return found  # type: ignore[no-any-return]
    raise SystemExit(f"none of {', '.join(places)} is in this tree")


def _package() -> Path:
    return Path(str(importlib.import_module("escaping_minima").__file__)).parent


def _circumstances(device: str) -> dict[str, str]:
    torch = importlib.import_module("torch")
    name = torch.cuda.get_device_name(0) if device == "cuda" else ""
    return {"torch": torch.__version__, "gpu": name}


if __name__ == "__main__":
    main(*sys.argv[1:])
