"""Every number, table and figure of the paper as LaTeX commands."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    import json
    from pathlib import Path

    import pandas as pd

    from dying_relu.design import study
    from dying_relu.report import paper, tables
    from dying_relu.workflow import files

    preset = study.load_preset(snakemake.params.preset)
    text = paper.generated(
        numbers=pd.concat(map(files.read, [*snakemake.input.numbers, snakemake.input.general])),
        tables=tables.read_all(snakemake.input.tables),
        ledger=files.read(snakemake.input.claims),
        maps=files.read(snakemake.input.maps),
        coverage=files.read(snakemake.input.coverage),
        history=files.read(snakemake.input.edits),
        all_studies=study.load_all(preset),
        preset=preset,
        provenance=json.loads(Path(snakemake.input.provenance).read_text()),
        measured=files.read_all(snakemake.input.measured),
    )
    files.write_text(text, snakemake.output[0])
