"""Estimate the claims of one study: for each, one value a confirmatory seed."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    from dying_relu.ledger.estimate import estimate
    from dying_relu.workflow import files

    tables = files.read_all(snakemake.input.tables)
    files.write(estimate(snakemake.wildcards.study, snakemake.params.estimands, tables), snakemake.output[0])
