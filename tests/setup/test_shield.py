"""envs/shield.py: the environment is its own whatever clusters set, and works for any user."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Packages that break whatever imports them, and one that the environment lacks.
FOREIGN = {"numpy": "raise SystemError('foreign')", "yaml": "raise SystemError('foreign')"}
ALONE = "found_in_pythonpath_alone"
#: By what else than an account a process knows its user.
UNKNOWN = ("HOME", "LOGNAME", "USER", "LNAME", "USERNAME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
COMMANDS = {
    "escaping-minima": "escaping_minima.cli:main",
    "snakemake": "snakemake.cli:main",
    "tidy": "json.tool:main",
}

#: Writes commands as pip does: for a Python, each as "name = module:function".
WRITER = """
import pathlib, sys
from pip._vendor.distlib.scripts import ScriptMaker
python, *entries = sys.argv[1:]
maker = ScriptMaker(None, str(pathlib.Path(python).parent))
maker.executable = f'"{python}"' if " " in python else python
maker.variants, maker.set_mode = {""}, True
maker.make_multiple(entries)
"""


class Environment:
    """An environment with this one's packages and the commands that pip would write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        self.python = folder / "bin" / "python"
        packages = next(folder.glob("lib/python*/site-packages"))
        # as pip makes the project's own known
        (packages / "__editable__.pth").write_text(
            f"{ROOT / 'src'}\n{sysconfig.get_path('purelib')}\n"
        )
        # in a process of its own: what pip imports on the way is no good neighbour
        entries = [f"{name} = {entry}" for name, entry in COMMANDS.items()]
        subprocess.run([sys.executable, "-c", WRITER, self.python, *entries], check=True)

    def shield(self) -> Environment:
        subprocess.run([self.python, ROOT / "envs" / "shield.py"], check=True)
        return self

    def command(self, name: str) -> Path:
        return self.folder / "bin" / name


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    return Environment(tmp_path_factory.mktemp("place") / "environment").shield()


@pytest.fixture
def foreign(tmp_path):
    folder = tmp_path / "foreign"
    for name, text in {**FOREIGN, ALONE: ""}.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(text)
    return folder


def call(*words: str | Path, **variables: str | Path) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    given = {name: str(value) for name, value in variables.items()}
    return subprocess.run(
        [*map(str, words)], env=kept | given, capture_output=True, text=True, check=False
    )


def test_commands_run_with_their_own_libraries(environment, foreign, tmp_path):
    variables = {"PYTHONPATH": foreign, "PYTHONHOME": tmp_path}
    plan = tmp_path / "plan.json"
    words = ("plan", "--configfile", ROOT / "config.yaml", "--scale", "smoke", "--output", plan)
    done = call(environment.command("escaping-minima"), *words, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{plan}: ")
    done = call(environment.command("snakemake"), "--version", **variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == metadata.version("snakemake")


def test_snakemake_starts_for_a_user_without_account_and_home(environment, tmp_path):
    packages = next(environment.folder.glob("lib/python*/site-packages"))
    # read before the shield's own, which begins with a letter that comes later
    nobody = packages / "__nobody.pth"
    nobody.write_text(
        "import pwd; exec('def unknown(number): raise KeyError(number)'); pwd.getpwuid = unknown\n"
    )
    snakefile = tmp_path / "Snakefile"
    snakefile.write_text("rule all:\n    output: 'made'\n    shell: 'touch {output}'\n")
    words = ("env", *(w for n in UNKNOWN for w in ("-u", n)), environment.command("snakemake"))
    words = (*words, "--snakefile", snakefile, "--directory", tmp_path, "--cores", "1")
    try:
        done = call(*words)
        assert (done.returncode, (tmp_path / "made").exists()) == (0, True), done.stderr
        for hook in packages.glob("_unknown_user.pth"):
            hook.rename(hook.with_suffix(".off"))
        assert "home directory" in call(*words, "--forceall").stderr
    finally:
        nobody.unlink()
        environment.shield()


# pip writes commands in other forms where the path has a space, and where it is long
@pytest.mark.parametrize("folder", ["env", "my env", "long" * 40])
def test_commands_run_whatever_the_folder_is_called(tmp_path, folder):
    command = Environment(tmp_path / folder).shield().command("tidy")
    (tmp_path / "file.json").write_text("[1]")
    done = call(command, "--compact", tmp_path / "file.json", PYTHONHOME=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[1]\n", "")
    # tools read commands as Python: debuggers, runpy
    compile(command.read_bytes(), "tidy", "exec")


def test_python_finds_its_own_libraries_first_and_others_last(environment, foreign):
    code = f"import numpy, sys, {ALONE}; print(numpy.__file__); print(sys.path[-1])"
    # a child, as a step that Snakemake starts or a kernel
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    for asked in (code, child):
        done = call(environment.python, "-c", asked, PYTHONPATH=foreign)
        numpy, last = done.stdout.splitlines()
        assert Path(numpy).is_relative_to(sysconfig.get_path("purelib"))
        assert last == str(foreign)


def test_a_copy_of_the_project_stays_in_front(environment, foreign, tmp_path):
    copy = tmp_path / "copy" / "src"
    (copy / "escaping_minima").mkdir(parents=True)
    (copy / "escaping_minima" / "__init__.py").touch()
    code = "import escaping_minima, numpy; print(escaping_minima.__file__)"
    path = os.pathsep.join((str(foreign), str(copy)))
    done = call(environment.python, "-c", code, PYTHONPATH=path)
    assert done.stdout == f"{copy}/escaping_minima/__init__.py\n", done.stderr


def test_folders_of_the_environment_may_be_named(environment, foreign):
    """Then they stay where they are: before what is foreign."""
    code = (
        "import dataclasses, sysconfig, sys; print(sys.path.index(sysconfig.get_path(sys.argv[1])))"
    )
    for name in ("stdlib", "purelib"):
        folder = call(
            environment.python, "-c", f"import sysconfig; print(sysconfig.get_path({name!r}))"
        ).stdout.strip()
        path = os.pathsep.join((str(foreign), folder))
        place = call(environment.python, "-c", code, name, PYTHONPATH=path).stdout
        last = call(
            environment.python, "-c", "import sys; print(len(sys.path) - 1)", PYTHONPATH=path
        )
        assert int(place) < int(last.stdout)


def test_without_the_shield_the_same_calls_fail(foreign, tmp_path):
    """Else what is above would show nothing."""
    bare = Environment(tmp_path / "bare")
    assert "foreign" in call(bare.python, "-c", "import numpy", PYTHONPATH=foreign).stderr
    done = call(bare.command("tidy"), "--help", PYTHONHOME=tmp_path)
    assert done.returncode != 0


def test_a_second_shield_changes_nothing(environment):
    before = {path: path.read_bytes() for path in environment.folder.glob("bin/*")}
    environment.shield()
    assert {path: path.read_bytes() for path in environment.folder.glob("bin/*")} == before
    assert all(os.access(environment.command(name), os.X_OK) for name in COMMANDS)


def test_other_files_among_the_commands_stay(tmp_path):
    made = Environment(tmp_path / "environment")
    contents = {"script": b"#!/bin/sh\nexit 0\n", "binary": bytes(range(256))}
    for name, content in contents.items():
        made.command(name).write_bytes(content)
    made.shield()
    assert {name: made.command(name).read_bytes() for name in contents} == contents
