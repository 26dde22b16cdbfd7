"""The words that the demo stories are made of: people, things, places, animals, food, and sounds for made-up words."""


def _listed(text: str, between: str | None = None) -> list[str]:
    """The words of a text, or its phrases where a sign stands between them."""
    return [phrase.strip() for phrase in text.split(between)]


GIRLS = _listed("""
    Ada Agnes Alma Amara Anouk Anya Astrid Beatrix Bella Bettina Brigid Carmen Celia Clara Cora Dalia Daphne Delia Dora
    Edith Elsa Elspeth Emmy Enid Esther Etta Fatima Fern Flora Freya Gerda Greta Gwen Hana Hattie Hazel Heidi Ida Imani
    Ines Ingrid Iris Ivy Jaya Jette Juno Karin Kiri Lana Leila Lena Lotte Lucia Mabel Maja Malka Mara Marta Maud Mei
    Mina Mira Nadia Nell Nina Noor Nora Odette Olga Oona Pearl Petra Pia Pilar Polly Priya Quilla Rhoda Romy Rosa Ruth
    Sabine Sanna Selma Sigrid Suki Tamsin Tess Thea Tilda Una Vera Wilma Winnie Xenia Yasmin Yuki Zara Zelda
""")

BOYS = _listed("""
    Abel Albin Alfie Amos Andro Anton Arlo Arun Axel Barnaby Basil Benno Bjorn Boris Bruno Caleb Casper Cedric Chidi
    Conrad Cosmo Cyril Darius Diego Dmitri Edgar Elias Emil Enzo Ezra Felix Fergus Finn Florian Franz Gideon Gilbert
    Gregor Gustav Hamid Harald Hector Henrik Hugo Igor Imre Ivo Jasper Joachim Jonas Jorge Jude Kaspar Kenji Kofi Lars
    Leo Linus Lorenzo Lukas Magnus Malik Marek Matteo Milo Moses Nico Niels Obi Olaf Omar Orson Oskar Otis Otto Pablo
    Percy Pierre Quentin Rafi Ralph Rajan Remy Rollo Rufus Samir Sandor Silas Stefan Sven Tariq Theo Tobias Umberto
    Vasco Viktor Walter Wendel Yannick Yusuf Zeno
""")

COLOURS = _listed("""
    red blue green yellow white black brown grey pink purple orange golden silver scarlet violet crimson amber ivory
""")

QUALITIES = _listed("""
    wooden copper iron brass glass clay paper velvet woollen leather silk stone tin bronze wicker cracked dusty shiny
    rusty painted carved tiny heavy crooked striped spotted round square broken ancient borrowed mended speckled
    polished faded hollow narrow folded knotted humming
""")

THINGS = _listed("""
    kite bell lantern drum key map compass umbrella basket bucket button ribbon mirror whistle flute fiddle trumpet
    ladder hammer spade needle thimble scarf mitten boot slipper coat cloak crown ring necklace bracelet coin purse
    bottle jug kettle teapot spoon ladle plate bowl candle clock watch book diary letter postcard pencil brush easel
    puppet marble top ball hoop sled wagon wheel anchor oar net rope hook feather shell pebble acorn pinecone nest
    egg jar box chest trunk barrel sack pillow blanket quilt rug stool chair table bench saddle bridle horseshoe
    telescope magnet prism hourglass globe domino card mask helmet shield banner flag broom rake sickle hatchet comb
    fan glove belt buckle locket medal stamp ticket parcel harp
""")

_PLACES_BY_PREPOSITION = {
    "at": """
        mill|harbour|market|well|bakery|forge|lighthouse|school|library|station|old gate|fountain|inn|museum|
        ferry landing|windmill|castle|chapel|fair|theatre|crossroads|boathouse|watchtower|tailor's shop
    """,
    "in": """
        orchard|garden|barn|attic|cellar|kitchen|forest|meadow|cave|stable|tower|greenhouse|valley|churchyard|hayloft|
        workshop|pantry|marsh|vineyard|courtyard
    """,
    "on": "hill|bridge|beach|island|roof|pier|balcony|cliff|moor|village green|river bank|deck",
}
PLACES = [(at, place) for at, listed in _PLACES_BY_PREPOSITION.items() for place in _listed(listed, "|")]

HIDING_PLACES = _listed(
    """
    under the stairs|behind the stove|inside the drum|beneath the third step|in the hollow oak|on the top shelf|
    under the mattress|behind the clock|in the flour bin|between two bricks|inside an old boot|under the rowing boat|
    in the coal box|behind the curtain|in the bottom drawer|under a flat stone|up the chimney|in the wood pile|
    beside the well|inside the piano|over the door|in the cupboard|under the rug|behind the bookcase
""",
    "|",
)

ANIMALS = _listed("""
    fox owl crow badger hare otter goose goat donkey pony mouse toad heron squirrel hedgehog magpie cat dog lamb calf
    bear wolf mole swan duck hen rooster sparrow raven beaver weasel turtle lizard snail beetle moth
""")

FOODS = _listed("""
    bread butter cheese honey apples pears plums cherries figs dates walnuts almonds onions garlic leeks carrots turnips
    beans peas lentils rice barley oats flour sugar salt pepper cinnamon ginger mustard vinegar oil milk cream eggs
    herring bacon ham sausages mushrooms cabbage spinach pumpkin potatoes radishes lemons oranges raisins currants jam
    tea coffee cocoa biscuits pickles olives parsley thyme mint sage
""")

JOBS = _listed("""
    baker miller blacksmith tailor sailor shepherd teacher doctor gardener carpenter weaver fisherman postman painter
    cobbler clockmaker librarian musician farmer beekeeper potter juggler captain cook
""")

WEATHER = _listed("""
    rainy windy sunny foggy snowy cold warm stormy frosty quiet cloudy bright
""")

MOMENTS = _listed(
    """
    morning|afternoon|evening|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|day in spring|
    day in summer|day in autumn|day in winter
""",
    "|",
)

NUMBERS = _listed("two three four five six seven eight nine ten eleven twelve twenty thirty")

# Sounds of made-up words: any start with any middle, with or without an end.
STARTS = _listed("""
    b bl br ch d dr f fl fr g gl gr h j k kl l m n p pl pr qu r s sh sk sl sn sp st t th tr tw v w y z zw
""")
MIDDLES = _listed("a e i o u ai ee oo ou ia")
ENDS = _listed("b ck d f g l m n p r s t x z ng nk sh st rn lt mp")
