"""Measurements of speed, memory and statistics; README.md in this folder is their index."""
