# Numbers, tables and figures as LaTeX commands, and the paper that uses them.
PAPER = ROOT / "paper"


rule provenance:
    input:
        library("provenance"),
        [f"results/studies/{name}/networks.parquet" for name in TRAINED],
        lock="requirements.lock",
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
        configuration=configuration_hash(),
    script:
        "../scripts/provenance.py"


rule numbers:
    input:
        library("paper", "study"),
        claims="results/claims.csv",
        provenance="results/provenance.json",
        audits=[f"results/studies/{name}/audit.csv" for name in TRAINED],
        tables=[
            path
            for name in STUDIES
            for path in study_tables(name, SECTION_TABLES.get(name, ("networks",) if name in TRAINED else ()))
        ],
    output:
        "results/paper/numbers.tex",
    log:
        "logs/numbers.log",
    benchmark:
        "benchmarks/numbers.tsv"
    conda:
        "../../environment.yml"
    params:
        studies=list(STUDIES),
        sections=SECTIONS,
        plan=lambda wildcards: [repr(item) for item in STUDIES.values()],
        preset=PRESET.name,
        verdicts_caption=VERDICTS_CAPTION,
    script:
        "../scripts/numbers.py"


rule paper:
    input:
        library("typeset"),
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
    script:
        "../scripts/paper.py"
