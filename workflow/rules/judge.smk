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
                lost=PATHS.tables(study) in LOST,
                # results of older code are collected anew, to be marked as stale
                planned=planned_hash([j for j in PLAN.jobs if j.study == study]),
                sources=step_hash("steps.collect", *study_modules(study, "collect")),
            shell:
                "escaping_minima collect --plan {params.plan:q} --study {params.study:q}"
                " --output {output:q} > {log:q} 2>&1 && list_contents {output:q}"

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
            lost=PATHS.judged(study) in LOST,
            tables=PATHS.tables(study),
            published=PATHS.beside(study),
            sources=judge_hash(study, "tables"),
        shell:
            "escaping_minima judge --study {params.study:q} --tables {params.tables:q}"
            " --published {params.published:q} --output {output:q} > {log:q} 2>&1"
            " && list_contents {output:q}"

    for family in RECORDS[study].families:
        if PLAN.jobs:

            rule:
                name:
                    f"collect_family_{study}_{family.id}"
                input:
                    [
                        PATHS.trained(job.key)
                        for job in PLAN.jobs
                        if job.study == study
                        and job.group in family_groups(study, family.id)
                    ],
                output:
                    directory(PATHS.family_tables(study, family.id)),
                log:
                    log_file(f"collect_family_{study}_{family.id}"),
                benchmark:
                    benchmark_file(f"collect_family_{study}_{family.id}")
                conda:
                    ENVIRONMENT
                params:
                    plan=PATHS.plan,
                    study=study,
                    lost=PATHS.family_tables(study, family.id) in LOST,
                    jobs=family_groups(study, family.id),
                    planned=planned_hash(
                        [
                            j
                            for j in PLAN.jobs
                            if j.study == study
                            and j.group in family_groups(study, family.id)
                        ]
                    ),
                    sources=step_hash("steps.collect", *study_modules(study, "collect")),
                shell:
                    "escaping_minima collect --plan {params.plan:q} --study {params.study:q}"
                    " --jobs {params.jobs:q} --output {output:q} > {log:q} 2>&1"
                    " && list_contents {output:q}"

        for claim in RECORDS[study].members(family.id):

            rule:
                name:
                    f"claim_{claim.id}"
                input:
                    (
                        PATHS.family_tables(study, family.id)
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
                    lost=PATHS.family(study, family.id) / f"{claim.id}.json" in LOST,
                    tables=(
                        PATHS.family_tables(study, family.id)
                        if PLAN.jobs
                        else PATHS.tables(study)
                    ),
                    sources=judge_hash(study),
                shell:
                    "(escaping_minima judge --study {params.study:q} --claim {params.claim:q}"
                    " --tables {params.tables:q} --output {output:q} && cat -- {output:q})"
                    " > {log:q} 2>&1"
