"""Render: execute a notebook on collected tables."""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import logging
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_text
from escaping_minima.steps.kernel_settings import impersonal

#: What papermill and the kernel write into a notebook that says when, not what.
_CLOCK = ("papermill", "execution")
#: How often a kernel is started that dies before it has said anything.
_KERNEL_STARTS = 3
#: Seconds a kernel may take to say that it is there, or to hand over what a cell has shown. On a
#: busy machine both can take a minute; the libraries' own limits are 60 and 4 seconds, and after
#: the second one what was shown is lost without a word.
_KERNEL_PATIENCE = 600


def render(notebook: Path, output: Path, parameters: Mapping[str, object]) -> None:
    """Execute a notebook with other parameters.

    Parameters
    ----------
    notebook : Path
        With a cell tagged ``parameters``.
    output : Path
        Where the executed notebook goes. It is written whole or not at all; after a failure the
        partly executed one lies beside it, as ``<name>.failed.ipynb``.
    parameters : Mapping
        A subset of the notebook's parameters.

    Raises
    ------
    UserError
        If a parameter is unknown, the notebook is missing or a cell fails.
    """
    with warnings.catch_warnings():
        # jupyter warns of matters that are not the reader's
        warnings.simplefilter("ignore")
        # jsonschema would read a grammar of web addresses for a second, which no notebook needs
        sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
        import papermill
    _check_parameters(papermill, notebook, parameters)
    failed = output.with_name(f"{output.stem}.failed.ipynb")
    with (
        tempfile.TemporaryDirectory(prefix="escaping-minima-") as scratch,
        impersonal(Path(scratch)),
    ):
        partial = Path(scratch) / output.name
        try:
            with warnings.catch_warnings(), _quiet():
                warnings.simplefilter("ignore")
                _execute(papermill, notebook, partial, parameters)
        except papermill.PapermillExecutionError as error:
            write_text(failed, partial.read_text(encoding="utf-8"))
            raise UserError(
                f"{notebook}: cell {_cell_number(partial, error)} failed with {error.ename}: "
                f"{error.evalue}; the notebook up to there is {failed}",
                exit_code=1,
            ) from None
        write_text(output, _without_clock(partial))
    failed.unlink(missing_ok=True)


def _execute(
    papermill: Any, notebook: Path, partial: Path, parameters: Mapping[str, object]
) -> None:
    for left in reversed(range(_KERNEL_STARTS)):
        try:
            papermill.execute_notebook(
                str(notebook),
                str(partial),
                parameters=dict(parameters),
                kernel_name="python3",
                progress_bar=False,
                start_timeout=_KERNEL_PATIENCE,
                iopub_timeout=_KERNEL_PATIENCE,
                raise_on_iopub_timeout=True,
            )
            return
        except (RuntimeError, TimeoutError) as error:
            # two kernels that start at once can be given the same port, and one of them dies
            if not left or "before replying" not in str(error):
                raise UserError(f"{notebook}: its kernel failed ({error})", exit_code=1) from None


def _check_parameters(papermill: Any, notebook: Path, parameters: Mapping[str, object]) -> None:
    try:
        with _quiet():
            known = list(papermill.inspect_notebook(str(notebook)))
    except FileNotFoundError:
        raise UserError(f"{notebook}: no notebook there") from None
    except ValueError as error:
        raise UserError(f"{notebook}: not a Python notebook ({error})") from None
    for name in parameters:
        if name not in known:
            near = difflib.get_close_matches(name, known, 3, 0.5) or known
            words = ", ".join(near) if near else "none"
            raise UserError(f"{notebook}: unknown parameter {name!r}; allowed: {words}")


def _cell_number(partial: Path, error: Any) -> int:
    """Return the number of the failed cell, counting every cell of the source from 1.

    papermill puts one cell above the failed one and one at the top to say so, and one with the
    parameters.
    """
    cells = json.loads(partial.read_text(encoding="utf-8"))["cells"]
    added = ("papermill-error-cell-tag", "injected-parameters")
    number = 0
    for cell in cells:
        if not any(tag in cell["metadata"].get("tags", []) for tag in added):
            number += 1
        if any(o.get("output_type") == "error" for o in cell.get("outputs", [])):
            return number
    return int(error.cell_index) + 1


def _without_clock(path: Path) -> str:
    """Return the notebook without times and random identifiers, so that equal runs are equal."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["metadata"].pop("papermill", None)
    for index, cell in enumerate(content["cells"]):
        cell["id"] = f"cell-{index + 1}"
        for key in _CLOCK:
            cell["metadata"].pop(key, None)
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep papermill's and the kernel's chatter off the terminal; errors are raised anyway."""
    logger = logging.getLogger("papermill")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)
