"""Whether a model and its tokenizer are those that a run was made with."""

from pathlib import Path
from typing import TYPE_CHECKING

from surrogates.errors import InputError
from synth.attention import open_store
from synth.fingerprint import changed_part, model_fingerprint
from synth.material import Material

if TYPE_CHECKING:
    from synth.models import LoadedModel


def check_same_model(run: Path, material: Material, loaded: "LoadedModel") -> None:
    """Refuse another model than a run's.

    Args:
        run: the run directory.
        material: its texts as tokens, and where the patterns lie.
        loaded: the model.

    Raises:
        InputError: it or its tokenizer is not what the patterns were made with.
    """
    from surrogates.running.patching import token_table

    if changed := changed_part(open_store(material.attention).model, model_fingerprint(loaded)):
        raise InputError(
            f"the {changed} of {loaded.name} are not those that {run} was made with; bring them back or start a new "
            "run directory"
        )
    table, ids = token_table(loaded.model, loaded.tokenizer, []), material.vocabulary
    if max(ids) >= len(table.texts) or not table.subset(ids).same_facts(material.table):
        raise InputError(f"the tokenizer of {loaded.name} is not the one that {run} was made with; bring it back")
    # Every causal text starts with a BOS or none does; an encoder's special tokens are its tokenizer's.
    first = next(ids[tokens[0]] for tokens in material.ids if tokens)
    if material.causal and loaded.add_bos != (first == loaded.tokenizer.bos_token_id):
        raise InputError(
            f"the tokenizer of {loaded.name} no longer starts texts as {run} has them; bring it back or start a new "
            "run directory"
        )
