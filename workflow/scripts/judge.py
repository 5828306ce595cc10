"""Judge all claims together."""

from dying_relu.script import logged

with logged(snakemake.log[0]):
    import pandas as pd

    from dying_relu import claims, judge, study, tables

    found = pd.concat(map(tables.read, snakemake.input.values))
    ledger = claims.load([path.stem for path in study.STUDIES.glob("*.yaml")])
    values = {name: found[found["claim"] == name] for name in ledger}
    tables.write(judge.judge(ledger, values, snakemake.params.resamples), snakemake.output[0])
