"""The cloze task of the bundled stories, and that the shipped model knows the answers."""

import re
from collections import Counter

import torch

from synth.demo import demo_stories
from synth.demo.cloze import cloze_items
from synth.demo.measure import load

SAMPLE = 60


def test_items_are_the_same_every_time() -> None:
    assert cloze_items() == cloze_items()


def test_an_item_tells_a_word_said_before_from_others_of_its_kind() -> None:
    items = cloze_items()
    assert len(items) == len({item["query"] for item in items}) == 400
    named = 0
    for item in items:
        said = re.findall(r"\w+", item["query"])
        assert len(set(item["choices"])) == 4
        assert item["choices"][item["gold"]] in said
        assert item["query"] == item["query"].strip()
        named += sum(choice in said for choice in item["choices"])
    assert named / len(items) > 2  # so that it takes more than to know which words were said
    assert all(80 <= count <= 120 for count in Counter(item["gold"] for item in items).values())


def test_no_item_is_of_the_corpus_that_programs_are_fitted_to() -> None:
    beginnings: dict[str, list[str]] = {}
    for story in demo_stories():
        beginnings.setdefault(story[:60], []).append(story)
    for item in cloze_items():
        assert not any(story.startswith(item["query"]) for story in beginnings.get(item["query"][:60], []))


def test_the_model_is_far_above_chance() -> None:
    torch.set_num_threads(1)
    loaded = load()
    start, context = [loaded.tokenizer.bos_token_id], loaded.model.config.max_position_embeddings
    right = asked = 0
    for item in cloze_items()[:SAMPLE]:
        before = loaded.tokenizer(item["query"], add_special_tokens=False)["input_ids"]
        likelihoods = []
        for choice in item["choices"]:
            own = loaded.tokenizer(f" {choice}", add_special_tokens=False)["input_ids"]
            ids = torch.tensor([[*start, *before, *own]])
            if ids.shape[1] > context:
                break
            with torch.no_grad():
                logs = loaded.model(ids).logits[0, -len(own) - 1 : -1].log_softmax(-1)
            likelihoods.append(float(logs.gather(1, ids[0, -len(own) :, None]).sum()))
        else:
            asked += 1
            right += likelihoods.index(max(likelihoods)) == item["gold"]
    assert asked > 50
    # With four choices a guess is right in 15 of 60; in 30 or more in one of 30,000 rounds of guessing.
    assert right >= 30
