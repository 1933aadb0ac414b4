"""Configuration, plan and helpers that all rules share."""

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from escaping_minima.claims.records import REFERENCE, load_records
from escaping_minima.config.load import load_config, resolve
from escaping_minima.errors import UserError
from escaping_minima.plan.run_plan import make_plan, write_plan
from escaping_minima.provenance.sources import PACKAGE, ROOT, sources_hash
from escaping_minima.results.locks import hold

ENVIRONMENT = "../../envs/environment.yaml"

try:
    PLAN = make_plan(
        resolve(load_config(config, files=["config.yaml", *workflow.configfiles]))
    )
    PATHS = PLAN.paths
    if PLAN.jobs:
        write_plan(PLAN, PATHS.plan)
except UserError as error:
    # from None: the line says all, a traceback would bury it
    raise WorkflowError(str(error)) from None

STUDIES = PLAN.settings.studies
RECORDS = {study: load_records(study) for study in STUDIES}

# With --sdm conda each job runs in the environment of envs/environment.yaml, else in this one.
if "conda" in {str(m) for m in workflow.deployment_settings.deployment_method}:
    TOOL = f"PYTHONPATH={ROOT.parent} python -m {PACKAGE}"
else:
    TOOL = f"{sys.executable} -m {PACKAGE}"

HELD = []


def hold_results():
    """Keep other runs off the results folder for as long as this process lives."""
    try:
        HELD.append(hold(PATHS.root / "lock", f"{PATHS.root}/"))
    except UserError as error:
        raise WorkflowError(str(error)) from None


def log_file(name):
    """Return where a rule's output goes."""
    return str(PATHS.base / "logs" / f"{name}.log")


def benchmark_file(name):
    """Return where a rule's time and memory go."""
    return str(PATHS.base / "benchmarks" / f"{name}.tsv")


def step_hash(*modules, extra=()):
    """Return the hash of the sources behind a rule, so that an edit re-runs it."""
    return sources_hash([f"{PACKAGE}.{m}" for m in modules], extra=extra)


def blocks_of(job):
    """Return the block files that a job makes."""
    return [
        PATHS.block(job.study, c.cell.id, b) for c in job.cells for b in range(c.blocks)
    ]


def study_modules(study, *names):
    """Return the modules of a study, for `step_hash`."""
    return [f"studies.{study}.{name}" for name in names]


def tables_of(study):
    """Return what stands for a study's collected tables as the input of a rule."""
    return [PATHS.tables(study)] if PLAN.jobs else published_files(study)


def published_files(study):
    """Return the published tables of a study, none if it has none."""
    return sorted(PATHS.published(study).glob("*.*"))


def judge_hash(study, *more):
    """Return the hash of everything that decides a study's verdicts."""
    folder = REFERENCE / RECORDS[study].source
    frozen = [ROOT / "studies" / study / "claims.yaml", *folder.glob("*.csv")]
    return step_hash("steps.judge", *study_modules(study, "evidence", *more), extra=frozen)


def report_files():
    """Return the files besides code that shape the site."""
    return [p for p in (ROOT / "report" / "static").rglob("*") if p.is_file()]
