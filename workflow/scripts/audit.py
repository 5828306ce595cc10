"""Train a sample of a study's networks again, alone, and compare."""

from dying_relu.script import logged

with logged(snakemake.log[0]):
    from dying_relu import audit, population, study, tables

    population.use_one_thread()
    preset = study.load_preset(snakemake.params.preset)
    item = study.load(study.STUDIES / f"{snakemake.wildcards.study}.yaml", preset)
    agreement = audit.audit(item, tables.read(snakemake.input.networks), snakemake.params.size)
    tables.write(agreement, snakemake.output[0])
