"""Estimate the claims of one study: for each, one value a seed in every cell of its map."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    from dying_relu.design import study
    from dying_relu.ledger import claims, estimate
    from dying_relu.workflow import files

    name = snakemake.wildcards.study
    asked = {key: claim for key, claim in claims.load(study.names()).items() if claim.study == name}
    tables = files.read_all(snakemake.input.tables)
    item = study.load_named(name, snakemake.params.preset)
    files.write(estimate.estimate(item, asked, tables), snakemake.output[0])
