# What all rules share: the preset, the studies and their training jobs, and which library files a rule depends on.
import os
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "src"))
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])

from snakemake.exceptions import WorkflowError

from dying_relu import plan, sources, study
from dying_relu.errors import UserError

try:
    PRESET = study.load_preset(config["preset"])
    STUDIES = study.load_all(PRESET)
    for name, item in STUDIES.items():
        plan.check(item, study.STUDIES / f"{name}.yaml")
except UserError as error:
    raise WorkflowError(str(error)) from None

JOBS = {name: plan.jobs(item) for name, item in STUDIES.items()}
CLAIMS = ""
FIGURES = {item.figure_name(key): (item, spec) for item in STUDIES.values() for key, spec in item.figures.items()}


wildcard_constraints:
    study="|".join(STUDIES),
    job=r"\d+",
    figure="|".join(FIGURES),


def library(*modules, without=()):
    """The library files that a rule's result depends on: name them as its inputs."""
    return sources.files(*modules, relative_to=ROOT, without=without)
