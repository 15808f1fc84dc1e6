"""Several searches at once, for machines with more cores than one search keeps busy."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from pipeline.config.params import Params
from pipeline.running.view import Views
from pipeline.search import tuning
from pipeline.workers.pool import Pool


def fill_store(settings: Params, architectures: Sequence[str], pool: Pool) -> None:
    """Compute the trials of several searches on one pool, so that the store holds them.

    Each search proposes as it would alone, so that stage `tune@ARCH` finds its own trials.

    Args:
        settings: The parameters.
        architectures: Whose searches.
        pool: Computes; `pool.run` may be called from several threads.
    """
    searches = [tuning.opened(settings, name, pool) for name in architectures]
    with (
        Views([watch.view for _, _, watch in searches]),
        ThreadPoolExecutor(len(searches)) as threads,
    ):
        try:
            for ended in as_completed([threads.submit(tuning.run, *each) for each in searches]):
                ended.result()
        except BaseException:
            pool.close()  # else the other searches would go on to their ends
            raise
