"""What a run was last given to ask, as the commands read it back."""

from dataclasses import asdict
from pathlib import Path

from surrogates.errors import InputError
from synth.proposers.llm.exchanges import Exchanges
from synth.proposers.llm.plan import Plan

_REMEDY = "ask anew with --llm MODEL, which replaces it"


def kept_plan(exchanges: Exchanges, path: Path) -> Plan | None:
    """The plan that a run keeps; None where it has asked no language model yet.

    Raises:
        InputError: it is damaged.
    """
    kept = exchanges.plan()
    if kept is None:
        return None
    try:
        plan = Plan.from_json(kept)
        for name, value in asdict(plan).items():
            if name == "heads":
                wrong = not all(isinstance(head, str) for head in value)
            else:
                wrong = not isinstance(value, str) if name == "model" else type(value) is not int or value < 1
            if wrong:
                raise ValueError(f"{name} is {value!r}")
    except KeyError as error:
        raise InputError(f"the plan in {path} cannot be read (it lacks {error}); {_REMEDY}") from error
    # What is nested too deeply ends in a RecursionError.
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"the plan in {path} cannot be read ({error}); {_REMEDY}") from error
    return plan
