"""What every room may use: errors, files, paths, locks, digests of code."""
