"""Things that show what must not happen: a file that appears, a secret that comes back, a port that is spoken to."""

import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SECRET = b"\x91headsynth\x92secret\x93"


class Canaries:
    """A folder that anybody may write to, with a secret in it, a loopback port that listens, and a process."""

    def __init__(self) -> None:
        self._bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        self._folder = Path(tempfile.mkdtemp())
        self._folder.chmod(0o777)
        self.canary = self._folder / "canary"
        self.secret = self._folder / "secret"
        self.secret.write_bytes(SECRET)
        self.secret.chmod(0o666)
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._tcp.setblocking(False)
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(self._tcp.getsockname())
        self._udp.setblocking(False)

    def close(self) -> None:
        self._tcp.close()
        self._udp.close()
        self._bystander.kill()
        self._bystander.wait()
        shutil.rmtree(self._folder)

    def placed(self, source: str) -> str:
        """A case's source with the places of the canaries in it."""
        names = {
            "@CANARY@": str(self.canary),
            "@SECRET@": str(self.secret),
            "@PORT@": str(self._tcp.getsockname()[1]),
            "@PID@": str(self._bystander.pid),
        }
        for name, value in names.items():
            source = source.replace(name, value)
        return source

    def harm(self, scores: np.ndarray | None = None) -> list[str]:
        """What happened since the last time, in words."""
        found = []
        if {path.name for path in self._folder.iterdir()} != {"secret"}:
            found.append("a file appeared or went: " + str([path.name for path in self._folder.iterdir()]))
            for path in self._folder.iterdir():
                if path != self.secret:
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        if (
            not self.secret.is_file()
            or self.secret.read_bytes() != SECRET
            or self.secret.stat().st_mode & 0o777 != 0o666
        ):
            found.append("the secret was changed")
            self.secret.write_bytes(SECRET)
            self.secret.chmod(0o666)
        if scores is not None and _holds_secret(scores):
            found.append("the secret came back")
        if self._bystander.poll() is not None:
            found.append("a process was killed")
        for line in (self._tcp, self._udp):
            try:
                if line is self._tcp:
                    line.accept()[0].close()
                else:
                    line.recv(100)
            except BlockingIOError:
                continue
            found.append("the port was spoken to")
        return found


def _holds_secret(scores: np.ndarray) -> bool:
    """Whether the secret's first bytes follow each other in some row."""
    start = np.frombuffer(SECRET[:6], dtype=np.uint8).astype(np.float32)
    return any(
        np.array_equal(row[place : place + len(start)], start)
        for row in scores
        for place in range(len(row) - len(start) + 1)
    )
