"""From verdicts to executed notebooks, figures and the site."""

for study in STUDIES:

    rule:
        name:
            f"render_{study}"
        input:
            judged=PATHS.judged(study),
            tables=tables_of(study),
            # a figure may show a published run beside this one
            published=drawn_files(study),
            notebook=notebook_file(study),
        output:
            notebook=PATHS.notebook(study),
            figures=report(
                directory(PATHS.figures(study)),
                patterns=["{name}.svg", "{name}.png"],
                caption="../report/figure.rst",
                category="Figures",
                subcategory=study,
                labels={"study": study, "figure": "{name}"},
            ),
        log:
            log_file(f"render_{study}"),
        benchmark:
            benchmark_file(f"render_{study}")
        conda:
            ENVIRONMENT
        params:
            # the caption of a figure lies in a folder of its study
            study=study,
            results=PATHS.root,
            name=PATHS.name,
            lost=PATHS.figures(study) in LOST,
            sources=step_hash(
                "steps.render",
                "report.ledger_table",
                "report.figure_values",
                *study_modules(study, "figures"),
            ),
        shell:
            "escaping_minima render --notebook {input.notebook:q} --output {output.notebook:q}"
            " -p results={params.results:q} -p name={params.name:q}"
            " -p figures={output.figures:q} > {log:q} 2>&1 && list_contents {output.figures:q}"

    # a target by name, for people
    rule:
        name:
            f"study_{study}"
        input:
            made(study),


rule render_overview:
    input:
        judged=[PATHS.judged(study) for study in STUDIES],
        tables=[t for study in STUDIES for t in tables_of(study)],
        notebook=notebook_file("overview"),
    output:
        PATHS.notebook("overview"),
    log:
        log_file("render_overview"),
    benchmark:
        benchmark_file("render_overview")
    conda:
        ENVIRONMENT
    params:
        results=PATHS.root,
        name=PATHS.name,
        sources=step_hash(
            "steps.render", "report.ledger", "report.ledger_table", "report.runs_page"
        ),
    shell:
        "escaping_minima render --notebook {input.notebook:q} --output {output:q}"
        " -p results={params.results:q} -p name={params.name:q} > {log:q} 2>&1"


rule build_report:
    input:
        judged=[PATHS.judged(study) for study in STUDIES],
        notebooks=[PATHS.notebook(n) for n in ("overview", *STUDIES)],
        figures=[PATHS.figures(study) for study in STUDIES],
    output:
        report(
            directory(PATHS.report),
            # the site itself would fit into a zip file alone
            patterns=["{name,[a-z]+}.json"],
            caption="../report/ledger.rst",
            category="Verdicts",
            labels={"what": "every claim, with all its readings and parts"},
        ),
    log:
        log_file("build_report"),
    benchmark:
        benchmark_file("build_report")
    conda:
        ENVIRONMENT
    params:
        results=PATHS.root,
        name=PATHS.name,
        studies=STUDIES,
        lost=PATHS.report in LOST,
        label=PLAN.label,
        sources=step_hash("steps.report", *answer_modules(), extra=report_files()),
    shell:
        "escaping_minima report --results {params.results:q} --name {params.name:q}"
        " --studies {params.studies:q} --label {params.label:q} > {log:q} 2>&1"
        " && list_contents {output:q}"
