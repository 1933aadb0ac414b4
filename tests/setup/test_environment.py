"""envs/build, the pins and the Makefile.

The build script runs for real here, in a small copy of the project, with interpreters that only
play Python and pip: what they were asked for is in their ``calls`` file.
"""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "envs" / "requirements.txt"
CONSTRAINTS = ROOT / "envs" / "constraints.txt"

# Plays a Python: names its version and makes an environment in which python and pip are played too.
PLAYED_PYTHON = """#!/bin/sh
case "$*" in
    *_base_executable*) echo "{version} $0" ;;
    *ensurepip*) exit {ensurepip} ;;
    *"-m venv"*)
        for folder in "$@"; do :; done
        mkdir -p "$folder/bin" "$folder/lib/python{version}/site-packages"
        cp "{folder}/inner" "$folder/bin/python" ;;
    *) exec "{real}" "$@" ;;
esac
"""
PLAYED_INNER = """#!/bin/sh
case "$*" in
    *_base_executable*) echo "{version} $0"; exit 0 ;;
    *"-m pip"*) echo "pip $*" >> "{folder}/calls" ;;
    *compileall*) echo "compile $*" >> "{folder}/calls" ;;
    *) echo "other $*" >> "{folder}/calls" ;;
esac
case "$*" in
    *"-r envs/requirements.txt"*)
        if [ -e "{folder}/slow" ]; then echo $$ > "{folder}/pip-pid"; exec sleep 30; fi
        if [ -e "{folder}/message" ]; then cat "{folder}/message"; exit 1; fi ;;
    *"-e ."*) touch .venv/bin/escaping-minima; chmod +x .venv/bin/escaping-minima ;;
esac
exit 0
"""


