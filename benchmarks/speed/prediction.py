"""Documents a second, and the latency of one: ours against fastText, Hugging Face, ONNX Runtime.

    python -m benchmarks.speed.prediction --train train.txt --texts test.txt [--documents 512]
                                    [--d-model 128] [--rounds 5] [--out FILE.json]

From text to labels with scores, tokenization included, the same documents for all, many at a time
and then one by one. Of each of our encoders a run is fine-tuned for an epoch on a few documents:
how good it is does not matter here. Ours are `kerasbert.load(run)` on each backend, and the same
models exported to ONNX, one file for each shape, which must give the same logits. Hugging Face's is
the text-classification pipeline with a BERT of our Transformer's dimensions, random weights and our
tokenizer; it pads each of its batches to the longest text in it. fastText is trained on the same
documents. Those two do other mathematics: only the documents are the same.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe
from benchmarks.speed.equal_work import check_equal, digest
from benchmarks.speed.side_by_side import (
    Built,
    Contestant,
    arguments,
    compare,
    environment,
    installed,
    serve,
)
from benchmarks.speed.tables import busy_while_idle, markdown, publish, spread
from kerasbert.files import write_text

TORCH = ("torch",)
CONTESTANTS = {
    "kerasbert-text-cnn": Contestant("kerasbert, TextCNN"),
    "onnx-text-cnn": Contestant("our TextCNN in ONNX Runtime", "onnxruntime", TORCH),
    "kerasbert-transformer": Contestant("kerasbert, Transformer"),
    "onnx-transformer": Contestant("our Transformer in ONNX Runtime", "onnxruntime", TORCH),
    "huggingface": Contestant("Hugging Face pipeline, BERT", "transformers", TORCH),
    "fasttext": Contestant("fastText", "fasttext", TORCH),
}
ENCODERS = ("text-cnn", "transformer")
ROWS, LENGTH = 64, 200  # documents at a time, positions of the longest
ALONE = 20  # documents answered one by one
TRAINED_ON = 2000
CHECKED = 8  # documents whose logits must agree

# All of the texts -> whatever the contestant answers.
Answer = Callable[[list[str]], Any]


def made_lines(count: int) -> list[str]:
    """Labelled documents of random words, of 5 to 250 of them."""
    rng = np.random.default_rng(0)
    return [
        " ".join(f"w{word}" for word in rng.integers(0, 3000, rng.integers(5, 250)))
        + f" __label__l{number % 40}"
        for number in range(count)
    ]


def texts_of(path: Path, count: int) -> list[str]:
    """The first documents of a labelled file, without their labels."""
    from kerasbert import read_labeled

    return [document.texts[0] for document in read_labeled(path, limit=count)]


def make_runs(folder: Path, train: Path, d_model: int) -> None:
    """Fine-tune a run for each encoder, by the command."""
    for encoder in ENCODERS:
        line = ["finetune", "--train", train, "--valid", train, "--out", folder / encoder]
        line += ["--encoder", encoder, "--d-model", d_model, "--epochs", 1, "--max-length", LENGTH]
        program = "import sys; from kerasbert.cli import main; sys.exit(main())"
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, line)],
            env=environment(os.environ.get("KERAS_BACKEND", "jax")), capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"no run to predict with could be made:\n{done.stderr[-2000:]}")
        print(f"fine-tuned {encoder}", file=sys.stderr)


def answer_kerasbert(run: Path) -> tuple[Answer, Answer]:
    """Ours: what answers, and what gives logits."""
    import kerasbert

    predictor = kerasbert.load(run)
    return predictor, lambda texts: predictor.outputs(predictor.rows(texts))


def answer_onnx(run: Path) -> tuple[Answer, Answer]:
    """Our tokenizer, batches and decision around the exported model, a session for each shape."""
    import keras
    import onnxruntime

    import kerasbert
    from kerasbert.batches.labeled import encode_texts, in_order

    predictor = kerasbert.load(run)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    # Its threads would spin while the others are timed.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    sessions: dict[tuple[int, ...], Any] = {}

    def session(shape: tuple[int, ...]) -> Any:
        if shape not in sessions:
            names = ("token_ids", "segment_ids")
            spec = {name: keras.InputSpec(shape=shape, dtype="int32", name=name) for name in names}
            with tempfile.TemporaryDirectory() as folder:
                path = f"{folder}/model.onnx"
                # Free dimensions fail in PyTorch's exporter, at Keras' layer normalization.
                predictor.model.export(path, "onnx", verbose=False, input_signature=[spec])
                sessions[shape] = onnxruntime.InferenceSession(path, options)
        return sessions[shape]

    def logits(texts: list[str]) -> np.ndarray:
        encoded = encode_texts(predictor.rows(texts), predictor.tokenizer, predictor.max_length)
        found = np.zeros((len(texts), len(predictor.head.labels)), np.float32)
        for indices, inputs in in_order(encoded, min(ROWS, len(texts))):
            (rows,) = session(inputs["token_ids"].shape).run(None, inputs)
            found[indices] = rows[: len(indices)]
        return found

    def answer(texts: list[str]) -> Any:
        return predictor.head.answers(logits(texts), predictor.decision)

    return answer, logits


def answer_huggingface(run: Path) -> Answer:
    """The pipeline, with a BERT of the dimensions of our Transformer."""
    import torch
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        PreTrainedTokenizerFast,
        pipeline,
    )

    from kerasbert.runs.folder import RunFolder
    from kerasbert.text import LabelSet

    folder = RunFolder(run)
    ours = folder.read_json("config.json")["architecture"]
    labels = len(LabelSet.load(folder.file("labels.txt")))
    torch.manual_seed(0)
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=ours["vocabulary_size"], hidden_size=ours["d_model"],
            num_hidden_layers=ours["layers"], num_attention_heads=ours["heads"],
            intermediate_size=ours["d_ff"] or 4 * ours["d_model"], num_labels=labels,
            problem_type="multi_label_classification",
        )
    ).eval()  # fmt: skip
    special = {
        f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")
    }
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder.file("tokenizer.json")), model_max_length=LENGTH, **special
    )
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, top_k=None)

    def answer(texts: list[str]) -> Any:
        with torch.inference_mode():
            return classify(texts, batch_size=min(ROWS, len(texts)), truncation=True)

    return answer


def answer_fasttext(train: Path) -> Answer:
    """fastText's classifier with its own defaults, one-vs-all."""
    import fasttext

    # With one thread it sometimes stops with "Encountered NaN", see `baselines`.
    model = fasttext.train_supervised(str(train), loss="ova", epoch=5, thread=10, verbose=0)

    def answer(texts: list[str]) -> Any:
        # A list of texts, because predict() of a single one fails under numpy 2 (fastText 0.9.3).
        return model.predict(texts, k=-1)[0]

    return answer


