"""Configuration, plan and helpers that all rules share."""

import hashlib
import os
import shlex
import sys
from pathlib import Path

from escaping_minima.claims.records import REFERENCE, load_all
from escaping_minima.config.load import load_config, read_words, resolve
from escaping_minima.errors import UserError
from escaping_minima.launch.cluster import require_cluster
from escaping_minima.launch.dates import bring_to_present, find_future
from escaping_minima.launch.limits import require_open_files, require_temporary_files
from escaping_minima.launch.looking import only_looks
from escaping_minima.launch.marks import drop, find_false
from escaping_minima.parts.studies import find_study, study_names
from escaping_minima.plan.jobs import needed_jobs, plan_to_json
from escaping_minima.plan.gpus import uses_gpus
from escaping_minima.package import PACKAGE, ROOT
from escaping_minima.plan.run_plan import make_plan, write_plan
from escaping_minima.provenance.sources import sources_hash
from escaping_minima.files.locks import take_over
from escaping_minima.results.paths import CONTENTS

ENVIRONMENT = "../../envs/environment.yaml"


def refuse(error):
    """Say what is wrong in one line, as escaping-minima does, and end with its exit code."""
    print(f"escaping-minima: {error}", file=sys.stderr)
    sys.exit(error.exit_code)


try:
    # a file given by --configfile stands in for config.yaml, as with escaping-minima
    PLAN = make_plan(
        resolve(
            load_config(
                read_words(workflow.config_settings.config_args or []),
                files=workflow.configfiles or ["config.yaml"],
            )
        )
    )
    RECORDS = load_all(PLAN.settings.studies)
except UserError as error:
    refuse(error)

PATHS = PLAN.paths
STUDIES = PLAN.settings.studies

# With --sdm conda each job runs in the environment of envs/environment.yaml, else in this one.
if "conda" in {str(m) for m in workflow.deployment_settings.deployment_method}:
    TOOL = f"PYTHONPATH={shlex.quote(str(ROOT.parent))} python"
else:
    TOOL = shlex.quote(sys.executable)
# Snakemake formats the prefix, so that braces stand for themselves only if doubled
TOOL = TOOL.replace("{", "{{").replace("}", "}}")

# What the rules call: no module of the user's that lies in this folder (-P). A folder lists its
# files once they are all there.
shell.prefix(
    f'set -eu; {PACKAGE}() {{{{ {TOOL} -P -m {PACKAGE} "$@"; }}}}; '
    'list_contents() {{ (CDPATH= cd -- "$1" && find . -type f ! -name ".*" | LC_ALL=C sort'
    f" > {CONTENTS}); }}}}; "
)

HELD = []


def hold_results():
    """Keep other runs off the results folder while this process lives."""
    try:
        if not HELD:
            HELD.append(take_over(PATHS.root / "lock", f"{PATHS.root}/"))
    except UserError as error:
        refuse(error)


def begin():
    """Take the results folder, see that jobs can run, and write the plan that they follow."""
    hold_results()
    try:
        require_cluster(workflow.executor_plugin.name)
        require_open_files()
        require_temporary_files()
        if PLAN.jobs:
            write_plan(PLAN, PATHS.plan)
    except UserError as error:
        refuse(error)


def may_change():
    """Whether what lies in the results folder may be changed before the first job.

    Only looking (-n, --lint, --dag, --summary, --report, ...) changes nothing, and a job on a
    cluster, which reads this file again, leaves that to the run that started it.
    """
    looks = workflow.output_settings.dryrun or only_looks(sys.argv[1:])
    return workflow.is_main_process and not looks


def drop_lost():
    """Return what of an earlier run does not hold: nothing after it was removed, as in a real run."""
    lost = find_false(PLAN) if workflow.is_main_process else set()
    if not lost or not may_change():
        return lost
    hold_results()
    drop(lost)
    return set()


def date_all_before_now():
    """Date what the rules read and make, where that is in the future: their output is never older."""
    files = {Path(f) for r in workflow.rules for f in (*r.input, *r.output)}
    future = find_future(files)
    if not future or not may_change():
        return
    hold_results()
    try:
        bring_to_present(future)
    except UserError as error:
        refuse(error)


# Each rule says among its params whether its output is lost, so that a dry run tells the truth.
LOST = drop_lost()


def made(study):
    """Return all that a run makes of a study: what of it is missing is made again."""
    trained = [PATHS.trained(job.key) for job in PLAN.jobs if job.study == study]
    rendered = [PATHS.judged(study), PATHS.notebook(study), PATHS.figures(study)]
    return [*trained, *tables_of(study), *rendered]


def family_groups(study, family):
    """Return the groups of jobs whose cells the claims of a family rest on, in any reading."""
    return RECORDS[study].jobs_of(family, find_study(study).companions)


def gpus_of(job):
    """Return how many GPUs a job takes: one for networks, unless they train on the CPU."""
    wanted = uses_gpus(PLAN.settings.device)
    return int(wanted and any(c.cell.uses_gpu for c in job.cells))


def log_file(name):
    """Return where a rule's output goes."""
    return str(PATHS.base / "logs" / f"{name}.log")


def benchmark_file(name):
    """Return where a rule's time and memory go."""
    return str(PATHS.base / "benchmarks" / f"{name}.tsv")


def step_hash(*modules, extra=()):
    """Return the hash of the sources behind a rule, so that an edit re-runs it."""
    return sources_hash([f"{PACKAGE}.{m}" for m in modules], extra=extra)


def planned_hash(jobs):
    """Return the hash of what a plan says of jobs: cells, blocks, labels and their sources."""
    return hashlib.sha256(plan_to_json(jobs, {}).encode()).hexdigest()[:12]


def study_modules(study, *names):
    """Return the modules of a study, for `step_hash`."""
    return [f"studies.{study}.{name}" for name in names]


def tables_of(study):
    """Return what stands for a study's collected tables as the input of a rule."""
    return [PATHS.tables(study)] if PLAN.jobs else published_files(study)


def published_files(study):
    """Return the published tables of a study, none if it has none."""
    return sorted(PATHS.beside(study).glob("*.*"))


def drawn_files(study):
    """Return the published tables that a study's figures draw: its own, or those of all."""
    names = study_names() if find_study(study).shows_all else [study]
    return [file for name in names for file in published_files(name)]


def judge_hash(study, *more):
    """Return the hash of everything that decides a study's verdicts."""
    folder = REFERENCE / RECORDS[study].source
    records = [
        ROOT / "studies" / study / name for name in ("claims.yaml", "claims.lock")
    ]
    frozen = [*filter(Path.is_file, records), *folder.glob("*.csv")]
    return step_hash(
        "claims.judged", *study_modules(study, "evidence", *more), extra=frozen
    )


def notebook_file(name):
    """Return a notebook of the checkout, which need not be the folder that a run starts in."""
    return os.path.relpath(Path(workflow.basedir, "notebooks", f"{name}.ipynb"))


def answer_modules():
    """Return the modules of the studies that answer what was asked, for `step_hash`."""
    answering = [study for study in STUDIES if find_study(study).answers]
    return [m for study in answering for m in study_modules(study, "answers")]


def report_files():
    """Return the files besides code that shape the site."""
    captions = Path(workflow.basedir, "workflow", "report").rglob("*.rst")
    return [*filter(Path.is_file, (ROOT / "report" / "static").rglob("*")), *captions]
