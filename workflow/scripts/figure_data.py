"""The table behind one figure."""

from dying_relu.script import logged

with logged(snakemake.log[0]):
    from pathlib import Path

    from dying_relu import figure_data, tables

    frames = {Path(path).stem: tables.read(path) for path in snakemake.input.tables}
    tables.write(figure_data.KINDS[snakemake.params.kind](frames), snakemake.output[0])
