"""The closed classes of English words: those that hold a sentence together, of which there are few."""

WORD_CLASSES = {
    "is_article": frozenset("a an the".split()),
    "is_pronoun": frozenset(
        """
        i me my mine myself you your yours yourself yourselves he him his himself she her hers herself it its itself
        we us our ours ourselves they them their theirs themselves themself
        """.split()
    ),
    "is_preposition": frozenset(
        """
        about above across after against along amid among around as at before behind below beneath beside besides
        between beyond by despite down during except for from in inside into like near of off on onto out outside over
        past per since than through throughout to toward towards under underneath until up upon via with within without
        """.split()
    ),
    "is_conjunction": frozenset(
        """
        and or but nor so yet if because although though while whereas unless whether that when whenever where wherever
        since until before after as than once
        """.split()
    ),
    "is_auxiliary": frozenset(
        """
        be am is are was were been being have has had having do does did can could may might must shall should will
        would ought
        """.split()
    ),
}
"""By the name of the feature, in lower case; a word may be in several."""
