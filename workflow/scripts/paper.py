"""Typeset the paper."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    from dying_relu.report import typeset

    typeset.typeset(snakemake.output[0])
