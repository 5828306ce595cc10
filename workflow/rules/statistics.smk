# Estimate each claim from its study's tables, then judge all claims together.


rule estimate:
    input:
        library("estimands"),
        tables=lambda wildcards: study_tables(
            CLAIMS[wildcards.claim].study, ESTIMAND_TABLES[CLAIMS[wildcards.claim].estimand]
        ),
    output:
        "results/estimates/{claim}.csv",
    log:
        "logs/estimate/{claim}.log",
    benchmark:
        "benchmarks/estimate/{claim}.tsv"
    conda:
        "../../environment.yml"
    params:
        estimand=lambda wildcards: CLAIMS[wildcards.claim].estimand,
    script:
        "../scripts/estimate.py"


rule judge:
    input:
        library("judge"),
        claims="config/claims.yaml",
        values=expand("results/estimates/{claim}.csv", claim=CLAIMS),
    output:
        "results/claims.csv",
    log:
        "logs/judge.log",
    benchmark:
        "benchmarks/judge.tsv"
    conda:
        "../../environment.yml"
    params:
        resamples=PRESET.resamples,
    script:
        "../scripts/judge.py"
