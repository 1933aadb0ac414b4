"""From blocks to collected tables to verdicts: for a study, and for the family of one claim."""

for study in STUDIES:
    if PLAN.jobs:

        rule:
            name:
                f"collect_{study}"
            input:
                [PATHS.trained(job.key) for job in PLAN.jobs if job.study == study],
            output:
                directory(PATHS.tables(study)),
            log:
                log_file(f"collect_{study}"),
            benchmark:
                benchmark_file(f"collect_{study}")
            conda:
                ENVIRONMENT
            params:
                plan=PATHS.plan,
                study=study,
                # results of older code are collected anew, to be marked as stale
                planned=planned_hash([j for j in PLAN.jobs if j.study == study]),
                sources=step_hash("steps.collect", *study_modules(study, "collect")),
            shell:
                "escaping_minima collect --plan {params.plan} --study {params.study}"
                " --output {output} > {log} 2>&1"

    rule:
        name:
            f"judge_{study}"
        input:
            tables=tables_of(study),
            published=published_files(study),
        output:
            directory(PATHS.judged(study)),
        log:
            log_file(f"judge_{study}"),
        benchmark:
            benchmark_file(f"judge_{study}")
        conda:
            ENVIRONMENT
        params:
            study=study,
            tables=PATHS.tables(study),
            published=PATHS.published(study),
            sources=judge_hash(study, "tables"),
        shell:
            "escaping_minima judge --study {params.study} --tables {params.tables}"
            " --published {params.published} --output {output} > {log} 2>&1"

    for family in RECORDS[study].families:
        if PLAN.jobs:

            rule:
                name:
                    f"collect_family_{family.id}"
                input:
                    [
                        PATHS.trained(job.key)
                        for job in PLAN.jobs
                        if job.study == study and job.group in family.jobs
                    ],
                output:
                    directory(PATHS.family(study, family.id) / "tables"),
                log:
                    log_file(f"collect_family_{family.id}"),
                benchmark:
                    benchmark_file(f"collect_family_{family.id}")
                conda:
                    ENVIRONMENT
                params:
                    plan=PATHS.plan,
                    study=study,
                    jobs=family.jobs,
                    planned=planned_hash(
                        [
                            j
                            for j in PLAN.jobs
                            if j.study == study and j.group in family.jobs
                        ]
                    ),
                    sources=step_hash("steps.collect", *study_modules(study, "collect")),
                shell:
                    "escaping_minima collect --plan {params.plan} --study {params.study}"
                    " --jobs {params.jobs} --output {output} > {log} 2>&1"

        for claim in RECORDS[study].members(family.id):

            rule:
                name:
                    f"claim_{claim.id}"
                input:
                    (
                        PATHS.family(study, family.id) / "tables"
                        if PLAN.jobs
                        else tables_of(study)
                    ),
                output:
                    PATHS.family(study, family.id) / f"{claim.id}.json",
                log:
                    log_file(f"claim_{claim.id}"),
                benchmark:
                    benchmark_file(f"claim_{claim.id}")
                conda:
                    ENVIRONMENT
                params:
                    study=study,
                    claim=claim.id,
                    tables=(
                        PATHS.family(study, family.id) / "tables"
                        if PLAN.jobs
                        else PATHS.tables(study)
                    ),
                    sources=judge_hash(study),
                shell:
                    "(escaping_minima judge --study {params.study} --claim {params.claim}"
                    " --tables {params.tables} --output {output} && cat {output}) > {log} 2>&1"
