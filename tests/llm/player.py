"""Plays a language model: answers a prompt with as many parts or programs as it asks for, well or badly.

What is answered follows from the prompt alone, so that a run that is repeated or cut short meets the same model.
"""

import hashlib
import json
import random
import re

from tests.llm.scripted_server import Play, Reply, answer, drop, error, raw

_TERMS = (
    "key.is_first", "pair.offset(0)", "pair.offset(1)", "pair.offset(2)", "pair.log_distance", "log1p(key.index)",
    "pair.same_token", "pair.follows_same_token", 'key.is_one_of("dog", "ran")', 'key.is_one_of("the", "a")',
    "key.is_capitalised", "key.is_comma", "pair.same_sentence", 'query.is_one_of("the", "ball") * pair.offset(1)',
    "query.is_capitalised * key.is_first", "pair.latest(key.is_sentence_end)", "exp(-pair.distance)",
    "curve(pair.distance, {0: 0.5, 1: 0.25, 3: 0.0, 12: -0.5})",
    'weights(query, {"the": 1.0, "dog": -1.0, "a": 0.5, "Tom": -0.5}, is_comma=0.25) * key.is_capitalised',
    'weights(key, {"the": 0.5, "dog": -0.5, "ball": 0.25, "ran": 0.5}, is_sentence_end=0.25)',
)  # fmt: skip
_WANTED = re.compile(r"Write (\d+) (?:part|whole program)")
FAULTS = (
    "prose", "empty", "truncated", "open reasoning", "syntax", "policy", "no docstring", "raises", "shape",
    "not finite", "server error", "busy once", "invalid JSON", "dropped once", "refused",
)  # fmt: skip
MENDED = 'def attend(query, key, pair, near=1.0):\n    """Near keys."""\n    return -near * pair.log_distance\n'
_BODIES = {
    "syntax": "    return near * (pair.offset(1)\n",
    "policy": "    return open('/etc/passwd')\n",
    "raises": "    return near * pair.distance[10 ** 6, 0]\n",
    "shape": "    s = pair.zeros()\n    return s[:, :1, None]\n",
    "not finite": "    s = pair.zeros()\n    return s / 0.0\n",
}


def player(faulty: float = 0.0) -> Play:
    """A model of which a share of the answers is faulty in one of the ways of ``FAULTS``."""

    def play(prompt: str, attempt: int) -> Reply:
        generator = random.Random(hashlib.sha256(prompt.encode()).hexdigest())
        fault = generator.choice(FAULTS) if generator.random() < faulty else ""
        return _faulty(fault, prompt, generator, attempt) if fault else answer(_programs(prompt, generator))

    return play


def _programs(prompt: str, generator: random.Random) -> str:
    """As many programs as asked for, each the sum of some terms."""
    if "Correct it with" in prompt:
        return f"The mistake is mended.\n\n```python\n{MENDED}```"
    wanted = _WANTED.search(prompt)
    written = []
    for _ in range(int(wanted[1]) if wanted else 1):
        chosen = generator.sample(_TERMS, generator.randint(1, 4))
        # As models write them: a constant for each term.
        constants = "".join(f", w{place}=1.0" for place in range(len(chosen)))
        body = " + ".join(f"w{place} * {term}" for place, term in enumerate(chosen))
        hypothesis = json.dumps(f"Sum of {len(chosen)} habits.")[1:-1]
        source = f'def attend(query, key, pair{constants}):\n    """{hypothesis}"""\n    return {body}\n'
        written.append(f"A guess:\n\n```python\n{source}```")
    return "\n\n".join(written)


def _faulty(fault: str, prompt: str, generator: random.Random, attempt: int) -> Reply:
    match fault:
        case "prose":
            return answer("I would say that this head looks at the previous token.")
        case "empty":
            return answer("", finish_reason="length")
        case "truncated":
            whole = _programs(prompt, generator)
            return answer(whole[: len(whole) - 30], finish_reason="length")
        case "open reasoning":
            return answer("<think>\nFirst, the evidence. " + _programs(prompt, generator)[:60])
        case "no docstring":
            return answer("```python\ndef attend(query, key, pair):\n    return key.is_first\n```")
        case "server error":
            return error(500)
        case "busy once":
            return error(429) if attempt == 1 else answer(_programs(prompt, generator))
        case "invalid JSON":
            return raw(b'{"choices": [')
        case "dropped once":
            return drop() if attempt == 1 else answer(_programs(prompt, generator))
        case "refused":
            return error(400, "the prompt was found to be harmful")
    source = f'def attend(query, key, pair, near=1.0):\n    """The {fault} fault."""\n{_BODIES[fault]}'
    return answer(f"```python\n{source}```")
