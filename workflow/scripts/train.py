"""Train the networks of one job."""

from dying_relu.script import logged

with logged(snakemake.log[0]) as terminal:
    from dying_relu import plan, study, tables
    from dying_relu.progress import bar

    wildcards = snakemake.wildcards
    preset = study.load_preset(wildcards.preset)
    job = plan.jobs(study.load(study.STUDIES / f"{wildcards.study}.yaml", preset))[int(wildcards.job)]

    from dying_relu import population, train

    population.use_one_thread()
    with bar(f"{wildcards.study} {wildcards.job}", len(job.networks), terminal) as progress:
        results = train.train(job, progress)
    for name, path in snakemake.output.items():
        tables.write(results[name], path)
