# Estimate each study's claims from its tables, in every cell that they may be read at; then judge all claims together.


rule estimate:
    input:
        tables=lambda wildcards: study_tables(
            wildcards.study,
            sorted(
                {
                    table
                    for claim in claims_of(wildcards.study)
                    for table in studies.contents(wildcards.study).estimands[claim.estimand]
                }
            ),
        ),
    output:
        "results/estimates/{study}.parquet",
    log:
        "logs/estimate/{study}.log",
    benchmark:
        "benchmarks/estimate/{study}.tsv"
    conda:
        "../../environment.yml"
    params:
        preset=PRESET.name,
        plan=lambda wildcards: repr(STUDIES[wildcards.study].with_levels({})),
        asked=lambda wildcards: repr([(c.id, c.estimand, c.cell, c.read_at) for c in claims_of(wildcards.study)]),
        code=lambda wildcards: sources.digest("estimate", *package(wildcards.study, "estimands")),
    script:
        "../scripts/estimate.py"


rule judge:
    input:
        claims="config/claims.yaml",
        values=expand("results/estimates/{study}.parquet", study=sorted({claim.study for claim in CLAIMS.values()})),
    output:
        claims="results/claims.csv",
        maps="results/maps.csv",
        coverage="results/coverage.csv",
    log:
        "logs/judge.log",
    benchmark:
        "benchmarks/judge.tsv"
    conda:
        "../../environment.yml"
    params:
        resamples=PRESET.resamples,
        code=sources.digest("judge"),
    script:
        "../scripts/judge.py"
