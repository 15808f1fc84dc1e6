"""Measurements of speed, memory and cost; what they gave is in docs/."""
