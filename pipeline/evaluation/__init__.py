"""Evaluation on the test images: predictions, scores, and the comparison of configurations."""
