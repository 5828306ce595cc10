"""Judge all claims together."""

from dying_relu.script import logged

with logged(snakemake.log[0]):
    from pathlib import Path

    from dying_relu import claims, judge, study, tables

    values = {Path(path).stem: tables.read(path) for path in snakemake.input.values}
    ledger = claims.load([path.stem for path in study.STUDIES.glob("*.yaml")])
    tables.write(judge.judge(ledger, values, snakemake.params.resamples), snakemake.output[0])
