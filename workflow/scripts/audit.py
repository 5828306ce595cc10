"""Train a sample of each study's networks again, alone, and compare."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    from dying_relu.design import study
    from dying_relu.engine import audit, population
    from dying_relu.workflow import files

    population.use_one_thread()
    params = snakemake.params
    made = audit.audit_all(
        [study.load_named(name, params.preset) for name in params.studies],
        map(files.read, snakemake.input.networks),
        params.size,
    )
    files.write(made, snakemake.output[0])
