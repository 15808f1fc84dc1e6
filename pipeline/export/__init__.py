"""Trained models for other programs: the formats, the check of each export, the model card."""
