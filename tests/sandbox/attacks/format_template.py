# tries: string.Template with an own pattern
# verdict: refused
from string import Template


def attend(query, key, pair):
    """Commas are resting places."""
    text = Template("$x").substitute(x=query)
    return pair.zeros()
