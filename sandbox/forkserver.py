"""The process that forks a worker for every program, ready in milliseconds since all it needs is loaded.

It runs nothing that it is sent. What a program did to its process, policy or no policy, ends with that process.
"""

import gc
import json
import os
import signal
import socket
import sys
import warnings
from contextlib import suppress

import numpy as np

from sandbox.wire import PROCESS
from sandbox.worker import serve, warm_up


def main() -> None:
    """Serve the pool on descriptor 0 until it goes away. The one argument is a JSON object of settings.

    An order is a number: 0, sent along with a descriptor, asks for a worker that serves it; any other is the process
    to end. The answer is the worker's process, or the process that ended.
    """
    settings = json.loads(sys.argv[1])
    pool = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the pool's process, which ends this one
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    warm_up()
    gc.collect()
    gc.freeze()  # what is loaded stays shared with the workers
    workers: set[int] = set()
    while True:
        order, lines, *_ = socket.recv_fds(pool, PROCESS.size, 1)
        if len(order) < PROCESS.size:
            break
        (process,) = PROCESS.unpack(order)
        if lines:
            process = os.fork()
            if process == 0:
                _become_worker(lines[0], settings)
            os.close(lines[0])
            workers.add(process)
        elif process in workers:
            _end(process)
            workers.remove(process)
        pool.sendall(PROCESS.pack(process))
    for process in workers:
        _end(process)


def _become_worker(line: int, settings: dict) -> None:
    try:
        os.dup2(line, 0)
        serve(socket.socket(fileno=0), settings)
    finally:
        os._exit(1)  # whatever happens, it must not go on as a second server


def _end(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
