"""The table behind one figure."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    from dying_relu import studies
    from dying_relu.workflow import files

    kind = snakemake.params.kind
    table = studies.function(studies.kinds()[kind][0], "tables", kind)
    files.write(table(files.read_all(snakemake.input.tables)), snakemake.output[0])
