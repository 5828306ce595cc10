"""Numbers and tables that a study's section of the paper speaks of; a study without a module gets its counts only."""

from dying_relu import registry
from dying_relu.numbers.common import SECTIONS

__all__ = ["SECTIONS"]
registry.load(__name__)
