"""An encoder with its masked-language head, which extraction leaves out."""

from copy import deepcopy

from transformers import AutoModelForMaskedLM
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING

from synth.models import LoadedModel, describe_model, quiet
from synth.settings import IN_MEMORY, Settings
from synth.unloadable import explained


def with_masked_head(loaded: LoadedModel, settings: Settings) -> LoadedModel | str:
    """An encoder that foretells masked tokens, or why there is none, as the end of a sentence.

    Args:
        loaded: the encoder as the run was made with.
        settings: of the run.

    Raises:
        InputError: the weights cannot be read.
    """
    config, mask = loaded.model.config, loaded.tokenizer.mask_token_id
    if mask is None:
        return "its tokenizer has no mask token"
    if mask >= loaded.model.get_input_embeddings().num_embeddings:
        return "it does not know its tokenizer's mask token"
    if type(config) not in MODEL_FOR_MASKED_LM_MAPPING:
        return f"{config.model_type} has no masked-language head"
    if isinstance(loaded.model, MODEL_FOR_MASKED_LM_MAPPING[type(config)]):
        return loaded
    if settings.model.startswith(IN_MEMORY):
        return f"it is a {type(loaded.model).__name__}, without a masked-language head"
    name = settings.model
    with quiet(), explained(f"cannot load the weights of {name}", "fetch them again or choose another model"):
        model, info = AutoModelForMaskedLM.from_pretrained(
            name,
            config=deepcopy(config),
            revision=settings.revision or None,
            dtype=loaded.model.dtype,
            trust_remote_code=False,
            output_loading_info=True,
        )
    if missing := sorted(info["missing_keys"]):
        return f"its checkpoint lacks the weights of a masked-language head ({missing[0]}, …)"
    return describe_model(loaded.name, model.to(loaded.model.device), loaded.tokenizer)
