"""The report for a reviewer: two revisions compared from git alone, without DVC, data or models."""