def executable(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


class Project:
    """A copy of what envs/build needs, with a played Python beside it."""

    def __init__(self, folder):
        self.tools = folder / "tools"
        self.tools.mkdir(parents=True)
        self.root = folder / "a project"
        (self.root / "envs").mkdir(parents=True)
        for path in filter(Path.is_file, (ROOT / "envs").iterdir()):
            shutil.copy(path, self.root / "envs")
        for name in ("Makefile", "pyproject.toml"):
            shutil.copy(ROOT / name, self.root)
        self.python = self.play("python3")

    def play(self, name, version="3.12", ensurepip=0):
        words = {"version": version, "folder": self.tools, "real": sys.executable}
        executable(self.tools / "inner", PLAYED_INNER.format(**words))
        return executable(
            self.tools / name, PLAYED_PYTHON.format(**words, ensurepip=int(ensurepip))
        )

    def environment(self, **more):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MAKE"))}
        return kept | {"PYTHON": str(self.python)} | more

    def build(self, *words, **more):
        return subprocess.run(
            ["sh", "envs/build", *words],
            cwd=self.root,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, **more):
        return subprocess.Popen(
            ["sh", "envs/build"],
            cwd=self.root,
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # a test run in the background ignores Ctrl-C, and a shell cannot trap what it ignores
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    @property
    def state(self):
        return self.build("--check").stdout.strip()

    def calls(self):
        """What the environment's python was asked since the last time this was called."""
        path = self.tools / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def assert_refused(run, code, *parts):
    """One line says why, and nothing else is printed."""
    assert run.returncode == code
    assert run.stdout == ""
    lines = run.stderr.splitlines()
    assert len(lines) == 1, run.stderr
    assert lines[0].startswith("escaping-minima: ")
    for part in parts:
        assert str(part) in lines[0]


# -- Which Python ---------------------------------------------------------------------------------


@pytest.mark.parametrize("minor", range(9, 16))
def test_the_accepted_pythons_are_those_of_pyproject(project, minor):
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    project.play("python3", version=f"3.{minor}")
    run = project.build()
    if f"3.{minor}" in SpecifierSet(declared):
        assert run.returncode == 0, run.stderr
    else:
        assert_refused(run, 2, f"is Python 3.{minor}", "3.11, 3.12 or 3.13")
        assert not (project.root / ".venv").exists()


def test_an_interpreter_that_does_not_exist_is_named(project):
    assert_refused(project.build(PYTHON="python9.9"), 2, "PYTHON=python9.9")


def test_without_a_suitable_python_the_found_one_is_named(project):
    project.play("python3", version="3.10")
    for tool in ("sh", "dirname", "cat", "cksum", "sed"):
        (project.tools / tool).symlink_to(shutil.which(tool))
    run = project.build(PYTHON="", PATH=str(project.tools))
    assert_refused(run, 2, "python3 is 3.10", "PYTHON=/path/to/python")
    (project.tools / "python3").unlink()
    assert_refused(project.build(PYTHON="", PATH=str(project.tools)), 2, "no python3 at all")


def test_a_later_name_is_tried_when_python3_is_too_old(project):
    project.play("python3", version="3.10")
    project.play("python3.11", version="3.11")
    for name in ("python3.13", "python3.12"):
        executable(project.tools / name, "#!/bin/sh\nexit 127\n")
    run = project.build(PYTHON="", PATH=f"{project.tools}:{os.environ['PATH']}")
    assert run.returncode == 0, run.stderr
    assert "python 3.11" in (project.root / ".venv" / ".stamp").read_text()


def test_a_missing_ensurepip_names_the_debian_package(project):
    project.play("python3", ensurepip=1)
    assert_refused(project.build(), 2, "apt-get install python3.12-venv")


# -- Where ----------------------------------------------------------------------------------------


def test_a_file_in_the_way_is_named(project):
    (project.root / ".venv").write_text("mine")
    assert_refused(project.build(), 2, project.root / ".venv")
    assert (project.root / ".venv").read_text() == "mine"


def test_a_folder_that_is_no_environment_is_left_alone(project):
    (project.root / ".venv").mkdir()
    (project.root / ".venv" / "thesis.tex").write_text("mine")
    assert_refused(project.build(), 2, "move it away")
    assert (project.root / ".venv" / "thesis.tex").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(project):
    project.root.chmod(0o555)
    try:
        assert_refused(project.build(), 2, "cannot write", project.root)
    finally:
        project.root.chmod(0o755)


def test_an_incomplete_copy_is_named(project):
    (project.root / "envs" / "constraints.txt").unlink()
    assert_refused(project.build(), 2, "constraints.txt is missing")


def test_a_full_disk_is_noticed_before_anything_is_fetched(project):
    executable(project.tools / "df", "#!/bin/sh\necho head; echo / 9 9 1000 9% /\n")
    run = project.build(PATH=f"{project.tools}:{os.environ['PATH']}")
    assert run.returncode == 2
    assert "too little disk: 1 MB free" in run.stderr
    assert project.calls() == []


def test_an_unreadable_disk_size_is_no_obstacle(project):
    executable(project.tools / "df", "#!/bin/sh\nexit 1\n")
    run = project.build(PATH=f"{project.tools}:{os.environ['PATH']}")
    assert run.returncode == 0
    assert "could not tell how much disk is free" in run.stderr


# -- What is built when ---------------------------------------------------------------------------


def test_steps_of_a_build(project):
    run = project.build()
    assert run.returncode == 0, run.stderr
    assert "ready" in run.stderr
    steps = project.calls()
    assert [step.split()[0] for step in steps] == ["pip", "pip", "pip", "other", "compile", "other"]
    assert "-c envs/constraints.txt setuptools" in steps[0]
    assert "-r envs/requirements.txt -c envs/constraints.txt" in steps[1]
    assert "--no-deps" in steps[2]
    assert steps[2].endswith("-e .")
    assert steps[3] == "other envs/shield.py"
    assert "torch" in steps[5]


def test_a_second_call_is_silent_and_quick(project):
    project.build()
    project.calls()
    begun = time.perf_counter()
    run = project.build()
    assert time.perf_counter() - begun < 1
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert project.calls() == []


@pytest.mark.parametrize("name", ["requirements.txt", "constraints.txt"])
def test_changed_pins_mean_a_new_build(project, name):
    project.build()
    old = project.root / ".venv" / "lib" / "left-over"
    old.touch()
    with (project.root / "envs" / name).open("a") as file:
        file.write("# changed\n")
    assert project.state == "build"
    assert project.build().returncode == 0
    assert project.state == "ready"
    assert not old.exists()


def test_a_touched_file_means_nothing(project):
    project.build()
    (project.root / "envs" / "constraints.txt").touch()
    assert project.state == "ready"


@pytest.mark.parametrize(
    "name",
    ["pyproject.toml", *(f"envs/{n}.py" for n in ("shield", "pythonpath_last", "unknown_user"))],
)
def test_a_changed_pyproject_or_shield_installs_the_project_alone(project, name):
    project.build()
    project.calls()
    with (project.root / name).open("a") as file:
        file.write("# changed\n")
    assert project.state == "project"
    assert project.build().returncode == 0
    installed, shielded = project.calls()
    assert installed.endswith("-e .")
    assert shielded == "other envs/shield.py"
    assert project.state == "ready"


def test_another_python_means_a_new_build(project):
    project.build()
    project.python = project.play("python3.13", version="3.13")
    assert project.state == "build"
    # Without a wish, the environment stays what it is.
    assert project.build("--check", PYTHON="").stdout.strip() == "ready"


def test_a_moved_folder_is_noticed(project):
    project.build()
    elsewhere = project.root.with_name("elsewhere")
    project.root = project.root.rename(elsewhere)
    assert project.state == "build"


def test_an_environment_whose_python_is_gone_is_noticed(project):
    project.build()
    (project.root / ".venv" / "bin" / "python").unlink()
    assert project.state == "build"


# -- When it goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("NewConnectionError: Connection refused", "could not reach its package index"),
        ("ERROR: No matching distribution found for x", "lacks a package"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("something else", "installing the packages failed"),
    ],
)
def test_a_failed_pip_is_explained_and_tried_again(project, message, reason):
    (project.tools / "message").write_text(f"first\n{message}\n")
    run = project.build()
    assert run.returncode == 1
    assert f"    {message}\n" in run.stderr
    last = run.stderr.splitlines()[-1]
    assert reason in last
    assert str(project.root / ".venv" / "build.log") in last
    assert "Traceback" not in run.stderr
    assert message in (project.root / ".venv" / "build.log").read_text()
    assert project.state == "build"
    (project.tools / "message").unlink()
    assert project.build().returncode == 0


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_stopped_build_begins_again(project, how):
    (project.tools / "slow").touch()
    pid_file = project.tools / "pip-pid"
    first = project.start()
    wait_for(pid_file.exists)
    wait_for(lambda: pid_file.read_text().strip())
    pip = int(pid_file.read_text())
    first.send_signal(how)
    if how == signal.SIGKILL:
        first.wait(timeout=60)
        # pip lives on and holds the lock. It has to end before the next build can begin.
        os.kill(pip, signal.SIGKILL)
    else:
        assert first.wait(timeout=60) == 130
        with pytest.raises(ProcessLookupError):
            os.kill(pip, 0)
    first.stdout.close()
    assert project.state == "build"
    (project.tools / "slow").unlink()
    project.calls()
    assert project.build().returncode == 0
    assert len(project.calls()) == 6


def test_two_builds_at_once_make_one(project):
    (project.root / ".venv").mkdir()
    with (project.root / ".venv" / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711\n")
        lock.flush()
        assert_refused(project.build("--clean"), 1, "4711")
        first, second = project.start(), project.start()
        assert "4711" in first.stdout.readline()
        assert "4711" in second.stdout.readline()
    for run in (first, second):
        rest = run.communicate(timeout=60)[0]
        assert run.returncode == 0, rest
    assert len(project.calls()) == 6


def test_clean_removes_the_environment(project):
    assert project.build("--clean").returncode == 0
    project.build()
    run = project.build("--clean")
    assert (run.returncode, run.stderr) == (0, "")
    assert not (project.root / ".venv").exists()


def test_unknown_words_are_refused(project):
    assert project.build("--frobnicate").returncode == 2


# -- make -----------------------------------------------------------------------------------------


def make(project, *words, **more):
    return subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=project.root,
        env=project.environment(**more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@needs_make
def test_help_explains_each_target(project):
    text = make(project, "help").stdout
    makefile = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)[1].split()
    assert "run" in targets
    for target in targets:
        assert re.search(rf"^  {target} +\w", text, flags=re.MULTILINE), target
    assert not (project.root / ".venv").exists()


@needs_make
def test_plain_make_builds_then_runs_with_the_arguments(project):
    project.build()
    executable(
        project.root / ".venv" / "bin" / "escaping-minima", '#!/bin/sh\necho "got: $*"\nexit 3\n'
    )
    run = make(project, "ARGS=--scale smoke")
    assert run.stdout == "got: run --scale smoke\n"
    assert run.returncode == 2
    assert "Error 3" in run.stderr


@needs_make
def test_what_modules_of_a_cluster_set_for_python_does_not_reach_it(project):
    project.build()
    executable(
        project.root / ".venv" / "bin" / "escaping-minima",
        '#!/bin/sh\necho "$PYTHONPATH, ${PYTHONHOME-none}"\n',
    )
    run = make(project, PYTHONPATH="/modules/numpy", PYTHONHOME="/modules/python")
    assert run.stdout == f"{project.root.resolve()}/src, none\n"


@needs_make
def test_make_does_not_run_without_an_environment(project):
    project.play("python3", version="3.10")
    run = make(project)
    assert run.returncode == 2
    assert run.stderr.startswith("escaping-minima: ")


# -- The pins -------------------------------------------------------------------------------------


def requirements(path):
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def applicable(found, python):
    """The pins for a Linux machine with this Python."""
    where = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    return [pin for pin in found if pin.marker is None or pin.marker.evaluate(where)]


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_each_package_has_exactly_one_pin(python):
    pins = applicable(requirements(CONSTRAINTS), python)
    names = [canonicalize_name(pin.name) for pin in pins]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"==[^,*]+", str(pin.specifier)) for pin in pins)
    versions = dict(zip(names, pins, strict=True))
    for wanted in requirements(REQUIREMENTS):
        pin = versions[canonicalize_name(wanted.name)]
        assert not wanted.specifier or wanted.specifier == pin.specifier


