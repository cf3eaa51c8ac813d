"""The command `predict`: its lines in and out, pipes, and explained answers."""

import csv
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
    rows = [{"body": LINES[0]}, {"body": ""}, {"body": [LINES[2]]}]
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
        ("no json", "standard input:2: this is no JSON"),
        ("[1]", "standard input:2: this is a JSON list, an object with fields was expected"),
        ('{"body": 3}', "standard input:2: 'body' holds a number (3), text was expected"),
        ('{"body": ["a", "b", "c"]}', "standard input:2: 'body' holds a list"),
        ('{"body": ["a", "b"]}', "standard input:2: 'body' holds a pair, a single text was"),
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
    assert "animal 1.00: a cat saw" in said and "\n  for: cat +" in said
    assert answers[0]["runner_up"]["labels"] == ["plant"] and "runner-up plant 0." in said
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


TABLE = 'id,title,text,labels\n7,"A ""cat""",the cat saw a dog,x\n8,b,,x\n9,c,the oak,x\n'


def test_ids_and_kept_fields_come_along(predict):
    status, answers, said = predict("--keep", "title", "labels", stdin=TABLE)
    assert status == 0 and "text from 'text', ids from 'id'" in said
    assert [(one["id"], one["title"], one["input_labels"]) for one in answers] == [
        ("7", 'A "cat"', "x"),
        ("8", "b", "x"),
        ("9", "c", "x"),
    ]
    assert [one["labels"] for one in answers] == [["animal"], [], ["plant"]]
    assert answers[1]["scores"] == {}
    assert "1 text is empty (first: standard input:3) and got no answer" in said
    assert "'labels' is not read" in predict(stdin=TABLE)[2]


def test_csv_has_a_column_for_each_label(classifier_run, capsys, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(TABLE)
    for options, columns in (
        (["--keep", "title"], ["id", "title", "labels", "score animal", "score plant"]),
        (["--labels-only"], ["id", "labels"]),
    ):
        command = ["predict", "--model", str(classifier_run), str(path), "--format", "csv"]
        assert cli.main([*command, *options]) == 0
        captured = capsys.readouterr()
        rows = list(csv.DictReader(io.StringIO(captured.out)))
        assert list(rows[0]) == columns and f"columns: {', '.join(columns)}\n" in captured.err
        assert [row["labels"] for row in rows] == ["animal", "", "plant"]
        assert rows[0].get("title", 'A "cat"') == 'A "cat"'
        assert rows[1].get("score animal", "") == ""


def test_a_threshold_replaces_the_fitted_ones(predict):
    (whole,) = predict(stdin=LINES[0])[1]
    low, high = ({"labels": predict("--threshold", value, stdin=LINES[0])[1][0]["labels"]}
                 for value in ("0.000001", "0.999999"))  # fmt: skip
    assert low["labels"] == [name for name, score in whole["scores"].items() if score >= 1e-6]
    assert high["labels"] == [name for name, score in whole["scores"].items() if score > 0.999999]
    assert predict("--labels-only", stdin=LINES[0])[1] == [{"labels": whole["labels"]}]
    status, _, said = predict("--threshold", "1", stdin=LINES[0])
    assert status == 2 and "--threshold" in said


def test_what_lies_beyond_the_length_is_not_marked(predict, tmp_path):
    page = tmp_path / "page.html"
    text = "the cat saw " * 12 + "the a oak\n"  # 39 words, of which 38 fit
    _, (answer,), said = predict("--explain", "--explain-html", str(page), stdin=text)
    assert answer["read"] == [len("the cat saw " * 12 + "the a")]
    assert "oak" not in {one["word"] for one in answer["words"]["animal"]}
    assert '<span class="unread">' in page.read_text() and "  read: " in said


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
