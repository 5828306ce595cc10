"""Typeset the paper."""

from dying_relu.script import logged

with logged(snakemake.log[0]):
    from dying_relu import typeset

    typeset.typeset(snakemake.output[0])
