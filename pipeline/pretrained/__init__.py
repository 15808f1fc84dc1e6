"""Backbones with published weights: reading their files, features of images, heads on features."""
