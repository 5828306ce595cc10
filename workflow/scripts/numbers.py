"""Every number, table and figure of the paper as LaTeX commands."""

from dying_relu.script import logged

with logged(snakemake.log[0]):
    import json
    from pathlib import Path

    import pandas as pd

    from dying_relu import paper, study, tables

    preset = study.load_preset(snakemake.params.preset)
    frames = {name: {} for name in snakemake.params.studies}
    for path in map(Path, snakemake.input.tables):
        frames[path.parent.name][path.stem] = tables.read(path)
    text = paper.generated(
        ledger=tables.read(snakemake.input.claims),
        studies=study.load_all(preset),
        tables=frames,
        audit=pd.concat(map(tables.read, snakemake.input.audits)),
        preset=preset,
        provenance=json.loads(Path(snakemake.input.provenance).read_text()),
        sections=snakemake.params.sections,
        verdicts_caption=snakemake.params.verdicts_caption,
    )
    tables.write_text(text, snakemake.output[0])
