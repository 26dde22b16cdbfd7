"""Budgets and prices: what is known before anything is sent, and a limit that is never passed."""

import os
from pathlib import Path

import pytest

from prompts.conversation import Message
from surrogates.errors import InputError
from synth.llm.money import Budget, Price, load_prices, worst_case
from synth.llm.store import Exchange, Exchanges, Parameters
from tests.llm.asking import PARAMETERS, PROMPT, WORST, Ask, client, contents, nowhere, question, questions, refusal
from tests.llm.scripted_server import Reply, ScriptedServer, answer, error
from tests.prompts.counted import COUNTS, PROMPT_TEXTS, TOKENIZERS


@pytest.mark.parametrize(
    ("text", "limit", "unit"),
    [
        ("2.50", 2.5, "dollars"),
        ("$2.50", 2.5, "dollars"),
        (" 3 ", 3.0, "dollars"),
        ("0", 0.0, "dollars"),
        ("200000tokens", 200_000, "tokens"),
        ("200ktok", 200_000, "tokens"),
        ("1.5Mtokens", 1_500_000, "tokens"),
        ("1token", 1, "tokens"),
    ],
)
def test_budgets(text: str, limit: float, unit: str) -> None:
    budget = Budget.parse(text)
    assert (budget.limit, budget.unit) == (limit, unit)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "free",
        "-1",
        "2.50€",
        "200k",
        "$200ktok",
        "1e3",
        "nan",
        "inf",
        "1 000tok",
        "²",
        "9" * 400,
        "9" * 400 + "tokens",
        "1\n" * 9,
    ],
)
def test_texts_that_are_no_budget(text: str) -> None:
    with pytest.raises(InputError, match="write dollars as"):
        Budget.parse(text)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_what_is_set_aside_for_a_prompt_is_no_less_than_tokenizers_count(tokenizer: str) -> None:
    ask = Ask((Message("user", "".join(PROMPT_TEXTS.values())),))
    counted = sum(COUNTS[kind][TOKENIZERS.index(tokenizer)] for kind in PROMPT_TEXTS)
    assert worst_case(ask, PARAMETERS, None).tokens - PARAMETERS.answer_tokens >= counted


@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_budget_of_tokens_is_never_passed(exchanges: Exchanges, concurrency: int) -> None:
    """Every answer takes all it may, so room for three and a half is room for three."""
    play = lambda *_: answer("fine", usage=(PROMPT, 50), latency=0.02)  # noqa: E731
    budget = Budget(3.5 * WORST, "tokens")
    with ScriptedServer(play) as server:
        outcomes = client(server, exchanges, budget=budget, concurrency=concurrency).ask(questions(6), nowhere)
        assert len(server.completions) == 3
        assert outcomes[3:] == [None] * 3
        assert exchanges.totals().tokens <= budget.limit
        # What earlier calls cost counts in a rerun too.
        again = client(server, exchanges, budget=budget).ask(questions(6), nowhere)
        assert again == outcomes
        more = client(server, exchanges, budget=Budget(4 * WORST, "tokens")).ask(questions(6), nowhere)
    contents(more[:4])
    assert more[4:] == [None, None]


def test_what_calls_leave_of_their_worst_case_is_used(exchanges: Exchanges) -> None:
    play = lambda *_: answer("fine", usage=(5, 5), latency=0.01)  # noqa: E731
    with ScriptedServer(play) as server:
        asking = client(server, exchanges, budget=Budget(2 * WORST, "tokens"), concurrency=4)
        outcomes = asking.ask(questions(10), nowhere)
    # 10 tokens a call: the worst case of 60 fits beside those spent until 6 calls are through, and then a seventh.
    contents(outcomes[:7])
    assert outcomes[7:] == [None] * 3


def test_a_long_question_that_does_not_fit_leaves_room_for_short_ones(exchanges: Exchanges) -> None:
    long = Ask((Message("user", "word " * 1000),))
    with ScriptedServer(lambda *_: answer("fine", usage=(PROMPT, 50))) as server:
        budget = Budget(2 * WORST, "tokens")
        outcomes = client(server, exchanges, budget=budget).ask([long, *questions(2)], nowhere)
    assert outcomes[0] is None
    contents(outcomes[1:])


def test_a_budget_of_nothing_asks_nothing(exchanges: Exchanges) -> None:
    with ScriptedServer(lambda *_: answer("fine")) as server:
        assert client(server, exchanges, budget=Budget(0, "tokens")).ask(questions(2), nowhere) == [None, None]
        assert server.completions == []


def test_calls_that_the_server_did_not_take_up_cost_nothing(exchanges: Exchanges) -> None:
    def play(prompt: str, _: int) -> Reply:
        return answer("fine", usage=(PROMPT, 50)) if prompt == "question 0" else error(400)

    with ScriptedServer(play) as server:
        asking = client(server, exchanges, budget=Budget(2 * WORST, "tokens"), concurrency=1)
        outcomes = asking.ask(questions(5), nowhere)
    assert None not in outcomes


