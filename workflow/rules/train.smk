# Train the networks of a study, job by job, and gather their tables.


rule train:
    input:
        # not the study's file: what matters of it for this job is in `plan`
        library("train", without=("config", "plan", "study")),
        lock="requirements.lock",
    output:
        networks="results/training/{preset}/{study}/{job}/networks.parquet",
        activity="results/training/{preset}/{study}/{job}/activity.parquet",
        history="results/training/{preset}/{study}/{job}/history.parquet",
        units="results/training/{preset}/{study}/{job}/units.parquet",
        layers="results/training/{preset}/{study}/{job}/layers.parquet",
        shifted="results/training/{preset}/{study}/{job}/shifted.parquet",
        trajectory="results/training/{preset}/{study}/{job}/trajectory.parquet",
    log:
        "logs/train/{preset}/{study}/{job}.log",
    benchmark:
        "benchmarks/train/{preset}/{study}/{job}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: JOBS[wildcards.study][int(wildcards.job)].memory // 2**20,
    params:
        plan=lambda wildcards: JOBS[wildcards.study][int(wildcards.job)].digest,
    script:
        "../scripts/train.py"


rule gather:
    input:
        library("tables"),
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
        table="networks|activity|history|units|layers|shifted|trajectory",
    conda:
        "../../environment.yml"
    script:
        "../scripts/gather.py"


rule timings:
    input:
        library("timing", without=("config",)),
        lock="requirements.lock",
    output:
        "results/studies/{study}/timings.parquet",
    log:
        "logs/timings/{study}.log",
    benchmark:
        "benchmarks/timings/{study}.tsv"
    conda:
        "../../environment.yml"
    threads: workflow.cores  # nothing runs beside it
    params:
        preset=PRESET.name,
        plan=lambda wildcards: repr((STUDIES[wildcards.study].benchmark, STUDIES[wildcards.study].repetitions)),
    script:
        "../scripts/timings.py"


rule audit:
    input:
        library("audit", without=("config", "plan", "study")),
        networks="results/studies/{study}/networks.parquet",
        lock="requirements.lock",
    output:
        "results/studies/{study}/audit.csv",
    log:
        "logs/audit/{study}.log",
    benchmark:
        "benchmarks/audit/{study}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        preset=PRESET.name,
        size=PRESET.audited,
    script:
        "../scripts/audit.py"
