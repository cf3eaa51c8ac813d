"""What transformers answers for folders that it loads itself: `python public_answers.py PLACE`.

For each folder in PLACE with rows in NAME.npz: PLACE/NAME.answers.npz, and the tokens of some lines
in PLACE/NAME.tokens.json.
"""

import json
import sys
from pathlib import Path

import numpy as np
from public_models import answer

KINDS = ("MaskedLM", "SequenceClassification", "TokenClassification", "QuestionAnswering")
LINES = ["the cats", "Café, unable. 日本", "", "x" * 50]


def main(place: Path) -> None:
    import transformers

    for rows in sorted(place.glob("*.rows.npz")):
        folder = place / rows.name.removesuffix(".rows.npz")
        (name,) = json.loads((folder / "config.json").read_text())["architectures"]
        kind = next((k for k in KINDS if name.endswith(k)), "")
        auto = getattr(transformers, f"AutoModelFor{kind}" if kind else "AutoModel")
        model, info = auto.from_pretrained(folder, output_loading_info=True)
        assert type(model).__name__ == name, name
        found = answer(model.eval(), dict(np.load(rows)))
        np.savez(place / f"{folder.name}.answers.npz", **found)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        said = {
            "missing": sorted(info["missing_keys"]),
            "ids": tokenizer(LINES, truncation=True)["input_ids"],
            "pair": dict(tokenizer(LINES[0], LINES[1])),
            "inputs": sorted(tokenizer(LINES[0])),
        }
        (place / f"{folder.name}.tokens.json").write_text(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
