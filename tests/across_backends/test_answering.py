"""A run that answers questions gives the same answers, and the same figures, on every backend."""

import json

import pytest
from backends import BACKENDS

TRAIN = """
import json
from kerasbert import cli
cli.main({argv!r})
print(json.dumps(0))
"""
ASK = """
import json
from kerasbert import load
from kerasbert.recipes import evaluate
from kerasbert.text.squad import read_questions
texts = [one.texts for one in read_questions({data!r})]
figures = evaluate.run(evaluate.Config(model={run!r}, data={data!r}))["data"]
outputs = [row.tolist() for row in load({run!r}).outputs(texts).rows]
print(json.dumps(dict(answers=load({run!r})(texts), figures=figures, outputs=outputs)))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("questions") / "q.jsonl"
    lines = []
    for number in range(60):
        town = ("rome", "oslo", "lima")[number % 3]
        context = f"{'the old cat ' * (1 + number % 9)}sat in {town} and saw {number} dogs."
        answer = {"text": town, "answer_start": context.index(town)}
        answers = [] if number % 7 == 0 else [answer]
        lines.append({"question": "where sat the cat ?", "context": context, "answers": answers})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def test_answers_agree(data, tmp_path, on):
    run = str(tmp_path / "run")
    argv = ["finetune", "--head", "answering", "--train", data, "--valid", data, "--out", run]
    argv += ["--encoder", "transformer", "--d-model", "16", "--layers", "1", "--heads", "2"]
    argv += ["--tokenizer", "word", "--max-length", "20", "--overlap", "4", "--epochs", "1"]
    on(BACKENDS[0])(TRAIN.format(argv=argv))
    found = {name: on(name)(ASK.format(run=run, data=data)) for name in BACKENDS}
    first = found[BACKENDS[0]]
    for name, other in found.items():
        for row, same in zip(first["outputs"], other["outputs"], strict=True):
            flat = [value for pair in row for value in pair]
            assert flat == pytest.approx([value for pair in same for value in pair], abs=1e-4), name
        for answer, same in zip(first["answers"], other["answers"], strict=True):
            assert (answer["start"], answer["end"]) == (same["start"], same["end"]), name
            assert answer["probability"] == pytest.approx(same["probability"], abs=1e-4), name
        assert first["figures"]["f1"] == pytest.approx(other["figures"]["f1"], abs=1e-3)
        assert first["figures"]["loss"] == pytest.approx(other["figures"]["loss"], abs=1e-4)
