"""Questions as SQuAD 1.1, SQuAD 2.0, CMRC 2018 and rows have them; and what is wrong with some."""

import csv
import gzip
import json
import os
from pathlib import Path

import pytest

from kerasbert.errors import InputError
from kerasbert.text import LineProblems
from kerasbert.text.fields import Fields
from kerasbert.text.inputs import read_texts
from kerasbert.text.questions import Answer, question_record
from kerasbert.text.squad import SQUAD, read_questions

CONTEXT = "Ada wrote notes in London, and London kept them."


def squad(*questions, context=CONTEXT, **further):
    paragraphs = [{"context": context, "qas": list(questions)}]
    return {"version": "v2.0", **further, "data": [{"title": "Ada", "paragraphs": paragraphs}]}


def question(id="q1", text="Where?", answers=(("London", 19),), **further):
    answers = [{"text": answer, "answer_start": start} for answer, start in answers]
    return {"id": id, "question": text, "answers": answers, **further}


@pytest.fixture
def write(tmp_path):
    def to(content, name="a.json", **options):
        if not isinstance(content, str):
            content = json.dumps(content, **options)
        (tmp_path / name).write_text(content, "utf-8")
        return tmp_path / name

    return to


def test_squad_of_both_versions(write):
    given = squad(
        question(answers=[("London", 19), ("in London", 16), ("London", 19)]),
        question("q2", "Who?", answers=[], is_impossible=True,
                 plausible_answers=[{"text": "Ada", "answer_start": 0}]),
    )  # fmt: skip
    for indent in (None, 2):
        first, second = read_questions(write(given, indent=indent))
        assert first.texts == ("Where?", CONTEXT) and (first.id, first.line) == ("q1", 1)
        assert first.answers == (Answer("London", 19), Answer("in London", 16))  # once each
        assert (second.answers, second.plausible) == ((), (Answer("Ada", 0),))
        assert (second.id, second.line) == ("q2", 2)
    assert CONTEXT[19 : first.answers[0].end] == "London"


def test_questions_to_be_answered_come_from_files_and_pipes_alike(tmp_path):
    """SQuAD's JSON, packed or not: the same texts, ids and places in each."""
    given = squad(question(), question("q2", "Who?", answers=[]))
    (plain := tmp_path / "a.json").write_text(json.dumps(given))
    (packed := tmp_path / "a.json.gz").write_bytes(gzip.compress(plain.read_bytes()))
    for file in (plain, packed):
        read_end, write_end = os.pipe()
        os.write(write_end, file.read_bytes())
        os.close(write_end)
        found = [list(read_texts(file, own=SQUAD))]
        found.append(list(read_texts(Path(f"/dev/fd/{read_end}"), own=SQUAD)))
        os.close(read_end)
        for one in found:
            assert [text.texts for text in one] == [("Where?", CONTEXT), ("Who?", CONTEXT)]
            assert [text.kept for text in one] == [{"id": "q1"}, {"id": "q2"}]
        assert found[0][1].place == f"{file}, question q2"
        assert found[1][1].place.endswith(", question q2")


def test_a_packed_file_larger_than_what_is_looked_at(tmp_path):
    given = squad(*(question(f"q{number}") for number in range(2000)))
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(json.dumps(given).encode()))
    assert len(read_questions(tmp_path / "a.json.gz")) == 2000
    assert len(read_questions(tmp_path / "a.json.gz", limit=3)) == 3


