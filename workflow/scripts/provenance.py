"""What this run was made with."""

from dying_relu.script import logged

with logged(snakemake.log[0]):
    from pathlib import Path

    from dying_relu import provenance, tables

    made = provenance.collect(**snakemake.params, benchmarks=Path("benchmarks"))
    tables.write_text(provenance.write(made), snakemake.output[0])
