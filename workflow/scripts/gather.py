"""Gather one table of a study from its training jobs."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    from dying_relu.workflow import files

    files.write(files.gather(snakemake.input.tables), snakemake.output[0])
