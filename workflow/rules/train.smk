# Train the networks of a study, job by job, and gather their tables.


rule train:
    output:
        **{table: f"results/training/{{preset}}/{{study}}/{{job}}/{table}.parquet" for table in course.TABLES},
    log:
        "logs/train/{preset}/{study}/{job}.log",
    benchmark:
        "benchmarks/train/{preset}/{study}/{job}.tsv"
    priority: 1  # first, so that the short jobs fill the cores when the last of these ends
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: JOBS[wildcards.study][int(wildcards.job)].memory // 2**20,
    params:
        # all that the plan makes of the study's file is in `plan`
        plan=lambda wildcards: JOBS[wildcards.study][int(wildcards.job)].digest,
        xla=PRESET.xla,
        code=sources.digest("train", without="dying_relu.design"),
        lock=LOCK,
    script:
        "../scripts/train.py"


rule gather:
    input:
        tables=lambda wildcards: [
            f"results/training/{PRESET.name}/{wildcards.study}/{job}/{wildcards.table}.parquet"
            for job in range(len(JOBS[wildcards.study]))
        ],
    output:
        "results/studies/{study}/{table}.parquet",
    log:
        "logs/gather/{study}/{table}.log",
    benchmark:
        "benchmarks/gather/{study}/{table}.tsv"
    wildcard_constraints:
        table="|".join(course.TABLES),
    conda:
        "../../environment.yml"
    params:
        code=sources.digest("gather"),
    script:
        "../scripts/gather.py"


rule timings:
    output:
        "results/studies/{study}/timings.parquet",
    log:
        "logs/timings/{study}.log",
    benchmark:
        "benchmarks/timings/{study}.tsv"
    conda:
        "../../environment.yml"
    threads: workflow.cores  # nothing runs beside it
    resources:
        mem_mb=1500,
    params:
        preset=PRESET.name,
        plan=lambda wildcards: repr((STUDIES[wildcards.study].timings, STUDIES[wildcards.study].repetitions)),
        code=sources.digest("timings"),
        lock=LOCK,
    script:
        "../scripts/timings.py"


# one process for all studies: importing TensorFlow costs more than a study's audit
rule audit:
    input:
        networks=[f"results/studies/{name}/networks.parquet" for name in TRAINED],
    output:
        "results/audit.csv",
    log:
        "logs/audit.log",
    benchmark:
        "benchmarks/audit.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        preset=PRESET.name,
        size=PRESET.audited,
        studies=TRAINED,
        plan=[job.digest for name in TRAINED for job in JOBS[name]],
        code=sources.digest("audit", without="dying_relu.design"),
        lock=LOCK,
    script:
        "../scripts/audit.py"
