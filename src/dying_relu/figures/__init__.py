"""Draw each kind of figure from its saved table: one dress for all, readable in print and to the colour-blind."""

from dying_relu import registry
from dying_relu.figures.common import DRAW, draw

__all__ = ["DRAW", "draw"]
registry.load(__name__)
