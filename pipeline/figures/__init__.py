"""One file a picture. Each draws with Matplotlib and saves the same bytes for the same data."""
