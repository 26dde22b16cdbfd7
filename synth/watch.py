"""Ends a worker process with its parent.

A worker looks after this before anything else, so nothing that takes long to import is imported here.
"""

import os
import time
from threading import Thread


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
