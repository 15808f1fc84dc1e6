from pipeline.training import backend

# TensorFlow takes the number of threads once in a process; every test runs with the same.
backend.start(threads=1)
