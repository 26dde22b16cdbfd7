"""A worker without the policy: programs are plain Python with all of its builtins, and only the process holds them."""

import builtins
import math
from typing import Any

import numpy

from sandbox import forkserver, policy, worker


def compile_plainly(source: str, entry: str, features: frozenset[str]) -> policy.Compiled:
    del features
    return policy.Compiled(compile(source, policy.FILE_NAME, "exec"), entry)


def main() -> None:
    changed: Any = worker
    changed.BUILTINS = vars(builtins)
    changed.MODULES = {"np": numpy, "numpy": numpy, "math": math}
    policy.compile_program = compile_plainly
    forkserver.main()
