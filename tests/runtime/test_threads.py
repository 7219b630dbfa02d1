import threading

import pytest
import torch

from skvae.runtime.threads import single_thread


def test_one_thread_within_and_as_many_as_before_afterwards():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with single_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
        with pytest.raises(KeyboardInterrupt), single_thread():
            raise KeyboardInterrupt
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_threads_that_overlap_all_end_with_the_usual_number():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    entered, leave, seen = threading.Event(), threading.Event(), []

    def first():
        with single_thread():
            entered.set()
            leave.wait(10)

    def second():
        entered.wait(10)
        with single_thread():
            pass
        seen.append(torch.get_num_threads())
        leave.set()

    try:
        threads = [threading.Thread(target=target) for target in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        fresh = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        fresh.start()
        fresh.join()
        assert seen == [3, 3]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
