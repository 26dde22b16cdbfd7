"""What is measured of a head."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HeadScores:
    """Mean attention, on random tokens that come twice, of the queries of the second copy; None where not measured.

    Attributes:
        induction: to the token after the query's earlier occurrence; None of encoders, which see the next token itself.
        duplicate_token: to the query's earlier occurrence.
        previous_token: to the token before the query.
        current_token: to the query itself.
        first_token: to the first token of the text.
        missing_mass: to no key, on the run's test texts: a sink of the layer's takes it.
    """

    induction: float | None = None
    duplicate_token: float | None = None
    previous_token: float | None = None
    current_token: float | None = None
    first_token: float | None = None
    missing_mass: float | None = None