def test_calls_that_may_have_been_billed_count(exchanges: Exchanges) -> None:
    def play(prompt: str, _: int) -> Reply:
        return answer("fine", usage=(PROMPT, 50), latency=5.0 if prompt == "question 0" else 0.0)

    with ScriptedServer(play) as server:
        asking = client(server, exchanges, budget=Budget(2 * WORST, "tokens"), concurrency=2, timeout=2.0)
        late, *others = asking.ask(questions(4), nowhere)
        assert len(server.completions) == 2
    assert str(late).startswith("timed out")
    assert others[1:] == [None, None]


@pytest.fixture
def own_prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text('["paid"]\ninput = 1.0\noutput = 10\n\n["gpt-4o"]\ninput = 7.0\noutput = 8.0\n')
    monkeypatch.setenv("HEADSYNTH_PRICES", str(path))
    return path


@pytest.mark.usefixtures("own_prices")
def test_a_budget_of_dollars_is_never_passed(exchanges: Exchanges) -> None:
    one = (PROMPT * 1.0 + 50 * 10.0) / 1e6
    budget, paid = Budget(2.5 * one, "dollars"), Parameters("paid", None, 50)
    with ScriptedServer(lambda *_: answer("fine", usage=(PROMPT, 50)), models=("paid",)) as server:
        outcomes = client(server, exchanges, parameters=paid, budget=budget).ask(questions(4), nowhere)
        assert len(server.completions) == 2
    assert outcomes[2:] == [None, None]
    totals = exchanges.totals()
    assert totals.dollars == pytest.approx(2 * one)
    assert (totals.calls, totals.prompt_tokens, totals.answer_tokens, totals.unpriced) == (2, 2 * PROMPT, 100, 0)


def test_dollars_need_a_price(exchanges: Exchanges, own_prices: Path) -> None:
    with ScriptedServer(lambda *_: answer("fine")) as server:
        with pytest.raises(InputError, match=r"price of scripted is unknown.*HEADSYNTH_PRICES.*200ktok"):
            client(server, exchanges, budget=Budget(1.0, "dollars"))
        # Nor can a budget be kept that earlier calls of unknown price count towards.
        client(server, exchanges).ask(questions(1), nowhere)
        paid = Parameters("paid", None, 50)
        with pytest.raises(InputError, match="price of scripted is unknown"):
            client(server, exchanges, parameters=paid, budget=Budget(1.0, "dollars"))
        own_prices.write_text(own_prices.read_text() + "[scripted]\ninput = 1e6\noutput = 0\n")
        assert client(server, exchanges, budget=Budget(1.0, "dollars")).ask(questions(2), nowhere)[1] is None


@pytest.mark.usefixtures("own_prices")
def test_prices() -> None:
    prices = load_prices()
    assert prices.of("paid") == Price(1.0, 10.0)
    assert prices.of("gpt-4o") == prices.of("openai/gpt-4o-2024-08-06") == Price(7.0, 8.0)
    assert prices.of("claude-sonnet-4-20250514") == Price(3.0, 15.0)
    assert prices.of("my-own-model") is None
    assert Price(1.0, 10.0).dollars(2_000_000, 100_000) == 3.0


@pytest.mark.parametrize(
    "text",
    ["[m", "m = 3", "[m]\ninput = 1", "[m]\ninput = -1\noutput = 1", '[m]\ninput = "1"\noutput = 1', "\xff",
     "[m]\ninput = inf\noutput = 1", "[m]\ninput = 1\noutput = nan", "[m]\ninput = true\noutput = 1",
     f"[m]\ninput = {'9' * 400}\noutput = 1", f"[m]\ninput = {'9' * 5000}\noutput = 1",
     "m = " + "[" * 5000 + "]" * 5000, '["m\\u001b[2J\\n"]\ninput = 1'],
)  # fmt: skip
def test_price_files_that_are_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.toml"
    path.write_bytes(text.encode("latin-1"))
    assert "prices.toml" in refusal(lambda: load_prices(path))


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_prices_are_read_from_files_only(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "prices.toml"
    os.mkfifo(path) if kind == "pipe" else path.mkdir()
    assert "it is no file; name a TOML file" in refusal(lambda: load_prices(path))


def test_a_price_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the prices"):
        load_prices(tmp_path / "none.toml")


def test_totals_tell_the_unpriced_apart(exchanges: Exchanges) -> None:
    assert exchanges.totals().calls == 0
    first = Exchange("k1", "a", "stop", 10, 1, 0.5, 1.0, "m")
    assert exchanges.add(first)
    assert exchanges.add(Exchange("k0", "b", "stop", 20, 2, None, 1.0, "m"))
    assert not exchanges.add(Exchange("k1", "other", "stop", 99, 9, 9.0, 1.0, "m"))
    totals = exchanges.totals()
    assert (totals.calls, totals.tokens, totals.dollars, totals.unpriced) == (2, 33, 0.5, 1)
    assert [exchange.key for exchange in exchanges.all()] == ["k0", "k1"]
    assert exchanges.get("k1") == first
    assert exchanges.get(question("q").key(PARAMETERS)) is None
