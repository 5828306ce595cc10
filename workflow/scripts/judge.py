"""Judge all claims together."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    import pandas as pd

    from dying_relu.design import study
    from dying_relu.ledger import claims, coverage, judge
    from dying_relu.workflow import files

    known = claims.load(study.names())
    values = pd.concat(map(files.read, snakemake.input.values), ignore_index=True)
    ledger, maps = judge.judge(known, values)
    files.write(coverage.simulate(known, values, snakemake.params.resamples), snakemake.output.coverage)
    files.write(maps, snakemake.output.maps)
    files.write(ledger, snakemake.output.claims)
