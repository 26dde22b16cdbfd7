"""``headsynth prompt``: what a language model would be asked about a head."""

from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

from prompts.tokens import estimate_tokens
from synth.commands.kept_plan import kept_plan
from synth.console import print_document, print_lines
from synth.engine import Local
from synth.llm.store import Exchanges
from synth.progress import Reporter
from synth.proposers.language_model.plan import Plan, stage_name
from synth.proposers.language_model.questions import questions_of_round
from synth.run import open_run


def show_prompt(path: Path, head: str, limit: int | None, *, as_json: bool) -> None:
    """Print the first question of the head's next round, each message under a line with its role and size.

    Args:
        path: the run directory.
        head: its name.
        limit: most tokens of the prompt; None for those of the run's plan.
        as_json: print the messages as JSON instead.

    Raises:
        InputError: there is no run, it has no such head, or the smallest prompt is larger than ``limit`` tokens.
    """
    with open_run(path) as run, closing(Exchanges(run.library.path)) as exchanges:
        wanted = run.head(head)
        plan = kept_plan(exchanges, run.path) or Plan("")
        plan = replace(plan, prompt_tokens=limit or plan.prompt_tokens)
        round_ = 1
        while wanted in run.library.finished(stage_name(plan.model, round_)):
            round_ += 1
        reporter = Reporter()
        if round_ > plan.rounds:
            reporter.say(f"the run's {plan.rounds} rounds are done; this is what one more would ask")
        asked = questions_of_round(run, exchanges, [wanted], round_, plan, Local(1), reporter)
    messages = asked[wanted][0].messages
    if as_json:
        print_document([asdict(message) for message in messages])
        return
    for message in messages:
        print_lines(f"===== {message.role} (about {estimate_tokens(message.content)} tokens) =====")
        print_lines(message.content)
