# The table behind each figure, then the figure, drawn from that table alone.


rule figure_data:
    input:
        library("figure_data"),
        tables=lambda wildcards: study_tables(
            FIGURES[wildcards.figure][0].name, FIGURE_TABLES[FIGURES[wildcards.figure][1]["kind"]]
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
        kind=lambda wildcards: FIGURES[wildcards.figure][1]["kind"],
    script:
        "../scripts/figure_data.py"


rule figure:
    input:
        library("figures"),
        table=lambda wildcards: figure_table(wildcards.name),
    output:
        pdf=report(
            "results/figures/{name}.pdf",
            caption="../report/figure.rst",
            category=lambda wildcards: report_category(wildcards.name),
        ),
        png="results/figures/{name}.png",
    log:
        "logs/figure/{name}.log",
    benchmark:
        "benchmarks/figure/{name}.tsv"
    conda:
        "../../environment.yml"
    params:
        kind=lambda wildcards: figure_kind(wildcards.name),
        caption=lambda wildcards: figure_caption(wildcards.name),
    script:
        "../scripts/figure.py"
