"""From an architecture and its hyperparameters to a trained model on disk."""
