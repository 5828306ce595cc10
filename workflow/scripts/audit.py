"""Train a sample of a study's networks again, alone, and compare."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    from dying_relu.design import study
    from dying_relu.engine import audit, population
    from dying_relu.workflow import files

    population.use_one_thread()
    item = study.load_named(snakemake.wildcards.study, snakemake.params.preset)
    files.write(audit.audit(item, files.read(snakemake.input.networks), snakemake.params.size), snakemake.output[0])
