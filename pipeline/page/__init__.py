"""The page of one run: what came out, in one HTML file that needs nothing but a browser."""
