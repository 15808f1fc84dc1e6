"""The pictures, one module each, drawn with Matplotlib; the same data give the same bytes."""
