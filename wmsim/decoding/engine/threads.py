"""Threads: as many problems at a time as there are cores to use, each with one thread of BLAS."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any


def n_threads(asked: int | None) -> int:
    """Threads to use: what is asked for, or set by OMP_NUM_THREADS, or else all usable cores.

    joblib sets OMP_NUM_THREADS in its workers, so that processes times threads never exceeds the
    cores.
    """
    if asked is not None:
        return max(1, int(asked))
    named = os.environ.get("OMP_NUM_THREADS", "")
    if named.isdigit() and int(named) > 0:
        return int(named)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def run_all(work: Callable[[int], None], n_jobs: int, threads: int) -> None:
    """Call ``work(0)`` to ``work(n_jobs - 1)``; `work` releases the interpreter's lock.

    Parameters
    ----------
    work : callable
        What to do, given the number of the job.
    n_jobs, threads : int
        Number of jobs, and of threads.
    """
    with _single_blas():
        if threads == 1 or n_jobs == 1:
            for job in range(n_jobs):
                work(job)
            return
        with ThreadPoolExecutor(min(threads, n_jobs)) as pool:
            for done in [pool.submit(work, job) for job in range(n_jobs)]:
                done.result()


@cache
def _controller() -> Any:
    # Compiled code calls SciPy's BLAS, not NumPy's: it must be loaded to be found and limited.
    import scipy.linalg.cython_lapack  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class _Users:
    """Who needs BLAS to be single-threaded now: the setting is one for the whole process."""

    lock = Lock()
    count = 0
    limit: Any = None


@contextmanager
def _single_blas() -> Iterator[None]:
    """One thread of BLAS for as long as anybody is within; the last one out restores it."""
    with _Users.lock:
        if _Users.count == 0:
            _Users.limit = _controller().limit(limits=1, user_api="blas")
            _Users.limit.__enter__()
        _Users.count += 1
    try:
        yield
    finally:
        with _Users.lock:
            _Users.count -= 1
            if _Users.count == 0:
                _Users.limit.__exit__(None, None, None)