def test_pyproject_asks_for_nothing_that_is_not_installed():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    asked = {canonicalize_name(each.name) for each in requirements(REQUIREMENTS)}
    assert {canonicalize_name(Requirement(each).name) for each in declared} <= asked


@pytest.mark.skipif(
    Path(sys.prefix).resolve() != (ROOT / ".venv").resolve(),
    reason="the tests run in another environment than .venv",
)
def test_this_environment_is_the_pinned_one():
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    # not those that a library carries for itself and puts on the path when it is imported
    own = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
    installed = {canonicalize_name(d.name): d.version for d in metadata.distributions(path=own)}
    missing = {canonicalize_name(r.name) for r in requirements(REQUIREMENTS)} - set(installed)
    assert not missing
    for pin in requirements(CONSTRAINTS):
        name = canonicalize_name(pin.name)
        if name in installed and pin in applicable([pin], python):
            # A local part, as in 2.13.0+cpu, is a build of the same version.
            assert Version(installed[name]).public == str(pin.specifier)[2:], name


def test_there_are_no_hashes():
    for path in (REQUIREMENTS, CONSTRAINTS):
        assert "--hash" not in path.read_text()
        assert "sha256:" not in path.read_text()


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "envs").iterdir() if p.is_file()))
def test_no_place_of_one_machine_is_named(name):
    path = ROOT / "envs" / name
    text = path.read_text()
    assert not re.search(r"(?<![\w.$\"}])/(home|root|opt|mnt|tmp|srv|work|Users)\b/", text)
    if path.suffix == ".txt":
        assert "://" not in text
        assert not re.search(r"^\s*-", text, flags=re.MULTILINE)


def test_the_conda_script_changes_with_the_pins():
    """Otherwise Snakemake would keep a conda environment with the old ones."""
    run = subprocess.run(["cksum"], input=CONSTRAINTS.read_bytes(), capture_output=True, check=True)
    script = (ROOT / "envs" / "environment.post-deploy.sh").read_text()
    assert f'pins="{run.stdout.decode().strip()}"' in script


@pytest.mark.parametrize(
    ("shell", "name"),
    [("sh", "envs/build"), ("bash", "envs/environment.post-deploy.sh"), ("bash", ".ci/run")],
)
def test_scripts_parse(shell, name):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", ROOT / name], check=True)
