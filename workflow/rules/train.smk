"""Training: one rule a job of the plan. `train` itself decides which blocks are left to run."""

for number, job in enumerate(PLAN.jobs):

    rule:
        name:
            f"train_{job.key}"
        input:
            # of every study: data that cannot be had must be known before hours are spent
            ancient(FETCHED),
            # cells that others rest on come first
            [PATHS.trained(other.key) for other in needed_jobs(job, PLAN.jobs)],
        output:
            # not the blocks: Snakemake deletes or restores what a failing job declares
            PATHS.trained(job.key),
        log:
            log_file(f"train_{job.key}"),
        benchmark:
            benchmark_file(f"train_{job.key}")
        # the most telling first, as the plan has them
        priority: len(PLAN.jobs) - number
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=max(c.cell.memory_mb for c in job.cells),
            runtime="12h",
            gpu=gpus_of(job),
        params:
            plan=PATHS.plan,
            job=job.key,
            lost=PATHS.trained(job.key) in LOST,
            blocks=[f"{c.cell.id}: {c.indices}" for c in job.cells],
            # where runs cost hours, older code makes results stale but does not repeat them
            sources=(
                sorted({c.source_hash for c in job.cells})
                if PLAN.settings.rerun_stale
                else []
            ),
        shell:
            "escaping_minima train --plan {params.plan:q} --job {params.job:q} > {log:q} 2>&1"
