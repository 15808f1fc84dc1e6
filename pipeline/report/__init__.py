"""What a reviewer reads: two revisions compared from git alone, without DVC, data or models."""
