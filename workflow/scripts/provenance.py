"""What this run was made with."""

from dying_relu.workflow.script import logged

with logged(snakemake.log[0]):
    from pathlib import Path

    from dying_relu.report import provenance
    from dying_relu.workflow import files

    facts = {key: snakemake.params[key] for key in ("preset", "commit", "claims", "configuration")}
    made = provenance.collect(**facts, logs=Path("logs"))
    files.write_text(provenance.write(made), snakemake.output[0])
