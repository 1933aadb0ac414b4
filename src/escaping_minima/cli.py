"""The command line: the steps that the rules call, usable by hand."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from escaping_minima import __version__
from escaping_minima.claims.command import add_options, do_as_asked
from escaping_minima.errors import UserError
from escaping_minima.launch.silence import fall_silent
from escaping_minima.launch.terminal import print_anywhere
from escaping_minima.package import CHECKOUT
from escaping_minima.plan.cores import ALL, read_cores

PROGRAM = "escaping-minima"

DESCRIPTION = """\
Re-run published experiments on how training leaves poor minima, judge every claim, write a report.
'escaping-minima run' does everything (so does plain 'make'); the other commands are its steps.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; a UserError becomes one line on standard error and its exit code."""
    print_anywhere()
    args = _parser().parse_args(arguments)
    try:
        code = args.handler(args)
    except UserError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        code = error.exit_code
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        fall_silent()
        code = 1
    sys.exit(code)


#: Adds a command: its name, what it calls, what it does in a few words.
_Add = Callable[[str, Callable[[Any], int], str], argparse.ArgumentParser]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, handler: Callable[[Any], int], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        command.set_defaults(handler=handler)
        return command

    for add_some in (_add_whole_run, _add_training, _add_rendering, _add_upkeep):
        add_some(add)
    return parser


def _add_whole_run(add: _Add) -> None:
    run = add("run", _run, "train what is missing, judge, render and report, with progress")
    _add_config_options(run)
    run.add_argument("--cores", help="cores to use (default: all)", default=ALL)
    run.add_argument(
        "snakemake", nargs="*", metavar="-- WORD", help="more words for snakemake, after --"
    )

    estimate = add("estimate", _estimate, "say how many jobs, hours and bytes a run would take")
    _add_config_options(estimate)
    estimate.add_argument("--cores", help="cores to count on (default: all here)", default=ALL)

    plan = add("plan", _plan, "write the cells, blocks and jobs of a run as JSON")
    _add_config_options(plan)
    plan.add_argument("--output", type=Path, help="file (default: results/SCALE/plan.json)")

    fetch = add("fetch", _fetch, "bring data sets into the data folder, verified")
    _add_config_options(fetch)
    fetch.add_argument(
        "names", nargs="*", metavar="DATASET", help="data sets (default: all but encoders)"
    )
    fetch.add_argument("--check", action="store_true", help="fetch nothing, verify what is there")
    fetch.add_argument(
        "--plan", type=Path, help="what the jobs of this plan need, with its mirrors"
    )
    fetch.add_argument("--mark", type=Path, help="with --plan: file to write when all is there")


def _add_training(add: _Add) -> None:
    train = add("train", _train, "run the blocks that are not there yet, the most telling first")
    train.add_argument("--plan", type=Path, required=True, help="file made by 'plan'")
    train.add_argument("--job", help="a job of the plan (default: all)")
    train.add_argument(
        "--study", nargs="+", action="extend", default=[], help="studies (default: all)"
    )
    train.add_argument("--minutes", help="stop before this time is up, with states saved")
    train.add_argument("--commit", default="", help="the commit of a copy outside a checkout")
    train.add_argument("--results", type=Path, help="results folder (default: the plan's)")

    merge = add(
        "merge", _merge, "take in blocks and states that were made elsewhere, each verified"
    )
    merge.add_argument(
        "folders", nargs="+", type=Path, metavar="FOLDER", help="results folder, or a scale in one"
    )
    merge.add_argument("--plan", type=Path, help="file made by 'plan', in place of a configuration")
    _add_config_options(merge)


def _add_rendering(add: _Add) -> None:
    collect = add("collect", _collect, "turn the blocks of a study into compact tables")
    collect.add_argument("--plan", type=Path, required=True, help="file made by 'plan'")
    collect.add_argument("--study", required=True)
    collect.add_argument(
        "--jobs", nargs="*", default=[], help="only these groups of jobs of the study"
    )
    collect.add_argument("--output", type=Path, help="folder (default: results/SCALE/tables/STUDY)")

    judge = add("judge", _judge, "turn collected tables into verdicts")
    judge.add_argument("--study", required=True)
    judge.add_argument("--tables", type=Path, required=True, help="folder made by 'collect'")
    judge.add_argument("--published", type=Path, help="folder of published tables, to stand beside")
    judge.add_argument("--claim", help="judge this claim and its family alone, and print it")
    judge.add_argument("--output", type=Path, required=True, help="folder; with --claim, a file")

    render = add("render", _render, "execute a notebook with parameters")
    render.add_argument("--notebook", type=Path, required=True)
    render.add_argument("--output", type=Path, required=True)
    render.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE")

    report = add("report", _report, "build the site from rendered notebooks and verdicts")
    report.add_argument("--results", type=Path, default=Path("results"))
    report.add_argument("--name", required=True, help="a scale, or 'from-published'")
    report.add_argument("--studies", nargs="+", required=True)
    report.add_argument("--label", default="", help="how the report calls the run")


def _add_upkeep(add: _Add) -> None:
    publish = add("publish", _publish, "add the blocks of a finished run to results/published")
    _add_config_options(publish)
    publish.add_argument(
        "--drop-unplanned",
        action="store_true",
        help="leave out published cells that the run's plan does not have",
    )

    vouch = add(
        "vouch", _vouch, "show that the code of two commits gives the same bits, and write it down"
    )
    vouch.add_argument("old", metavar="OLD", help="the commit whose results are to stay valid")
    vouch.add_argument("new", metavar="NEW", nargs="?", default="HEAD", help="(default: HEAD)")
    vouch.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="(default: cpu)")
    vouch.add_argument(
        "--accept",
        nargs="+",
        action="extend",
        default=[],
        metavar="MODULE[:FUNCTION]",
        help="changed code whose lines need not have run, recorded in the table",
    )

    vouch.add_argument(
        "--plan", type=Path, help="vouch for its cells as well, whose runs are under way"
    )

    add_options(add("claims", _claims, "list the frozen records of claims, check or change them"))

    add(
        "docs", _docs, "write config.yaml, its schema and its reference anew from their definitions"
    )


def _add_config_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--configfile", type=Path, default=Path("config.yaml"), help="YAML file")
    parser.add_argument("--scale", help="short for --config scale=...")
    parser.add_argument("--source", help="short for --config source=...")
    parser.add_argument(
        "--config",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="override values, for example stationary_distributions.starts=1000",
    )


def _overrides(args: argparse.Namespace) -> list[str]:
    given = {key: getattr(args, key) for key in ("scale", "source")}
    short = [f"{key}={value}" for key, value in given.items() if value is not None]
    return [*short, *args.config]


def _resolved(args: argparse.Namespace) -> Any:
    from escaping_minima.config.load import read_config, resolve

    return resolve(read_config(args.configfile, _overrides(args)))


def _run(args: argparse.Namespace) -> int:
    from escaping_minima.launch.run import run

    cores = read_cores(args.cores)
    return run(_resolved(args), args.configfile, _overrides(args), cores, args.snakemake)


def _estimate(args: argparse.Namespace) -> int:
    from escaping_minima.steps.estimate import estimate

    print("\n".join(estimate(_resolved(args), read_cores(args.cores))))
    return 0


def _plan(args: argparse.Namespace) -> int:
    from escaping_minima.plan.run_plan import make_plan, write_plan

    plan = make_plan(_resolved(args))
    path = args.output or plan.paths.plan
    write_plan(plan, path)
    cells = sum(len(job.cells) for job in plan.jobs)
    blocks = sum(c.blocks for job in plan.jobs for c in job.cells)
    print(f"{path}: {len(plan.jobs)} jobs, {cells} cells, {blocks} blocks")
    return 0


def _fetch(args: argparse.Namespace) -> int:
    from escaping_minima.steps.fetch import fetch, fetch_planned

    if args.plan:
        fetch_planned(args.plan, args.mark or args.plan.with_name("data.json"))
        return 0
    return fetch(_resolved(args), args.names, args.check)


def _train(args: argparse.Namespace) -> int:
    from escaping_minima.steps.own_sources import require_own_sources
    from escaping_minima.steps.time_limit import read_minutes

    # counts from here: importing torch takes seconds
    limit = read_minutes(args.minutes)
    from escaping_minima.steps.train import train

    require_own_sources(args.plan, args.job, args.study)
    lines = train(args.plan, args.job, args.study, limit, args.commit, args.results)
    print("".join(f"{line}\n" for line in lines), end="", flush=True)
    return 0


def _merge(args: argparse.Namespace) -> int:
    from escaping_minima.plan.jobs import read_plan
    from escaping_minima.steps.merge import merge

    if args.plan:
        run, jobs = read_plan(args.plan)
        planned = list(jobs.values())
    else:
        from escaping_minima.plan.run_plan import make_plan

        plan = make_plan(_resolved(args))
        if not plan.jobs:
            raise UserError("merge: source is 'published'; allowed: runs")
        run, planned = plan.run_settings(), list(plan.jobs)
    merged = merge(args.folders, run, planned, CHECKOUT)
    print("\n".join(merged.lines()))
    return 1 if merged.refused else 0


def _collect(args: argparse.Namespace) -> int:
    from escaping_minima.steps.collect import collect

    print(collect(args.plan, args.study, args.output, args.jobs))
    return 0


def _judge(args: argparse.Namespace) -> int:
    from escaping_minima.claims.judged import judge, judge_claim

    if args.claim is not None:
        record = judge_claim(args.study, args.claim, args.tables, args.output)
        print(
            json.dumps({k: record[k] for k in ("id", "statement", "verdict")}, ensure_ascii=False)
        )
    else:
        judge(args.study, args.tables, args.published, args.output)
    return 0


def _render(args: argparse.Namespace) -> int:
    from escaping_minima.steps.render import render

    pairs = [text.partition("=") for text in args.parameter]
    for name, equals, _ in pairs:
        if not equals:
            raise UserError(f"--parameter: found {name!r}; allowed: NAME=VALUE")
    render(args.notebook, args.output, {name: value for name, _, value in pairs})
    return 0


def _report(args: argparse.Namespace) -> int:
    from escaping_minima.results.paths import ResultPaths
    from escaping_minima.steps.report import report

    front, _ = report(ResultPaths(args.results, args.name), args.studies, args.label)
    print(front)
    return 0


def _publish(args: argparse.Namespace) -> int:
    from escaping_minima.steps.publish import publish

    print("\n".join(publish(_resolved(args), args.drop_unplanned)))
    return 0


def _vouch(args: argparse.Namespace) -> int:
    from escaping_minima.steps.vouch import report, vouch

    outcome = vouch(args.old, args.new, args.device, args.accept, CHECKOUT, plan=args.plan)
    print("\n".join(report(outcome)))
    return 1 if outcome.refused else 0


def _claims(args: argparse.Namespace) -> int:
    print("\n".join(do_as_asked(args, CHECKOUT)))
    return 0


def _docs(args: argparse.Namespace) -> int:
    from escaping_minima.config.generated import write_generated

    for path in write_generated(CHECKOUT):
        print(path)
    return 0
