import numpy as np

from pipeline.data import lookalikes


def compared(hashes):
    """Return all pairs, sorted, and how many hashes were in too large a bucket."""
    large = np.zeros(len(hashes), np.uint16)
    pairs = list(lookalikes.alike(hashes, np.zeros(len(hashes), np.int32), large))
    found = np.sort(np.concatenate([np.empty((0, 2), int), *pairs]), axis=1)
    return found[np.lexsort(found.T[::-1])], int((large > 0).sum())


def test_the_bands_find_every_pair_that_comparing_all_finds():
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**63, 300, dtype=np.uint64)
    flips = [rng.choice(64, k, replace=False) for k in rng.integers(0, 7, 300)]
    hashes[150:] = hashes[:150] ^ np.array(
        [sum(1 << int(bit) for bit in bits) for bits in flips[:150]], np.uint64
    )
    pairs, skipped = compared(hashes)
    distance = np.bitwise_count(hashes[:, None] ^ hashes[None])
    expected = np.argwhere(np.triu(distance <= lookalikes.MOST_BITS, 1))
    assert len(expected) > 50
    assert (pairs.tolist(), skipped) == (expected.tolist(), 0)


def test_buckets_too_large_are_counted_not_passed_over_in_silence(monkeypatch):
    monkeypatch.setattr(lookalikes, "LARGEST_BUCKET", 10)
    pairs, skipped = compared(np.zeros(30, np.uint64))
    assert (len(pairs), skipped) == (0, 30)


def test_pairs_come_in_pieces_without_loss(monkeypatch):
    hashes = np.repeat(np.random.default_rng(0).integers(0, 2**63, 20, dtype=np.uint64), 4)
    whole, _ = compared(hashes)
    monkeypatch.setattr(lookalikes, "RUNS_AT_ONCE", 3)
    pieces, _ = compared(hashes)
    assert len(whole) == 20 * 6
    assert (pieces == whole).all()


def test_a_pair_in_a_bucket_too_large_is_found_where_it_is_in_a_smaller_one(monkeypatch):
    monkeypatch.setattr(lookalikes, "LARGEST_BUCKET", 10)
    rng = np.random.default_rng(0)
    # All agree in the first two bands; two of them in the others as well.
    others = np.uint64(sum(1 << bit for bit in range(64) if bit % 6 > 1))
    hashes = rng.integers(0, 2**63, 30, dtype=np.uint64) & others
    hashes[7] = hashes[3] ^ np.uint64(4)
    pairs, skipped = compared(hashes)
    assert (pairs.tolist(), skipped) == ([[3, 7]], 30)
