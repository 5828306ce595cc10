# Numbers and tables as data, then everything as LaTeX commands, and the paper that uses them.
PAPER = ROOT / "paper"


rule text:
    input:
        tables=lambda wildcards: study_tables(wildcards.study, text_tables(wildcards.study)),
    output:
        numbers="results/numbers/{study}.csv",
        tables=directory("results/tables/{study}"),
    log:
        "logs/text/{study}.log",
    benchmark:
        "benchmarks/text/{study}.tsv"
    conda:
        "../../environment.yml"
    params:
        preset=PRESET.name,
        plan=lambda wildcards: repr((STUDIES[wildcards.study].seeds, STUDIES[wildcards.study].measure)),
        code=lambda wildcards: sources.digest("text", *package(wildcards.study, "text")),
    script:
        "../scripts/text.py"


rule general:
    input:
        claims="results/claims.csv",
        coverage="results/coverage.csv",
        audit="results/audit.csv",
        numbers=[f"results/numbers/{name}.csv" for name in TRAINED],
    output:
        "results/numbers/_general.csv",
    log:
        "logs/general.log",
    benchmark:
        "benchmarks/general.tsv"
    conda:
        "../../environment.yml"
    params:
        preset=PRESET.name,
        code=sources.digest("general"),
    script:
        "../scripts/general.py"


rule provenance:
    input:
        [f"results/studies/{name}/networks.parquet" for name in TRAINED],
    output:
        "results/provenance.json",
    log:
        "logs/provenance.log",
    benchmark:
        "benchmarks/provenance.tsv"
    conda:
        "../../environment.yml"
    params:
        preset=PRESET.name,
        commit=commit(),
        claims=claims_commit(),
        configuration=configuration_hash(),
        code=sources.digest("provenance"),
        lock=LOCK,
    script:
        "../scripts/provenance.py"


rule latex:
    input:
        paper="paper/paper.tex",
        claims="results/claims.csv",
        maps="results/maps.csv",
        coverage="results/coverage.csv",
        edits="reference/edits.csv",
        provenance="results/provenance.json",
        general="results/numbers/_general.csv",
        numbers=[f"results/numbers/{name}.csv" for name in STUDIES],
        tables=[f"results/tables/{name}" for name in STUDIES],
        measured=sorted(str(path.relative_to(ROOT)) for path in (ROOT / "reference/benchmark").glob("*.csv")),
    output:
        "results/paper/numbers.tex",
    log:
        "logs/latex.log",
    benchmark:
        "benchmarks/latex.tsv"
    conda:
        "../../environment.yml"
    params:
        preset=PRESET.name,
        plan=[(item.title, item.question) for item in STUDIES.values()],
        captions=CAPTIONS,
        code=sources.digest("latex", *(studies.package(name) for name in studies.names())),
    script:
        "../scripts/latex.py"


rule paper:
    input:
        sorted(str(path.relative_to(ROOT)) for path in PAPER.rglob("*.*")),
        "results/paper/numbers.tex",
        [f"results/figures/{name}.pdf" for name in CAPTIONS],
    output:
        "results/paper.pdf",
    log:
        "logs/paper.log",
    benchmark:
        "benchmarks/paper.tsv"
    conda:
        "../../environment.yml"
    params:
        code=sources.digest("paper"),
    script:
        "../scripts/paper.py"
