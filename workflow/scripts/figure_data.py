"""The tables behind the figures of one study."""

from dying_relu.script import logged

with logged(snakemake.log[0]):
    from pathlib import Path

    from dying_relu import figure_data, tables

    frames = {Path(path).stem: tables.read(path) for path in snakemake.input.tables}
    for kind, path in zip(snakemake.params.kinds, snakemake.output, strict=True):
        tables.write(figure_data.KINDS[kind](frames), path)
