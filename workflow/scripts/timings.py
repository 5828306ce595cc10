"""Take the timings of one study."""

from dying_relu.script import logged

with logged(snakemake.log[0]):
    from dying_relu import population, study, tables, timing

    population.use_one_thread()
    preset = study.load_preset(snakemake.params.preset)
    item = study.load(study.STUDIES / f"{snakemake.wildcards.study}.yaml", preset)
    tables.write(timing.run(item), snakemake.output[0])
