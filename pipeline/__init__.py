"""Convoy: search, train and judge convolutional image classifiers as a DVC pipeline."""

import os

# TensorFlow reads this when it is imported: errors only, no start-up notices.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
