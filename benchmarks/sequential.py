"""Error and power of looking again with more seeds, as `python -m pipeline settle` does.

    python -m benchmarks.sequential        (a few minutes on one core)

Configurations are simulated as in benchmarks/rare_class.py: ten classes of 100 test images. Stops
at the first look that finds a difference. Results: docs/statistics.md.
"""

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.rare_class import Case, pair
from benchmarks.verdict import share
from pipeline.statistics.configurations import difference_of_means

PAIRS = 1000
LOOKS = (3, 5, 10)
EVERY = tuple(range(3, 11))
# What is compared: the level of each look, and how many seeds a side each look has.
RULES = {
    "3 seeds, p ≤ 0.05": (0.05, (3,)),
    "10 seeds, p ≤ 0.05": (0.05, (10,)),
    "3, 5 and 10 seeds, p ≤ 0.05 each": (0.05, LOOKS),
    "3, 5 and 10 seeds, p ≤ 0.03 each": (0.03, LOOKS),
    "every number from 3 to 10, p ≤ 0.05 each": (0.05, EVERY),
}
SIZES = (100,) * 10
RECALL = 0.95, 0.965
console = Console(width=120)


def main() -> None:
    """Print how often each rule finds a difference, and with how many seeds on average."""
    alike = Case("equal", SIZES, (RECALL[0],) * 10, (RECALL[0],) * 10, EVERY[-1])
    apart = Case("apart", SIZES, (RECALL[0],) * 10, (RECALL[1],) * 10, EVERY[-1])
    table = Table("looks", "equal: called different", "1.5 points apart: found", "seeds a side")
    found = [p_values(case, number) for number, case in enumerate((alike, apart))]
    for name, (level, looks) in RULES.items():
        columns = [EVERY.index(look) for look in looks]
        alarms, hits = (np.any(values[:, columns] <= level, axis=1) for values in found)
        below = found[1][:, columns] <= level
        first = np.where(hits, below.argmax(axis=1), len(looks) - 1)
        used = np.array(looks)[first].mean()
        shares = (share([*map(bool, each)]) for each in (alarms, hits))
        table.add_row(name, *shares, f"{used:.1f}")
    table.title = f"{PAIRS} pairs each (95 % Wilson interval)"
    console.print(table)


def p_values(case: Case, seed: int) -> np.ndarray:
    """Return the p-value of every look at every pair, [pairs, looks]."""
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(PAIRS):
        sides = [judged.seeds == judged.actual for judged in pair(case, generator)]
        rows.append([difference_of_means(*(s[:k] for s in sides)).p_value for k in EVERY])
    return np.array(rows)


if __name__ == "__main__":
    main()
