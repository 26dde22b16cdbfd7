"""``headsynth prompt`` on finished runs."""

import json
import re
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from prompts.conversation import Message, estimate_prompt
from surrogates.language.tokens import TokenTable
from surrogates.library.heads import Head
from synth.attention import extract
from synth.corpus import Split
from synth.demo import demo_stories
from synth.engine import Local
from synth.llm.store import Ask, Exchanges
from synth.material import Material
from synth.models import encode, load_for
from synth.progress import Reporter
from synth.proposers.language_model.plan import Plan
from synth.proposers.language_model.questions import questions, questions_of_round
from synth.run import Run, open_run
from synth.settings import DEMO_CORPUS, Settings
from tests.synth.tiny_runs import call, refusal

HEAD = Head(0, 3)
STORIES = Path(__file__).parents[3] / "shared" / "models" / "stories260K"


def material_of(path: Path) -> Material:
    return open_run(path).material


def asked(run: Run, round_: int) -> list[Ask]:
    plan = Plan("any")
    with closing(Exchanges(run.library.path)) as exchanges:
        return questions_of_round(run, exchanges, [HEAD], round_, plan, Local(1), Reporter())[HEAD]


@pytest.mark.parametrize("which", ["finished", "finished_encoder"])
def test_prints_what_would_be_sent(which: str, request: pytest.FixtureRequest, capsys: Any) -> None:
    run = request.getfixturevalue(which)
    plain = call(capsys, "prompt", run, "L0H3")
    document = call(capsys, "prompt", run, "L0H3", "--json").document
    assert [message["role"] for message in document] == ["system", "user"]
    lines = plain.out.splitlines()
    assert lines[0].startswith("===== system")
    assert sum(line.startswith("===== ") for line in lines) == 2
    for message in document:
        assert message["content"] in plain.out
    user = document[1]["content"]
    assert "The head's program so far" in user
    assert "Query words, those first by whom most is misplaced" in user
    assert " -> " in user
    assert user.count("its tokens with their places") >= 8
    assert call(capsys, "prompt", run, "L0H3").out == plain.out


def test_size_is_kept(finished: Path, capsys: Any) -> None:
    for limit in (5500, 8000, 12_000):
        document = call(capsys, "prompt", finished, "L1H2", "--prompt-tokens", limit, "--json").document
        assert estimate_prompt([Message(**message) for message in document]) <= limit


def test_refusals(finished: Path, tmp_path: Path, capsys: Any) -> None:
    assert "smallest prompt" in refusal(capsys, "prompt", finished, "L0H3", "--prompt-tokens", 100)
    assert "no head L7H0" in refusal(capsys, "prompt", finished, "L7H0")
    assert "no head L0H99" in refusal(capsys, "prompt", finished, "L0H99")
    assert "is not a head" in refusal(capsys, "prompt", finished, "head3")
    assert "no run directory" in refusal(capsys, "prompt", tmp_path, "L0H3")


@pytest.mark.parametrize("round_", [1, 3])
def test_nothing_of_validation_and_test_decides_a_prompt(run: Path, round_: int) -> None:
    """The questions are the same when all other texts, their patterns and figures are something else."""
    material = material_of(run)
    train = set(material.splits["train"])

    class Guarded(Material):
        def cells(self, head: Head, numbers: Sequence[int]) -> Any:
            assert set(numbers) <= train
            return super().cells(head, numbers)

    guarded = Guarded(**vars(material))
    others = [number for number in range(len(material.ids)) if number not in train]
    lone = tuple((0, 1) if number in others else tokens for number, tokens in enumerate(material.ids))
    changed = Guarded(**{**vars(material), "ids": lone})
    with open_run(run) as value, open_run(run) as other:
        value.__dict__["material"], other.__dict__["material"] = guarded, changed
        before = asked(value, round_)
        assert asked(other, round_) == before
        # Figures of validation and test texts reversed: another order of merit, the same questions.
        value.library._rows("UPDATE candidates SET validation_iou = 1 - validation_iou, iou = 0.987654")
        assert asked(value, round_) == before
    texts = json.dumps([message.content for ask in before for message in ask.messages])
    assert "987" not in texts


def test_the_program_is_shown_in_parts_whose_shares_add_up(finished: Path) -> None:
    with open_run(finished) as run:
        (first, *_) = asked(run, 1)
        best = max(run[HEAD].ranked, key=lambda entry: entry.scores.train_iou)
    shown = first.messages[1].content
    assert f"IoU {best.scores.train_iou:.3f} on the training texts. Its hypothesis: {best.program.hypothesis}" in shown
    shares = [int(share) for share in re.findall(r"^\d+\. (\d+)%: ", shown, re.MULTILINE)]
    assert len(shares) == best.program.parts
    assert sum(shares) == pytest.approx(100, abs=len(shares))
    assert shares == sorted(shares, reverse=True)


def test_questions_of_a_round_begin_with_other_texts(finished: Path) -> None:
    with open_run(finished) as run:
        firsts = {re.findall(r"^0:.*$", ask.messages[1].content, re.MULTILINE)[0] for ask in asked(run, 1)}
    assert len(firsts) == 2


@pytest.mark.skipif(not STORIES.is_dir(), reason="the shared models are not beside this checkout")
def test_every_prompt_of_a_trained_model_fits(tmp_path: Path) -> None:
    loaded = load_for(Settings(model=str(STORIES), corpus=DEMO_CORPUS), "cpu")
    splits: list[Split] = ["validation", "test", *["train"] * 14]  # type: ignore[list-item]
    ids = encode(loaded, demo_stories()[: len(splits)], 96)
    extract(loaded, ids, tmp_path / "attention")
    embeddings = loaded.model.get_input_embeddings().weight.detach()
    table = TokenTable.from_tokenizer(loaded.tokenizer, len(embeddings))
    material = Material.build(
        tmp_path / "attention", table, embeddings, ids, splits, causal=loaded.causal, windows=loaded.windows
    )
    for head in loaded.heads[::8]:
        (ask, *_) = questions(material, head, [], [], 1, Plan("any"))
        assert estimate_prompt(ask.messages) <= 12_000
        assert "Text 8" in ask.messages[1].content
