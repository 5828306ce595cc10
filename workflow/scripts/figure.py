"""Draw one figure from its table."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    from dying_relu import studies
    from dying_relu.analysis.drawing import draw
    from dying_relu.workflow import files

    kind = snakemake.params.kind
    draw(
        studies.function(studies.kinds()[kind][0], "figures", kind), files.read(snakemake.input.table), snakemake.output
    )
