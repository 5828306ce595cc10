"""The numbers and tables that the paper prints of one study, as data."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    from dying_relu.design import study
    from dying_relu.report import numbers, tables
    from dying_relu.workflow import files

    item = study.load_named(snakemake.wildcards.study, snakemake.params.preset)
    found = files.read_all(snakemake.input.tables)
    files.write(numbers.of_study(item, found), snakemake.output.numbers)
    tables.write_all(item.name, found, snakemake.output.tables)
