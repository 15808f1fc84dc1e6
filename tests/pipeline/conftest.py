"""TensorFlow with one thread, for the stages that a test runs in its own process."""

from pipeline.training import backend

# It takes the number of threads once in a process, and must be told before anything is computed.
backend.start(threads=1)
