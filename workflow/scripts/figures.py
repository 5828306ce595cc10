"""Draw figures, each from its table."""

from dying_relu.script import logged

with logged(snakemake.log[0]):
    from dying_relu import figures, tables

    count = len(snakemake.params.kinds)
    outputs = zip(snakemake.output[:count], snakemake.output[count:], strict=True)
    for kind, path, pair in zip(snakemake.params.kinds, snakemake.input.tables, outputs, strict=True):
        figures.draw(kind, tables.read(path), list(pair))
