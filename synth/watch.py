"""What ends processes: signals that stop a command, and a worker's parent that is gone.

A process looks after this before anything else, so nothing that takes long to import is imported here.
"""

import os
import signal
import time
from threading import Thread

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, ``kill`` and a terminal that closes."""


def end_with(parent: int) -> None:
    """Make this process end when the one that started it is killed; joblib's would wait for work for minutes.

    Args:
        parent: the process that started it, which may be gone by now.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    Thread(target=watch, daemon=True).start()
