"""A manifest names the commit of its own sources, what was changed, and the machine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from escaping_minima.provenance import hardware as parts
from escaping_minima.provenance.circumstances import circumstances, commit, uncommitted
from escaping_minima.provenance.hardware import hardware

UNKNOWN = ("unknown", True)


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=tests", "-c", "user.email=tests@localhost"]
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def put(root: Path, name: str, text: str = "1\n") -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def package(tmp_path):
    """Return the folder of a package that is committed in its own checkout."""
    root = tmp_path / "own"
    put(root, ".gitignore", "__pycache__/\n*.log\nlocal_*\n")
    put(root, "src/escaping_minima/__init__.py")
    put(root, "src/escaping_minima/data/registry.json")
    commit_all(root)
    return root / "src" / "escaping_minima"


def commit_all(root: Path) -> None:
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "-m", "tests")


def test_a_clean_checkout_has_its_commit(package):
    head = git(package, "rev-parse", "HEAD")
    put(package, "__pycache__/a.cpython-311.pyc")
    put(package, "notes.log")
    put(package.parents[1], "results/smoke/plan.json")
    assert commit(package) == (head, False)
    assert uncommitted(package) == []


def test_a_file_of_any_name_is_named_on_a_terminal_without_its_letters(package, monkeypatch):
    put(package, "größe.py")
    monkeypatch.setattr("locale.getpreferredencoding", lambda do_setlocale=True: "ascii")
    monkeypatch.setattr("locale.getencoding", lambda: "ascii")
    assert uncommitted(package) == ["src/escaping_minima/größe.py"]


@pytest.mark.parametrize(
    "name",
    [
        "src/escaping_minima/__init__.py",
        "src/escaping_minima/data/registry.json",
        "src/escaping_minima/data/samples/new.xz",
        "src/escaping_minima/new.py",
        # found before the library of that name where src comes first
        "src/numpy.py",
        "src/escaping_minima/local_ignored.py",
        "src/escaping_minima/local_folder/ignored.py",
        ".gitignore",
    ],
)
def test_every_file_that_can_decide_numbers_counts(package, name):
    head = git(package, "rev-parse", "HEAD")
    put(package.parents[1], name, "2\n")
    assert commit(package) == (head, True)
    assert uncommitted(package) == [name]


def test_a_removed_file_counts(package):
    (package / "data" / "registry.json").unlink()
    assert uncommitted(package) == ["src/escaping_minima/data/registry.json"]


def test_a_copy_without_git_has_no_commit(package, tmp_path):
    bare = tmp_path / "elsewhere" / "own"
    put(bare, "src/escaping_minima/__init__.py")
    assert commit(bare / "src" / "escaping_minima") == UNKNOWN


def test_a_copy_inside_another_repository_does_not_take_its_commit(tmp_path):
    other = tmp_path / "other"
    put(other, ".gitignore", "unpacked/\n")
    put(other, "thesis.tex")
    put(other, "unpacked/src/escaping_minima/__init__.py")
    put(other, "vendored/src/escaping_minima/__init__.py")
    commit_all(other)
    assert commit(other / "unpacked" / "src" / "escaping_minima") == UNKNOWN
    # not even where that repository holds the copy: its commits are not these sources'
    assert commit(other / "vendored" / "src" / "escaping_minima") == UNKNOWN


def test_a_copy_at_the_root_of_another_repository_does_not_take_its_commit(tmp_path):
    other = tmp_path / "other"
    put(other, ".gitignore", "src/\n")
    commit_all(other)
    put(other, "src/escaping_minima/__init__.py")
    assert commit(other / "src" / "escaping_minima") == UNKNOWN


def test_a_repository_named_by_the_environment_is_not_asked(package, tmp_path, monkeypatch):
    other = tmp_path / "other"
    put(other, "src/escaping_minima/__init__.py", "other\n")
    commit_all(other)
    head = git(package, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert commit(package) == (head, False)


def test_a_manifest_is_told_everything_and_can_be_written(monkeypatch):
    monkeypatch.setattr(parts, "CPUINFO", Path("/nowhere"))
    found = json.loads(json.dumps(circumstances()))
    expected = {"commit", "dirty", "machine", "hardware", "versions", "package", "threads"}
    assert set(found) == expected
    assert {"python", "torch", "numpy"} <= set(found["versions"])


CPUINFO = """processor\t: 0
model name\t: AMD EPYC 9654
flags\t\t: fpu sse2 smep avx avx2 fma avx512f avx512_bf16 amx_tile f16c sme

processor\t: 1
model name\t: another
"""
ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp sve bf16\n"


def test_hardware_names_processor_and_gpu(tmp_path, monkeypatch):
    put(tmp_path, "cpuinfo", CPUINFO)
    put(tmp_path, "nvidia-smi", "#!/bin/sh\nfor i in 1 2; do echo 'NVIDIA H100 80GB, 550.54'; done")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setattr(parts, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delitem(parts.sys.modules, "torch", raising=False)
    assert hardware() == {
        "cpu": "AMD EPYC 9654",
        "vector_instructions": "amx_tile avx avx2 avx512_bf16 avx512f f16c fma",
        "gpu": "NVIDIA H100 80GB",
        "driver": "550.54",
    }


def test_hardware_leaves_out_what_is_not_there(tmp_path, monkeypatch):
    put(tmp_path, "cpuinfo", ARM)
    monkeypatch.setattr(parts, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(parts.platform, "processor", lambda: "")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delitem(parts.sys.modules, "torch", raising=False)
    assert hardware() == {"vector_instructions": "asimd asimddp sve"}


def test_hardware_names_what_torch_was_built_for(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.version, "cuda", "12.4")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 90100)
    found = hardware()
    assert (found["cuda"], found["cudnn"]) == ("12.4", "90100")
    assert found["torch_cpu"] == torch.backends.cpu.get_cpu_capability()
