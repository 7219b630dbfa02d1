"""How many threads share the arithmetic of a batch."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["single_thread"]

# A thread of Python that starts while another is within would take 1 for the usual number.
_lock = threading.Lock()
_n_users = 0
_n_threads = 1


@contextmanager
def single_thread() -> Iterator[None]:
    """Let torch use one thread, and as many as before afterwards."""
    global _n_users, _n_threads
    with _lock:
        if _n_users == 0:
            _n_threads = torch.get_num_threads()
        _n_users += 1
    torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _n_users -= 1
            torch.set_num_threads(_n_threads)
