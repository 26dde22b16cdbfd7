"""What a run was last given to ask, as the commands read it back."""

from pathlib import Path

from surrogates.errors import InputError
from synth.llm.store import Exchanges
from synth.proposers.language_model.plan import Plan


def kept_plan(exchanges: Exchanges, path: Path) -> Plan | None:
    """The plan that a run keeps; None where it has asked no language model yet.

    Raises:
        InputError: it is damaged.
    """
    kept = exchanges.plan()
    if kept is None:
        return None
    try:
        return Plan.from_json(kept)
    except ValueError as error:
        raise InputError(
            f"the plan in {path} cannot be read ({error}); ask anew with --llm MODEL, which replaces it"
        ) from error
