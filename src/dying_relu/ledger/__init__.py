"""The claims, the one rule that judges them, and the pictures of the verdicts and of their maps."""

from dying_relu.design.contents import Contents, Kind

CONTENTS = Contents(
    kinds={
        "verdicts": Kind("every claim's estimate against its region", tables=()),
        "maps": Kind("of how many of its cells each claim holds", tables=()),
    }
)
FILES = {"verdicts": "results/claims.csv", "maps": "results/claims.csv"}  # what they are drawn from
