# tries: a huge factorial and binomial
# verdict: timed out or out of memory or raised or refused
import math


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    return pair.zeros() + math.factorial(10**8) % 7 + math.comb(10**8, 5 * 10**7) % 7
