"""What holds for all tests."""

import gc


def pytest_collection_finish() -> None:
    """Keep what was imported and collected by then out of the collections of garbage, which would look through it."""
    gc.collect()
    gc.freeze()
