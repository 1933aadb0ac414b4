"""Escaping Minima: from configuration to verdicts and a report.

`make` runs this with progress and a summary; it also works by itself:

    snakemake --cores all                                    everything
    snakemake --cores all study_batch_increase               one study
    snakemake --cores all claim_I05                          one claim and its family
    snakemake -n                                             what would be done
    snakemake --report report.html                           Snakemake's own report
"""

from snakemake.utils import min_version

min_version("9.0")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/judge.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        [made(study) for study in STUDIES],
        PATHS.notebook("overview"),
        PATHS.report,


date_all_before_now()


onstart:
    begin()
