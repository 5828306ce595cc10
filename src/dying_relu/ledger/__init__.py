"""The claims, the one rule that judges them, and the pictures of the verdicts and of their maps."""

from dying_relu.design.contents import Contents, Kind

CONTENTS = Contents(
    kinds={
        "verdicts": Kind("the estimate of every claim of the texts against its region", tables=()),
        "hypotheses": Kind("the same of what this project asks beside", tables=()),
        "maps": Kind("of how many of its cells each claim holds", tables=()),
    }
)
FILES = dict.fromkeys(("verdicts", "hypotheses", "maps"), "results/claims.csv")  # what they are drawn from
