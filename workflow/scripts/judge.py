"""Judge all claims together."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    import pandas as pd

    from dying_relu.design import study
    from dying_relu.ledger import claims, judge
    from dying_relu.workflow import files

    found = pd.concat(map(files.read, snakemake.input.values))
    ledger = claims.load(study.names())
    values = {name: found[found["claim"] == name] for name in ledger}
    files.write(judge.judge(ledger, values, snakemake.params.resamples), snakemake.output[0])
