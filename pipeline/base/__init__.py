"""The basics that every other package uses: errors, files, paths, locks, digests of code."""
