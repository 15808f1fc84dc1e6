"""From published files or folders of pictures to three splits on disk."""
