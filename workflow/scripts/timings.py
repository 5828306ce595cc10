"""Take the timings of one study."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    from dying_relu.design import study
    from dying_relu.engine import population, timings
    from dying_relu.workflow import files

    population.use_one_thread()
    files.write(timings.run(study.load_named(snakemake.wildcards.study, snakemake.params.preset)), snakemake.output[0])
