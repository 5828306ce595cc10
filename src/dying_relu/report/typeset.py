"""Run LaTeX on paper/paper.tex with what the workflow generated."""

import os
import shutil
import subprocess
from pathlib import Path

from dying_relu.workflow.errors import UserError

BUILD = Path("results/paper")


def typeset(output: str) -> None:
    """Build the PDF; LaTeX's working files stay in results/paper.

    Raises:
        UserError: latexmk is missing or LaTeX found an error, with its first line.
    """
    if shutil.which("latexmk") is None:
        raise UserError("LaTeX with latexmk is needed for the PDF; `make` installs it where it can")
    BUILD.mkdir(parents=True, exist_ok=True)
    search = os.pathsep.join([*(str(Path(p).resolve()) for p in ("paper", BUILD, "results/figures")), ""])
    environment = {
        **os.environ,
        "TEXINPUTS": search,
        "BIBINPUTS": search,
        "SOURCE_DATE_EPOCH": "0",
        "FORCE_SOURCE_DATE": "1",
        "max_print_line": "1000",
    }
    command = ["latexmk", "-pdf", "-gg", "-interaction=nonstopmode", "-halt-on-error", f"-outdir={BUILD}"]
    run = subprocess.run([*command, "paper/paper.tex"], env=environment, check=False)
    if run.returncode != 0:
        log = (BUILD / "paper.log").read_text(encoding="utf-8", errors="replace").splitlines()
        reason = next((line for line in log if line.startswith("!")), "see logs/paper.log")
        raise UserError(f"paper/paper.tex: LaTeX stopped: {reason.lstrip('! ')}")
    partial = Path(f"{output}.partial")
    shutil.copyfile(BUILD / "paper.pdf", partial)
    partial.replace(output)
