"""What is measured of a head on random tokens that come twice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HeadScores:
    """Mean attention of the queries of the second copy to each of some keys; None where that was not measured.

    Attributes:
        induction: to the token after the query's earlier occurrence; None of encoders, which see the next token itself.
        duplicate_token: to the query's earlier occurrence.
        previous_token: to the token before the query.
        current_token: to the query itself.
        first_token: to the first token of the text.
    """

    induction: float | None = None
    duplicate_token: float | None = None
    previous_token: float | None = None
    current_token: float | None = None
    first_token: float | None = None
