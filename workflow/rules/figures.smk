# For each study the tables behind its figures, then the figures, each drawn from its table alone.

for name, item in STUDIES.items():
    if not item.figures:
        continue

    rule:
        name:
            f"figure_data_{name}"
        input:
            library("figure_data"),
            tables=study_tables(name, sorted({t for f in item.figures.values() for t in FIGURE_TABLES[f["kind"]]})),
        output:
            [f"results/figures/data/{figure}.csv" for figure in figures_of(item)],
        log:
            f"logs/figure_data/{name}.log",
        benchmark:
            f"benchmarks/figure_data/{name}.tsv"
        conda:
            "../../environment.yml"
        params:
            kinds=list(figures_of(item).values()),
        script:
            "../scripts/figure_data.py"

    rule:
        name:
            f"figures_{name}"
        input:
            library("figures"),
            tables=[f"results/figures/data/{figure}.csv" for figure in figures_of(item)],
        output:
            [
                report(
                    f"results/figures/{figure}.pdf",
                    caption="../report/figure.rst",
                    category=item.title,
                    labels={"figure": figure},
                )
                for figure in figures_of(item)
            ],
            [f"results/figures/{figure}.png" for figure in figures_of(item)],
        log:
            f"logs/figures/{name}.log",
        benchmark:
            f"benchmarks/figures/{name}.tsv"
        conda:
            "../../environment.yml"
        params:
            kinds=list(figures_of(item).values()),
            captions={figure: CAPTIONS[figure] for figure in figures_of(item)},
        script:
            "../scripts/figures.py"


rule verdicts:
    input:
        library("figures"),
        tables=["results/claims.csv"],
    output:
        report(
            "results/figures/verdicts.pdf",
            caption="../report/figure.rst",
            category="Claims",
            labels={"figure": "verdicts"},
        ),
        "results/figures/verdicts.png",
    log:
        "logs/figures/verdicts.log",
    benchmark:
        "benchmarks/figures/verdicts.tsv"
    conda:
        "../../environment.yml"
    params:
        kinds=["verdicts"],
        captions={"verdicts": VERDICTS_CAPTION},
    script:
        "../scripts/figures.py"
