"""Data preparation: published files or folders of pictures become three splits on disk."""
