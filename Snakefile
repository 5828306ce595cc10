# Everything in the paper, from the trained networks to the PDF. Start with `snakemake -n`.
from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/statistics.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/paper.smk"


onstart:
    # Snakemake's limit on jobs a second starts a timer at each job's end that wakes the scheduler every second from then
    # on (job_scheduler.py of 9.27): a fifth of a core after a hundred jobs. On one machine there is no rate to limit.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


rule all:
    default_target: True
    input:
        [] if PRESET.studies else ["results/paper.pdf", "results/claims.csv"],
        [study_tables(name, ("networks", "activity")) for name in TRAINED],
        [f"results/figures/{name}.{kind}" for name in FIGURES for kind in ("pdf", "png")],
        [f"results/figures/{name}.{kind}" for name in CAPTIONS if not PRESET.studies for kind in ("pdf", "png")],


rule numbers_behind_everything:
    input:
        "results/claims.csv",
        "results/maps.csv",
        "results/provenance.json",
        "results/numbers/_general.csv",
        [f"results/{kind}" for name in STUDIES for kind in (f"numbers/{name}.csv", f"tables/{name}")],
        [f"results/figures/data/{name}.csv" for name in FIGURES],
