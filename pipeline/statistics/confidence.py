"""The confidence of every interval, 95 %, as the quantiles that formulas need."""

# Half of the rest, 2.5 %, lies above this quantile and half below its mirror image.
UPPER = 0.975
# That quantile of the normal distribution, as `scipy.special.ndtri(UPPER)` gives it. Written down,
# because the import of scipy would take a good part of a short stage's time.
NORMAL = 1.959963984540054
