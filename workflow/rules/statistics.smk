# Estimate each study's claims from its tables, then judge all claims together.


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
        "results/estimates/{study}.csv",
    log:
        "logs/estimate/{study}.log",
    benchmark:
        "benchmarks/estimate/{study}.tsv"
    conda:
        "../../environment.yml"
    params:
        estimands=lambda wildcards: {claim.id: claim.estimand for claim in claims_of(wildcards.study)},
        code=lambda wildcards: sources.digest("estimate", *package(wildcards.study, "estimands")),
    script:
        "../scripts/estimate.py"


rule judge:
    input:
        claims="config/claims.yaml",
        values=expand("results/estimates/{study}.csv", study=sorted({claim.study for claim in CLAIMS.values()})),
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
        code=sources.digest("judge"),
    script:
        "../scripts/judge.py"
