"""Train the networks of one job."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]) as terminal:
    from dying_relu.design import plan, study
    from dying_relu.engine import population, train
    from dying_relu.engine.costs import Costs
    from dying_relu.workflow import files
    from dying_relu.workflow.progress import bar

    costs, wildcards = Costs(), snakemake.wildcards
    job = plan.jobs(study.load_named(wildcards.study, wildcards.preset))[int(wildcards.job)]
    population.use_one_thread()
    with bar(f"{wildcards.study} {wildcards.job}", len(job.networks), terminal) as progress:
        results = train.train(job, progress, costs, snakemake.params.xla)
    with costs.of("write"):
        for name, path in snakemake.output.items():
            files.write(results[name], path)
    print(*costs.lines(), sep="\n")
