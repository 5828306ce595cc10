"""Draw one figure from its table."""

from dying_relu.script import logged

with logged(snakemake.log[0]):
    from dying_relu import figures, tables

    figures.draw(snakemake.params.kind, tables.read(snakemake.input.table), list(snakemake.output))
