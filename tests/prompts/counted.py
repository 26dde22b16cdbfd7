"""Texts of every kind that prompts and answers hold, and how many tokens real tokenizers count in them."""

PROMPT_TEXTS = {
    "contract": """\
You are shown where one attention head looks, and write short Python functions that predict it from the tokens.

- Parameters after `query, key, pair` are constants with a numeric default; they are fitted afterwards.
- What depends on the query alone cancels in the softmax: multiply it by something of the key, or leave it out.
- Masks count as 0 and 1 in arithmetic. A vectorised program has neither loops nor indexing; choose with `where`.
""",
    "vocabulary": """\
| name | kind | meaning |
| --- | --- | --- |
| `token.is_sentence_end` | mask | a full stop, a question mark or an exclamation mark |
| `token.is_one_of("…", …)` | mask | the text is one of these (at most 16) |
| `pair.log_distance` | number | log(1 + the distance), 0 where the key is hidden |
| `pair.follows_same_token` | mask | the key's left neighbour is the query's token |
""",
    "program": '''\
def attend(query, key, pair, near=1.75, sink=3.2, name=0.6):
    """The first token as a sink; else a recent noun, more so after a preposition."""
    person = weights(key, {"she": 1.2, "he": -0.4, "Tom": 2.1, "mother": 0.9}, is_comma=0.8)
    recent = curve(pair.distance, {0: -1.5, 1: 2.25, 4: 0.5, 16: -0.75, 63: -3.0})
    return sink * key.is_first + near * recent + name * query.is_word_start * person
''',
    "edges": """\
- top quarter: 'dog'[7] -> 'the'[6] (0.42); "n't"[31] -> 'did'[30] (0.39); '."'[47] -> 'barked'[44] (0.36); 12 more
- low: ','[26] -> '<s>'[0] (0.11); 'ing'[51] -> 'jump'[50] (0.10); '\\n'[60] -> '.'[59] (0.08); 3 more
""",
    "numbered": """\
0 <s> 1 Once 2 upon 3 a 4 time 5 , 6 a 7 grey 8 mouse 9 lived 10 under 11 an 12 oak 13 . 14 \\n 15 " 16 Wh 17 ose
18 key 19 is 20 this 21 ?" 22 it 23 asked 24 , 25 but 26 nob 27 ody 28 answered 29 , 30 so 31 it 32 kept 33 the
""",
    "residual": """\
Keys that get too little, by the query's word (head, program, share of what is missed):
| `the` | after `in` | 0.42 | 0.31 | 12 % |
| `,` | after any word | 0.19 | 0.07 | 9 % |
| `"` | after `said` | 0.66 | 0.12 | 31 % |
-query.is_alphabetic * log1p(key.index) * pair.log_distance: 0.045
query.is_comma * pair.latest(key.is_sentence_start): 0.104
""",
    "prose": """\
Averages hide the rare cases that make a head useful. One that spends most of its weight on the first token may
still carry a name across forty words when the sentence calls for it. "You can't mean that," said Margaret, folding
her newspaper; nevertheless she looked again, for the third time since breakfast, at the abandoned lighthouse.
""",
    "answer": """\
Sentence ends gain from the subject of their own sentence, not from the nearest noun, so no curve of the distance
can be right for them. What is missing is a pairing:

```python
weights(query, {".": 1.0, "!": 0.8}) * weights(key.previous, {"the": 1.3, "a": 1.1, "his": 0.4})
```

I would call the head "subject keeper".
""",
    "module": '''\
class TokenBudget:
    """Counts what is left."""

    LIMIT_VARIABLE = "MAX_TOKENS"

    def __init__(self, limit: int | None = None) -> None:
        self._left = limit if limit is not None else int(os.environ.get(self.LIMIT_VARIABLE, "200000"))

    def take(self, tokens: int) -> bool:
        if tokens > self._left:
            raise BudgetExceeded(f"{tokens:,} tokens are asked for, and {self._left:,} are left")
        self._left -= tokens
        return self._left == 0
''',
}
"""Each kind of text that is sent or answered, in English and Python."""
OTHER_TEXTS = {
    "Russian": """\
Маленькая девочка нашла под старой яблоней ключ и решила узнать, какую дверь он открывает. Бабушка улыбнулась.
""",
    "Chinese": """\
小女孩在老苹果树下发现了一把钥匙，想知道它能打开哪扇门。奶奶笑了笑，什么也没有说。
""",
    "Arabic": """\
وجدت الفتاة الصغيرة مفتاحا تحت شجرة التفاح القديمة وأرادت أن تعرف أي باب يفتحه. ابتسمت الجدة ولم تقل شيئا.
""",
    "German": """\
Das kleine Mädchen fand unter dem alten Apfelbaum einen Schlüssel und wollte wissen, welche Tür er öffnet.
""",
    "emoji": """\
😀 👍 🎉 🔥 🐶 🌳 🚗 🎁 🐱 ✅ → … —
""",
    "Russian edges": """\
- low: 'она'[18] -> 'девочка'[7] (0.31); 'ключ'[24] -> ','[12] (0.27); 'саду'[11] -> 'в'[10] (0.19); 3 more
""",
}
"""What other languages and symbols bring."""

TOKENIZERS = ("GPT-4", "GPT-4o", "Claude 2", "DeepSeek", "Qwen", "Mistral NeMo", "Mistral 7B", "SmolLM2")
COUNTS = {
    "contract": (96, 97, 100, 98, 96, 98, 109, 103),
    "vocabulary": (110, 110, 124, 113, 111, 114, 133, 128),
    "program": (161, 161, 161, 162, 166, 167, 181, 175),
    "edges": (112, 111, 110, 121, 128, 138, 142, 138),
    "numbered": (108, 106, 75, 108, 132, 131, 133, 132),
    "residual": (130, 131, 136, 135, 142, 145, 165, 161),
    "prose": (72, 70, 73, 71, 72, 72, 79, 72),
    "answer": (98, 98, 102, 99, 98, 99, 114, 108),
    "module": (124, 124, 131, 136, 128, 130, 161, 145),
    "Russian": (59, 31, 60, 41, 40, 37, 49, 88),
    "Chinese": (53, 34, 51, 22, 26, 41, 53, 76),
    "Arabic": (79, 35, 96, 44, 45, 31, 97, 99),
    "German": (26, 22, 36, 27, 26, 22, 37, 45),
    "emoji": (30, 22, 33, 26, 29, 34, 39, 34),
    "Russian edges": (59, 57, 61, 63, 65, 71, 72, 80),
}
"""By text: what each of the tokenizers counts, in their order, without start and end tokens."""
