"""Training: an architecture and its hyperparameters become a trained model on disk."""
