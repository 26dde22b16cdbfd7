"""What holds for all tests."""

import gc
import os

import pytest

# Read when torch is first loaded, here and in every process that a test starts: results in the last digit depend on the
# number of threads, and the cores are for the tests that run beside each other.
os.environ["OMP_NUM_THREADS"] = "1"


def pytest_collection_finish() -> None:
    """Keep what was imported and collected by then out of the collections of garbage, which would look through it."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as properties: their own output does not leave the process that they ran in."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
