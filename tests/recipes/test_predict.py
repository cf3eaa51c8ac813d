"""The command `predict`: its lines in and out, pipes, and explained answers."""

import io
import json
import os
import subprocess
import sys

import pytest

from kerasbert import cli

# Lines in and out; what is answered is tested with the predictor and the explanations.
pytestmark = pytest.mark.in_turn

LINES = ["the cat saw the dog near a mouse.", "", "the oak and the old rose."]


@pytest.fixture
def predict(classifier_run, capsys, monkeypatch):
    def call(*command, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = cli.main(["predict", "--model", str(classifier_run), *command])
        captured = capsys.readouterr()
        return status, [json.loads(line) for line in captured.out.splitlines()], captured.err

    return call


def test_json_lines_give_the_answers_of_plain_lines(predict, tmp_path):
    status, expected, _ = predict(stdin="\n".join(LINES) + "\n")
    assert status == 0 and len(expected) == 3
    rows = [{"id": 1, "body": LINES[0]}, {"body": ""}, {"body": [LINES[2]]}]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    assert predict("--text-field", "body", stdin=text)[1] == expected
    (tmp_path / "in.jsonl").write_text(text)
    assert predict("--text-field", "body", str(tmp_path / "in.jsonl"))[1] == expected


def test_json_text_is_text_whatever_it_holds(predict):
    odd = {"body": "the cat\nsaw\tthe dog __label__plant"}
    status, answers, said = predict("--text-field", "body", stdin=json.dumps(odd) + "\n")
    assert status == 0 and len(answers) == 1 and "labels" not in said


@pytest.mark.parametrize(
    "line, message",
    [
        ("no json", "standard input:2: expected a JSON object, found no JSON"),
        ("[1]", "standard input:2: expected a JSON object with the field 'body', found none"),
        ('{"text": "a"}', "found the fields text. Name the field"),
        ('{"body": 3}', "standard input:2: expected text in 'body'"),
        ('{"body": ["a", "b", "c"]}', "standard input:2: expected text in 'body'"),
        ('{"body": ["a", "b"]}', "standard input:2: expected one text"),
    ],
)
def test_a_line_that_holds_no_text_is_named(predict, line, message):
    status, _, said = predict("--text-field", "body", stdin='{"body": "a"}\n' + line + "\n")
    assert status == 2 and message in said


def test_explained_answers_name_the_words_and_mark_them(predict, tmp_path):
    page = tmp_path / "page.html"
    text = "a cat saw <script>alert(1)</script>\na oak saw the\n"
    status, answers, said = predict("--explain", "--explain-html", str(page), stdin=text)
    assert status == 0
    assert answers[0]["words"]["animal"][0]["word"] == "cat"
    assert answers[1]["words"]["plant"][0]["word"] == "oak"
    assert answers[0]["words"]["animal"][0]["weight"] > 0
    assert "animal: a cat saw" in said
    found = page.read_text()
    assert '<mark style="--w:1.00">cat</mark>' in found and '--w:1.00">oak</mark>' in found
    assert "<script>alert" not in found and "script" in found
    plain = predict(stdin=text)[1]
    assert [answer["labels"] for answer in plain] == [answer["labels"] for answer in answers]
    assert plain[0]["scores"] == pytest.approx(answers[0]["scores"], abs=2e-6)


def test_top_k_cuts_labels_scores_and_words_alike(predict):
    animals, plants = ("cat", "dog", "horse", "mouse"), ("oak", "rose", "fern", "moss")
    mixed = [
        " ".join(animals[:count] + plants[:others]) + "\n"
        for count in range(1, 5)
        for others in range(1, 5)
    ]
    answers = zip(mixed, predict(stdin="".join(mixed))[1], strict=True)
    both, whole = next(pair for pair in answers if len(pair[1]["labels"]) == 2)
    assert len(whole["scores"]) == 2
    (one,) = predict("--top-k", "1", "--explain", stdin=both)[1]
    assert one["labels"] == whole["labels"][:1] == list(one["scores"]) == list(one["words"])


def test_a_page_without_explanations_is_refused(predict, tmp_path):
    status, _, said = predict("--explain-html", str(tmp_path / "page.html"))
    assert status == 2 and "expected beside --explain" in said


def test_a_reader_that_has_enough_is_no_error(classifier_run, tmp_path):
    many = tmp_path / "many.txt"
    many.write_text("the cat saw the dog\n" * 20_000)
    code = "import sys; from kerasbert.cli import main; sys.exit(main(sys.argv[1:]))"
    predict = subprocess.Popen(
        [sys.executable, "-c", code, "predict", "--model", str(classifier_run), str(many)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ,
    )
    assert "labels" in json.loads(predict.stdout.readline())
    predict.stdout.close()
    said = predict.stderr.read().decode()
    predict.stderr.close()
    assert predict.wait(timeout=120) == 141  # 128 + SIGPIPE, as the shell counts it
    assert "Error" not in said and "Traceback" not in said and "Exception" not in said
