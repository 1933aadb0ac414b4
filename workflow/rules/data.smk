"""Data: what is not in the repository is fetched before any job trains."""

FETCHED = [PATHS.fetched] if PLAN.data_sets else []

if FETCHED:

    rule fetch_data:
        output:
            PATHS.fetched,
        log:
            log_file("fetch_data"),
        benchmark:
            benchmark_file("fetch_data")
        conda:
            ENVIRONMENT
        params:
            plan=PATHS.plan,
            lost=PATHS.fetched in LOST,
            data_sets=PLAN.data_sets,
            # what is no longer accepted must not pass because it once was
            accepted=sorted(PLAN.settings.accept_checksums),
        shell:
            "escaping_minima fetch --plan {params.plan:q} --mark {output:q} > {log:q} 2>&1"
