"""All commands with tokenizers whose special tokens are elsewhere, or have other names."""

import json
import random

import numpy as np
import pytest
from made_tokenizers import BERT, PUBLIC, word_level

from kerasbert import load
from kerasbert.errors import InputError
from kerasbert.inference.embedder import Embedder
from kerasbert.recipes import evaluate, finetune, pretrain
from kerasbert.runs import RunFolder

# That ids decide nothing is compared on every backend in tests/models/test_special_models.py.
pytestmark = pytest.mark.in_turn

WORDS = {"baking": "bread flour yeast oven", "cars": "engine brake piston wheel"}
COMMON = ["the", "of", "and", "to", "in", "was", "very", "quickly", "because", "someone"]
TINY = {"d_model": 16, "batch_size": 16, "max_length": 40}


def text(rng: random.Random, topic: str) -> str:
    words = WORDS[topic].split()
    chosen = [rng.choice(words if rng.random() < 0.4 else COMMON) for _ in range(12)]
    return " ".join([*chosen, rng.choice(words)]) + "."


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """raw.txt, train.txt, valid.txt, and a file for each tokenizer."""
    found = tmp_path_factory.mktemp("layouts")
    rng = random.Random(0)
    raw = [text(rng, rng.choice(list(WORDS))) for _ in range(300)]
    (found / "raw.txt").write_text("\n".join(raw), encoding="utf-8")
    for name, count in (("train", 120), ("valid", 40)):
        topics = [rng.choice(list(WORDS)) for _ in range(count)]
        lines = [f"{text(rng, topic)} __label__{topic}" for topic in topics]
        (found / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")
    makers = PUBLIC | {"last": lambda texts: word_level(texts, "last")}
    for name, make in makers.items():
        make(raw).save(str(found / f"{name}.json"))
    return found


@pytest.fixture(scope="module")
def runs(folder):
    """Of a name the fine-tuned run, made when it is first asked for."""

    def run(name: str):
        out = folder / f"{name}-tags"
        if not out.exists():
            pretrain.run(
                pretrain.Config(
                    corpus=(str(folder / "raw.txt"),),
                    out=folder / f"{name}-lm",
                    tokenizer_file=folder / f"{name}.json",
                    tasks=("document-words", "masked-lm"),
                    masking="whole-word",
                    steps=12,
                    **TINY,
                )
            )
            finetune.run(
                finetune.Config(
                    pretrained=folder / f"{name}-lm",
                    train=folder / "train.txt",
                    valid=folder / "valid.txt",
                    out=out,
                    epochs=5,
                    learning_rate=0.01,
                    batch_size=16,
                    max_length=40,
                )
            )
        return out

    return run


@pytest.mark.parametrize("name", ["last", "roberta", "bert", "quick-tour", "xlm-roberta"])
def test_the_whole_way(folder, runs, name):
    run = runs(name)
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    special = RunFolder.open(run).tokenizer().special
    assert config["special_ids"]["pad"] == config["architecture"]["pad_id"] == special.pad
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["valid"]["f1"] > 0.95  # two topics of four words each
    predictor = load(run)
    assert predictor.model.get_layer("embedding").pad_id == special.pad
    texts = ["the bread was in the oven.", "someone and the brake of the engine."]
    assert [answer["labels"] for answer in predictor(texts)] == [["baking"], ["cars"]]
    # Padding changes nothing: alone, and beside a longer text.
    alone = np.concatenate([predictor.outputs([(text,)]) for text in texts])
    longer = predictor.outputs([*((text,) for text in texts), (" ".join(texts * 3),)])
    np.testing.assert_allclose(longer[:2], alone, atol=1e-4)
    states = Embedder(run).states([(text,) for text in texts])
    assert [len(rows) - 2 for rows in states] == [
        len(ids) for ids in predictor.tokenizer.encode(texts)
    ]
    assert evaluate.run(evaluate.Config(model=run, data=folder / "valid.txt"))


def without_mask(folder):
    import tokenizers

    vocabulary = {name: i for i, name in enumerate([*BERT[:-1], "bread", "oven", "the"])}
    library = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, "[UNK]"))
    library.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    library.save(str(folder / "maskless.json"))
    return folder / "maskless.json"


def test_without_a_mask_masked_lm_is_refused_and_document_words_work(folder, tmp_path, capsys):
    options = {
        "corpus": (str(folder / "raw.txt"),),
        "tokenizer_file": without_mask(folder),
        "steps": 2,
        **TINY,
    }
    with pytest.raises(InputError, match=r"--tasks masked-lm: the tokenizer has no \[MASK\]"):
        pretrain.run(pretrain.Config(out=tmp_path / "lm", tasks=("masked-lm",), **options))
    assert not (tmp_path / "lm").exists()
    pretrain.run(pretrain.Config(out=tmp_path / "words", **options))
    assert "has no [MASK]" in capsys.readouterr().err
    parts = {name: folder / f"{name}.txt" for name in ("train", "valid")}
    with pytest.raises(InputError, match=r"--masked-lm: the tokenizer has no \[MASK\]"):
        finetune.run(
            finetune.Config(
                pretrained=tmp_path / "words", out=tmp_path / "tags", masked_lm=1.0, **parts
            )
        )


def test_a_run_of_an_earlier_version_answers_as_it_was_trained(runs, tmp_path):
    """It took padding, [CLS] and [SEP] for 0, 2 and 3, and its files do not say so."""
    import shutil

    run = tmp_path / "old"
    shutil.copytree(runs("last"), run)
    folder = RunFolder.open(run)
    config = folder.read_json("config.json")
    del config["special_ids"], config["architecture"]["pad_id"]
    folder.write_json("config.json", config)
    trained = folder.tokenizer(as_trained=True).special
    assert (trained.pad, trained.cls, trained.sep, trained.mask) == (0, 2, 3, 4)
    named = folder.tokenizer().special
    assert named.pad == trained.unk - 1 and folder.architecture().pad_id == 0
    assert "pre-train anew" in folder.special_note()
    with pytest.raises(InputError, match="pads with id 0, the model takes id"):
        load(run)(["the bread"])  # the model of today is none of an earlier version
