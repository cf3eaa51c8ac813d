"""Questions for tests: what stands behind "in", or after whom the question asks."""

import json

import numpy as np

PLACES = ["rome", "paris", "oslo", "lima", "cairo", "tokyo"]
FILL = ["the", "old", "cat", "dog", "sat", "saw", "oak"]


def write_squad(path, seed, count, unanswerable=0.0, longest=30):
    """SQuAD's JSON, two questions a context; a context has one place, behind "in"."""
    rng = np.random.default_rng(seed)
    paragraphs = []
    for number in range(count // 2):
        words = rng.choice(FILL, int(rng.integers(4, longest))).tolist()
        none = rng.random() < unanswerable
        place = str(rng.choice(PLACES))
        if not none:
            at = int(rng.integers(len(words)))
            words[at:at] = ["in", place]
        context = " ".join(words) + "."
        start = -1 if none else context.index(f"in {place}") + 3
        answers = [] if none else [{"text": place, "answer_start": start}]
        qas = [
            {"id": f"{seed}-{number}-{k}", "question": asked, "answers": answers}
            | ({"is_impossible": none} if unanswerable else {})
            for k, asked in enumerate((f"where sat {number} ?", f"which town {number} ?"))
        ]
        paragraphs.append({"context": context, "qas": qas})
    path.write_text(json.dumps({"version": "2", "data": [{"paragraphs": paragraphs}]}))
    return path
