"""What is true about dying ReLU: train populations of Keras networks, measure death, judge claims."""

import os

# Before TensorFlow is imported, if it ever is: one processor core is what results are defined on, and
# its greetings are not for the log.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__version__ = "0.1.0"
