"""Estimate the claims of one study: for each, one value a confirmatory seed."""

from dying_relu.script import logged

with logged(snakemake.log[0]):
    from pathlib import Path

    from dying_relu import estimands, tables

    frames = {Path(path).stem: tables.read(path) for path in snakemake.input.tables}
    tables.write(estimands.estimate(snakemake.params.estimands, frames), snakemake.output[0])
