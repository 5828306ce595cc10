"""What is true about dying ReLU: train populations of Keras networks, measure death, judge claims."""

__version__ = "0.1.0"
