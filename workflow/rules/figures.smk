# For each figure its table, then the drawing, from that table alone.


rule figure_data:
    input:
        tables=lambda wildcards: study_tables(
            FIGURES[wildcards.figure][0], studies.kinds()[FIGURES[wildcards.figure][1]][1].tables
        ),
    output:
        "results/figures/data/{figure}.csv",
    log:
        "logs/figure_data/{figure}.log",
    benchmark:
        "benchmarks/figure_data/{figure}.tsv"
    conda:
        "../../environment.yml"
    params:
        kind=lambda wildcards: kind(wildcards.figure),
        code=lambda wildcards: sources.digest("figure_data", f"{place(wildcards.figure)}.tables"),
    script:
        "../scripts/figure_data.py"


rule figure:
    input:
        table=lambda wildcards: (
            f"results/figures/data/{wildcards.figure}.csv" if wildcards.figure in FIGURES else "results/claims.csv"
        ),
    output:
        report(
            "results/figures/{figure}.pdf",
            caption="../report/figure.rst",
            category=lambda wildcards: (
                STUDIES[FIGURES[wildcards.figure][0]].title if wildcards.figure in FIGURES else "Claims"
            ),
            labels=lambda wildcards: {"figure": wildcards.figure},
        ),
        "results/figures/{figure}.png",
    log:
        "logs/figures/{figure}.log",
    benchmark:
        "benchmarks/figures/{figure}.tsv"
    conda:
        "../../environment.yml"
    params:
        kind=lambda wildcards: kind(wildcards.figure),
        caption=lambda wildcards: CAPTIONS[wildcards.figure],
        code=lambda wildcards: sources.digest("figure", f"{place(wildcards.figure)}.figures"),
    script:
        "../scripts/figure.py"
