"""Gather one table of a study from its training jobs."""

from dying_relu.script import logged

with logged(snakemake.log[0]):
    from dying_relu import tables

    tables.write(tables.gather(snakemake.input.tables), snakemake.output[0])