def test_rows_of_every_form(write, tmp_path):
    pairs = [{"text": "London", "answer_start": 19}]
    lists = {"text": ["London"], "answer_start": [19]}
    record = {"id": 7, "question": "Where?", "context": CONTEXT}
    found = [read_questions(write(json.dumps(record | {"answers": given}) + "\n", "a.jsonl"))
             for given in (pairs, lists, json.dumps(pairs))]  # fmt: skip
    with (tmp_path / "a.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "question", "context", "answers", "is_impossible"])
        rows.writerow([7, "Where?", CONTEXT, json.dumps(pairs), "False"])
    found.append(read_questions(tmp_path / "a.csv"))
    for (document,) in found:
        assert document.texts == ("Where?", CONTEXT) and document.id == "7"
        assert document.answers == (Answer("London", 19),)
    other = {"q": "Where?", "text": CONTEXT, "right": lists}
    fields = Fields(text=("q", "text"), label="right")
    (document,) = read_questions(write(json.dumps(other) + "\n", "b.jsonl"), fields=fields)
    assert document.gold == ("London",)


def test_rows_that_are_to_be_answered(write):
    record = {"question": "Where?", "context": CONTEXT}
    path = write(json.dumps(record) + "\n", "a.jsonl")
    (document,) = read_questions(path, answered=False)
    assert document.answers == ()
    with pytest.raises(InputError, match=r"there is no field 'answers'.*question, context"):
        read_questions(path)


def test_what_is_written_is_read_again(write):
    plausible = [{"text": "Ada", "answer_start": 0}]
    given = squad(
        question(answers=[("London", 19), ("the capital", -1)]),
        question("q2", answers=[], plausible_answers=plausible),
    )
    documents = read_questions(write(given))
    lines = "".join(json.dumps(question_record(one)) + "\n" for one in documents)
    assert read_questions(write(lines, "b.jsonl")) == documents


def test_answers_in_words_of_their_own_have_no_place(write):
    (document,) = read_questions(write(squad(question(answers=[("the capital", -1)]))))
    assert document.answers == (Answer("the capital", None),)
    assert document.answers[0].end is None


def test_places_may_be_counted_in_utf_16(write):
    context = "𫚭, a fish of 𫚭 lakes"  # each rare character is two units
    given = squad(question(answers=[("fish", 6), ("lakes", 17)]), context=context)
    (document,) = read_questions(write(given))
    assert [context[one.start : one.end] for one in document.answers] == ["fish", "lakes"]


def test_the_context_keeps_the_white_space_that_places_count(write):
    (document,) = read_questions(write(squad(question(answers=[("b", 3)]), context="  ab \n")))
    assert document.context == "  ab \n"


WRONG = {
    "place": (squad(question(answers=[("London", 18)])), r"question q1: the answer 'London' is not"
              r" at character 18 .* there stands ' Londo'. It stands at 19: correct"),
    "nearest": (squad(question(answers=[("London", 30)])), "It stands at 31"),
    "nowhere": (squad(question(answers=[("Paris", 3)])), "nowhere in the context: correct it, or"),
    "behind": (squad(question(answers=[("London", 400)])), "the context is shorter"),
    "no place": (squad({"id": "q1", "question": "?", "answers": [{"text": "Ada"}]}),
                 "'Ada' has as answer_start None"),
    "float": (squad(question(answers=[("Ada", 0.5)])), "answer_start 0.5"),
    "empty answer": (squad(question(answers=[("", 0)])), "the text of an answer .* is empty"),
    "twice": (squad(question(), question()), "question q1: the id 'q1' is that of question 1, too"),
    "no context": (squad(question(), context=" "), "question q1: the context is empty"),
    "no question": (squad(question(text=" ")), "question q1: the question is empty"),
    "no text": (squad(question(text=7)), "'question' holds a number"),
    "no answers": (squad({"id": "q1", "question": "?"}), 'there are no "answers"'),
    "both": (squad(question(is_impossible=True)), 'has "answers", and "is_impossible" is true'),
    "neither": (squad(question(answers=[], is_impossible=False)), 'no "answers", and'),
    "odd": (squad(question(is_impossible="no")), "'is_impossible' holds"),
    "ragged": (squad({"id": "q1", "question": "?",
                      "answers": {"text": ["a", "b"], "answer_start": [0]}}), "2 texts and 1 pl"),
    "no list": ({"version": "1", "data": "text"}, "'data' of .* a list was expected"),
    "no paragraphs": ({"data": [{"title": "a"}]}, r"'paragraphs' of data\[0\] is nothing, a list"),
    "no qas": ({"data": [{"paragraphs": [{"context": "a"}]}]}, r"'qas' of data\[0\].paragraphs"),
    "no object": ({"data": [{"paragraphs": ["a"]}]}, r"data\[0\].paragraphs\[0\] is str"),
    "none": ({"data": []}, "no question in it"),
    "no JSON": ('{"data": [', "this is no JSON"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name, write):
    content, message = WRONG[name]
    with pytest.raises(InputError, match=message) as error:
        read_questions(write(content))
    assert "a.json" in str(error.value) and "\n" not in str(error.value)


def test_lines_are_named_and_can_be_left_out(write):
    good = {"question": "Where?", "context": CONTEXT, "answers": []}
    bad = good | {"answers": [{"text": "Rome", "answer_start": 1}]}
    path = write("".join(json.dumps(one) + "\n" for one in (good, bad, good)), "a.jsonl")
    with pytest.raises(InputError, match=r"a.jsonl:2: the answer 'Rome'.*--skip-bad-lines"):
        read_questions(path)
    problems = LineProblems(skip=True)
    assert [one.line for one in read_questions(path, problems)] == [1, 3]
    assert problems.skipped == 1


def test_all_left_out_is_an_error(write):
    path = write(squad(question(answers=[("Rome", 0)])))
    with pytest.raises(InputError, match=r"none of its 1 questions can be read, such as .*Rome"):
        read_questions(path, LineProblems(skip=True))


def test_plain_lines_are_no_questions(write):
    with pytest.raises(InputError, match="these are lines of text, questions were expected"):
        read_questions(write("a text\nanother\n", "a.txt"))
