"""Tiny models of many families, tens of thousands of random weights each: what attention is tried on.

A family is named by the ``model_type`` of its configuration, with ``_decoder`` where an encoder is made one. Its model
shows the kinds of layer that the family has, in as few layers as that takes.
"""

from copy import deepcopy
from typing import Any

import torch
import transformers
from transformers import PreTrainedModel

from tests.family_table import FAMILIES


def random_model(name: str, attention: str | None, settings: dict[str, Any]) -> PreTrainedModel:
    """A family's tiny model with random matrices; its biases, norms and sinks are as a new model's."""
    family = FAMILIES[name]
    model_class = getattr(transformers, family.model)
    given = deepcopy(family.settings) | settings  # some configurations fill in the dictionaries they are given
    config = model_class.config_class(**given, attn_implementation=attention)
    torch.manual_seed(0)
    model = model_class(config)
    for weight in model.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.3)  # the usual 0.02 leaves every pattern almost uniform
    return model.eval()


def make(name: str, *, attention: str | None = None, **settings: Any) -> PreTrainedModel:
    """A family's tiny model in evaluation mode, all its weights random and the same every time.

    Args:
        name: a family of ``FAMILIES``.
        attention: the attention implementation; what transformers chooses, SDPA where there is one, if left out.
        settings: further settings of its configuration.
    """
    with torch.random.fork_rng(devices=[]):
        model = random_model(name, attention, settings)
        with torch.no_grad():
            for weight in model.parameters():
                if weight.dim() <= 1:
                    weight.add_(0.1 * torch.randn_like(weight))
    return model
