"""The table behind each kind of figure: what is drawn, with intervals over seeds. One module a study.

A kind takes the tables of one study and returns one tidy frame, saved as CSV; `figures` draws it from
there. Only confirmatory seeds are drawn; controls are left out; diverged networks have no dead fraction.
"""

from dying_relu import registry
from dying_relu.figure_data.common import KINDS

__all__ = ["KINDS"]
registry.load(__name__)
