"""Rendering executes a notebook or says in one line why not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest

from escaping_minima.errors import UserError
from escaping_minima.steps.kernel_settings import impersonal
from escaping_minima.steps.render import render

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def write_notebook(path: Path, *sources: str) -> Path:
    parameters = nbformat.v4.new_code_cell("results = None\nname = None")
    parameters.metadata["tags"] = ["parameters"]
    cells = [nbformat.v4.new_markdown_cell("# Title"), parameters]
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, path)
    return path


def outputs(path: Path) -> list[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(o.get("text", [])) for c in cells for o in c.get("outputs", [])]


def test_parameters_reach_the_cells_and_equal_runs_are_equal(tmp_path, monkeypatch, capfd):
    source = write_notebook(tmp_path / "a.ipynb", "import escaping_minima\nprint(results, name)")
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    monkeypatch.setenv("HOME", str(home))
    first, second = tmp_path / "out" / "first.ipynb", tmp_path / "out" / "second.ipynb"
    for output in (first, second):
        render(source, output, {"results": "somewhere", "name": "quick"})
    assert outputs(first) == ["somewhere quick\n"]
    assert first.read_bytes() == second.read_bytes()
    assert sorted(p.name for p in first.parent.iterdir()) == ["first.ipynb", "second.ipynb"]
    out, err = capfd.readouterr()
    # on a busy machine a kernel may be asked to end before it has settled down, and says so
    assert (out, [t for t in err.splitlines() if not t.startswith("[IPKernelApp]")]) == ("", [])


def test_neither_personal_settings_nor_the_working_folder_reach_the_kernel(tmp_path, monkeypatch):
    """Each of them would make the cell fail, or show another word."""
    monkeypatch.chdir(tmp_path)
    kernel = tmp_path / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    spec = {"argv": ["false"], "display_name": "Mine", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    (tmp_path / "startup.py").write_text("results = name = 'mine'\n", encoding="utf-8")
    (tmp_path / "statistics.py").write_text("raise SystemError('foreign')")
    # with a byte that is no UTF-8, matplotlib could not even be imported
    for folder in (tmp_path, tmp_path / "personal"):
        folder.mkdir(exist_ok=True)
        (folder / "matplotlibrc").write_bytes(b"text.usetex: True  # \xfcber TeX\n")
    personal = {
        "JUPYTER_PATH": str(tmp_path / "jupyter"),
        "PYTHONSTARTUP": str(tmp_path / "startup.py"),
        "MPLBACKEND": "module://mine",
        "MPLCONFIGDIR": str(tmp_path / "personal"),
    }
    for key, value in personal.items():
        monkeypatch.setenv(key, value)
    look = "import os, statistics, matplotlib as m\nprint(m.rcParams['text.usetex'])"
    look += "\nprint(m.rcParams['backend'], name, os.getcwd())"
    source, output = write_notebook(tmp_path / "a.ipynb", look), tmp_path / "b.ipynb"
    render(source, output, {})
    assert outputs(output) == [
        f"False\nmodule://matplotlib_inline.backend_inline None {tmp_path}\n"
    ]
    assert {key: os.environ.get(key) for key in personal} == personal


def test_a_user_without_a_home_gets_one_for_the_kernel(tmp_path, monkeypatch):
    def unknown(number):
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", unknown)
    for name in ("HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR"):
        monkeypatch.delenv(name, raising=False)
    with impersonal(tmp_path):
        assert Path.home() == tmp_path
    assert "HOME" not in os.environ


def test_unknown_parameter_names_the_nearest(tmp_path):
    source = write_notebook(tmp_path / "a.ipynb")
    with pytest.raises(UserError, match=r"'reslts'; allowed: results$") as error:
        render(source, tmp_path / "b.ipynb", {"reslts": 1})
    assert error.value.exit_code == 2
    assert not (tmp_path / "b.ipynb").exists()


def test_failing_cell_is_named_and_what_was_there_is_kept(tmp_path):
    source = write_notebook(
        tmp_path / "a.ipynb", "print(1)", "raise ValueError('no\\nluck')", "print(2)"
    )
    output = tmp_path / "b.ipynb"
    output.write_text("before", encoding="utf-8")
    with pytest.raises(UserError) as error:
        render(source, output, {"name": "quick"})
    message = str(error.value)
    assert "\n" not in message
    assert f"{source}: cell 4 failed with ValueError: no luck" in message
    assert error.value.exit_code == 1
    assert output.read_text(encoding="utf-8") == "before"
    failed = tmp_path / "b.failed.ipynb"
    assert str(failed) in message
    assert "1\n" in outputs(failed)


@pytest.mark.parametrize("patience", [1, 600])
def test_kernel_that_starts_late_is_waited_for(tmp_path, monkeypatch, patience):
    # every Python started from here on imports this first
    slow = "import time\ntime.sleep(1)\n"
    (tmp_path / "sitecustomize.py").write_text(slow, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("escaping_minima.steps.render._KERNEL_PATIENCE", patience)
    source, output = write_notebook(tmp_path / "a.ipynb", "print(name)"), tmp_path / "b.ipynb"
    if patience > 1:
        render(source, output, {"name": "quick"})
        assert outputs(output) == ["quick\n"]
    else:
        with pytest.raises(UserError, match=r"a\.ipynb: its kernel failed \(.*in 1 seconds\)$"):
            render(source, output, {"name": "quick"})


@pytest.mark.parametrize("content", [None, "not a notebook"])
def test_missing_or_broken_notebook(tmp_path, content):
    path = tmp_path / "a.ipynb"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=r"a\.ipynb"):
        render(path, tmp_path / "b.ipynb", {})


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda p: p.stem)
def test_stored_notebooks_have_no_outputs_and_short_cells(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [c for c in cells if c["cell_type"] == "code"]
    assert not any(c["outputs"] or c["execution_count"] for c in code)
    assert sum("parameters" in c["metadata"].get("tags", []) for c in code) == 1
    assert all(len("".join(c["source"]).splitlines()) <= 15 for c in code)
    drawing = [c for c in code if "folder.show(" in "".join(c["source"])]
    assert all(c["metadata"]["mystnb"]["image"]["alt"] for c in drawing)
