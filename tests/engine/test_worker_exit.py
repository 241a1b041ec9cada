"""The end of a worker that said nothing is explained from its exit code and the last it printed."""

import pytest

from engine.supervisor.worker_exit import explain_exit

LAUNCHER = "1125 15:51:10.123000 123 torch/distributed/elastic/multiprocessing/api.py:882] "
KILLED_PROCESS = f"""training
W{LAUNCHER}Sending process 124 closing signal SIGTERM
E{LAUNCHER}failed (exitcode: -9) local_rank: 1 (pid: 125) of binary: python
Traceback (most recent call last):
torch.distributed.elastic.multiprocessing.errors.ChildFailedError: engine.jobs.worker FAILED"""
BROKEN_PROCESS = f"""There is no device 'cuda:1'.
E{LAUNCHER}failed (exitcode: 1) local_rank: 1 (pid: 125) of binary: python
torch.distributed.elastic.multiprocessing.errors.ChildFailedError: engine.jobs.worker FAILED"""


@pytest.mark.parametrize(
    ("exit_code", "log_tail", "said"),
    [
        (-9, "training", "killed, as the system does when memory runs out"),
        (-11, "Fatal Python error: Segmentation fault", "signal 11 (SIGSEGV): Fatal Python error"),
        (-15, "", "signal 15 (SIGTERM), and its log is empty"),
        (-250, "", "signal 250"),
        (1, "Traceback\n  File\nKeyError: 'loss'\n\n", "exit code 1: KeyError: 'loss'"),
        (0, "done", "ended before its run did: done"),
        (1, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate", "memory of the device ran out"),
        (1, "OSError: [Errno 28] No space left on device", "disk is full"),
        (1, KILLED_PROCESS, "killed, as the system does when memory runs out"),
        (1, BROKEN_PROCESS, "exit code 1: There is no device 'cuda:1'."),
        (None, "", "while no studio was watching"),
    ],
)
def test_every_end_has_a_reason_and_a_way_out(exit_code, log_tail, said):
    message, fix = explain_exit(exit_code, log_tail)
    assert said in message
    assert message.endswith(".")
    assert "esume" in fix
