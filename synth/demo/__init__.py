"""The bundled demo: a small story model of our own making and stories that it has never seen."""

from pathlib import Path

from synth.demo.stories import generate_stories

MODEL_FOLDER = Path(__file__).parent / "model"

# A seed for each use: the stages of training, what measuring may tune on, what it reports, the demo corpus.
TRAINING_SEED, PRACTICE_SEED, FINISH_SEED = 1, 11, 12
VALIDATION_SEED, TEST_SEED, DEMO_SEED = 2, 3, 4
DEMO_STORIES = 2400


def demo_stories() -> list[str]:
    """The demo corpus: 2,400 stories, none of which the model was trained on."""
    return generate_stories(DEMO_STORIES, DEMO_SEED)
