"""How many processes, and threads in each: together never more than there are cores."""

from __future__ import annotations


def spread(n_jobs: int | None, n_pieces: int) -> tuple[int, int]:
    """Processes for some pieces of work, and threads for each process.

    Parameters
    ----------
    n_jobs : int, optional
        Processes asked for; by default one a core. More than the cores are not started.
    n_pieces : int
        Pieces that can be done side by side.

    Returns
    -------
    processes, threads : int
        ``processes * threads`` is at most the number of usable cores; threads are no more than
        OMP_NUM_THREADS, where that is set.

    Examples
    --------
    >>> spread(1, 10)[0], spread(1000, 1)[0]
    (1, 1)
    """
    import joblib

    from wmsim.decoding.engine.threads import n_threads

    cores = joblib.cpu_count()
    processes = max(1, min(n_jobs or cores, cores, n_pieces))
    return processes, max(1, min(cores // processes, n_threads(None)))
