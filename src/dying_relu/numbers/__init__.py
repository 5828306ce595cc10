"""Numbers and tables that a study's section of the paper speaks of; a study without a module gets its counts only."""

from dying_relu.numbers import large_gradient, learning_rate, outlier, single_neuron
from dying_relu.numbers.common import SECTIONS

__all__ = ["SECTIONS", "large_gradient", "learning_rate", "outlier", "single_neuron"]