def build(name: str, settings: dict[str, Any]) -> Built:
    """A contestant by its name."""
    folder = Path(settings["folder"])
    texts = texts_of(Path(settings["texts"]), settings["documents"])
    facts: dict[str, Any] = {"batch": digest({"texts": np.array(texts)})}
    kind, _, encoder = name.partition("-")
    logits: Answer | None = None
    if kind == "kerasbert":
        answer, logits = answer_kerasbert(folder / encoder)
    elif kind == "onnx":
        answer, logits = answer_onnx(folder / encoder)
    elif kind == "huggingface":
        answer = answer_huggingface(folder / "transformer")
    else:
        answer = answer_fasttext(folder / "train.txt")
    if logits is not None:
        facts[f"logits_{encoder}"] = logits(texts[:CHECKED]).tolist()
    alone = texts[:ALONE]

    def do(passes: int) -> dict[str, float]:
        many = 0.0
        waits = []
        for _ in range(passes):
            began = time.perf_counter()
            answers = answer(texts)
            many += time.perf_counter() - began
            assert len(answers) == len(texts)
            for text in alone:
                began = time.perf_counter()
                answer([text])
                waits.append(time.perf_counter() - began)
        latency = statistics.median(waits)
        return {"documents_a_second": passes * len(texts) / many, "latency": latency}

    do(1)  # compiles
    return facts, do


def check(workers: Sequence[Any]) -> None:
    """Equal documents for all; for each encoder equal logits on every backend, and from ONNX."""
    check_equal(workers, {})
    for encoder in ENCODERS:
        same = [worker for worker in workers if f"logits_{encoder}" in worker.built]
        if same:
            check_equal(same, {f"logits_{encoder}": 1e-3})


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Make the runs, and run all contestants."""
    from kerasbert.text.lines import check_file

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.train is None:
            lines = made_lines(40 if options.quick else TRAINED_ON)
        else:
            check_file(options.train)
            lines = options.train.read_text(encoding="utf-8").splitlines()[:TRAINED_ON]
        write_text(folder / "train.txt", "\n".join(lines) + "\n")
        d_model = 16 if options.quick else options.d_model
        make_runs(folder, folder / "train.txt", d_model)
        settings = {
            "folder": name,
            "texts": str(options.texts or folder / "train.txt"),
            "documents": 8 if options.quick else options.documents,
        }
        result = compare(
            "prediction",
            installed(CONTESTANTS, options.contestants, options.backends),
            ["--settings", json.dumps(settings)],
            options.rounds,
            options.steps,
            check,
        )
    for row in result["contestants"]:  # long, and they have done their work
        for encoder in ENCODERS:
            row.pop(f"logits_{encoder}", None)
    return {"d_model": d_model, "documents": settings["documents"], **result}


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line; be the parent, or, with --worker, one contestant."""
    parser = arguments(__doc__, CONTESTANTS)
    parser.add_argument("--train", type=Path, help="labelled documents; random words unless given")
    parser.add_argument("--texts", type=Path, help="what is predicted; the same unless given")
    parser.add_argument("--documents", type=int, default=512)
    parser.add_argument("--d-model", type=int, default=128)
    parser.set_defaults(steps=1)
    options = parser.parse_args(argv)
    if options.worker:
        contestant = partial(build, options.worker, json.loads(options.settings))
        return serve(contestant, CONTESTANTS, options.worker)
    result = measure(options)
    rows = [
        [
            CONTESTANTS[row["name"]].title,
            "–" if row["name"] == "fasttext" else row["backend"],
            spread(row["documents_a_second"]), spread(row["latency"], 1000, 2),
        ]
        for row in result["contestants"]
    ]  # fmt: skip
    publish(
        options.out,
        f"Prediction of {result['documents']} documents, d_model {result['d_model']}; medians and "
        f"range of {options.rounds} rounds",
        [describe(result["machine"]), *busy_while_idle(result)],
        markdown(["what", "backend", "documents a second", "ms for one document"], rows),
        result,
        "documents a second",
        lambda: [
            (f"{CONTESTANTS[row['name']].title}, {row['backend']}", row["documents_a_second"])
            for row in result["contestants"]
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
