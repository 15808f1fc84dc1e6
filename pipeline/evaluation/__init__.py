"""Trained models on test images: predictions, scores, and how two models compare."""
