"""The numbers of the paper as a whole."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    import pandas as pd

    from dying_relu.design import study
    from dying_relu.report import numbers
    from dying_relu.workflow import files

    made = numbers.general(
        ledger=files.read(snakemake.input.claims),
        coverage=files.read(snakemake.input.coverage),
        of_studies=pd.concat(map(files.read, snakemake.input.numbers)),
        audit=files.read(snakemake.input.audit),
        preset=study.load_preset(snakemake.params.preset),
    )
    files.write(made, snakemake.output[0])
