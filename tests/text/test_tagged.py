"""Tagged words as people have them: CoNLL columns of three schemes, records of tokens or spans."""

import gzip
import json

import pytest

from kerasbert.errors import InputError
from kerasbert.text.lines import LineProblems
from kerasbert.text.tag_inputs import read_tag_inputs
from kerasbert.text.tag_schemes import parse_tags, recognized_scheme, to_spans, to_tags
from kerasbert.text.tagged import holds_tags, mapping_of, read_tagged, write_tagged
from kerasbert.text.words import SplitText, word_spans

WANTED = [(0, 2, "per"), (2, 3, "per"), (4, 5, "loc")]
SCHEMES = {
    "BIO": "B-per I-per B-per O B-loc",
    "IOB1": "I-per I-per B-per O I-loc",
    "BIOES": "B-per E-per S-per O S-loc",
    "BILOU": "B-per L-per U-per O U-loc",
}


@pytest.mark.parametrize("name", SCHEMES)
def test_schemes_are_recognised_and_say_the_same(name):
    parsed = parse_tags(SCHEMES[name].split())
    scheme = recognized_scheme([parsed])
    assert scheme == {"BILOU": "BIOES"}.get(name, name)
    assert to_spans(parsed, scheme) == WANTED
    assert " ".join(to_tags(WANTED, 5)) == SCHEMES["BIO"]


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_with_the_quirks_of_published_files(tmp_path):
    text = "-DOCSTART- -X- O\n\nEU NNP B-org\nrejects VBZ O\n \t \nPeter NNP B-per\n\n\n\nx NN O\n"
    documents = read_tagged(write(tmp_path / "a.conll", text))
    assert [(d.texts[0], d.labels, d.line) for d in documents] == [
        ("EU rejects", ("B-org", "O"), 3), ("Peter", ("B-per",), 6), ("x", ("O",), 10),
    ]  # fmt: skip
    packed = tmp_path / "a.conll.gz"
    packed.write_bytes(gzip.compress(text.replace(" NNP ", "\tNNP\t").encode()[:0] + text.encode()))
    assert read_tagged(packed) == documents


def test_any_other_ending_is_columns_too_unless_it_is_json(tmp_path):
    documents = read_tagged(write(tmp_path / "a.txt", "Anna\tB-per\nmet\tO\n"))
    assert documents[0].labels == ("B-per", "O")
    assert holds_tags(tmp_path / "b.bio") and not holds_tags(tmp_path / "a.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a B-x\nb I-y\n", r"a\.conll:2: I-y follows B-x"),
        ("a B-x\n\nb B-x\n\nc B-x\n\nd I-x\n", r":7: I-x follows the beginning of the sentence"),
        ("a I-x\n\nb I-x\n\nc B-x\n", r":5: B-x follows the beginning of the sentence; most of"),
        ("a S-x\nb B-x\nc O\n", r":3: O where I-x or E-x was expected"),
        ("a S-x\nb B-x\n", r":2: the sentence ends where E-x was expected"),
        ("a S-x\nb E-x\n", r":2: E-x follows S-x"),
        ("a x\n", r":1: the tag 'x', O or B-TYPE"),
        ("a Q-x\n", r":1: the tag 'Q-x'"),
        ("a NN O\nb O\n", r":2: 2 columns, expected 3 as in line 1"),
        ("a\nb\n", r":1: one column \('a'\)"),
        ("\n \n", r"no document in this file"),
    ],
)
def test_what_cannot_be_is_named_by_its_line(tmp_path, text, message):
    path = write(tmp_path / "a.conll", text)
    with pytest.raises(InputError, match=message):
        read_tagged(path)


def test_a_sentence_with_a_fault_is_left_out_if_asked(tmp_path):
    path = write(tmp_path / "a.conll", "a B-x\nb I-y\n\nc B-x\n\nd NN O\n")
    problems = LineProblems(skip=True)
    assert [d.texts for d in read_tagged(path, problems)] == [("c",)]
    assert problems.skipped == 2


TEXT = "Anna  met Bob Smith in Zürich."
SPANS = [[0, 4, "per"], [10, 19, "per"], [23, 29, "loc"]]
AS_DICTS = [{"start": s, "end": e, "labels": [k]} for s, e, k in SPANS]
FORMS = {
    "spans": {"text": TEXT, "spans": SPANS},
    "doccano": {"id": 7, "text": TEXT, "label": SPANS},
    "doccano 2": {"text": TEXT, "labels": SPANS},
    "Label Studio, small": {"text": TEXT, "label": AS_DICTS, "id": 1},
    "Label Studio": {
        "id": 3,
        "data": {"text": TEXT},
        "annotations": [{"result": [{"value": value, "type": "labels"} for value in AS_DICTS]}],
    },
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("lines", [True, False])
def test_texts_with_spans(tmp_path, form, lines):
    path = tmp_path / ("a.jsonl" if lines else "a.json")
    write(path, json.dumps(FORMS[form]) if lines else json.dumps([FORMS[form]], indent=1))
    assert holds_tags(path)
    (document,) = read_tagged(path)
    assert mapping_of(document) == {"text": TEXT, "spans": SPANS}
    assert document.labels == ("B-per", "O", "B-per", "I-per", "O", "B-loc", "O")


def test_tokens_with_tags(tmp_path):
    record = {"tokens": ["Anna", "met", "Bob"], "tags": ["I-per", "O", "I-per"]}
    path = write(tmp_path / "a.jsonl", json.dumps(record))
    (document,) = read_tagged(path)
    assert document.labels == ("B-per", "O", "B-per") and document.texts == ("Anna met Bob",)
    renamed = write(tmp_path / "b.jsonl", json.dumps({"w": ["a"], "t": ["B-x"]}))
    from kerasbert.text.fields import Fields

    assert read_tagged(renamed, fields=Fields(text="w", label="t"))[0].labels == ("B-x",)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"text": TEXT, "spans": [[0, 4, "a"], [3, 9, "b"]]}, r"a\.jsonl:1: .*overlaps"),
        ({"text": TEXT, "spans": [[0, 3, "a"]]}, r"ends inside of the word 'Anna'"),
        ({"text": TEXT, "spans": [[0, 99, "a"]]}, r"is not within the text, which has 30"),
        ({"text": TEXT, "spans": [[4, 4, "a"]]}, r"is not within"),
        ({"text": "Jose\u0301 met", "spans": [[0, 4, "a"]]}, r"ends inside of a character"),
        ({"text": TEXT, "spans": [[0, 4]]}, r"\[start, end, label\] was expected"),
        ({"text": "", "spans": []}, r"no text"),
        ({"tokens": ["a"], "tags": ["O", "O"]}, r"1 tokens and 2 tags"),
        ({"tokens": ["a"], "tags": [1]}, r"a list of names"),
        ({"tokens": ["a", ""], "tags": ["O", "O"]}, r"no string or has no character"),
        ({"tokens": ["a", "b"], "tags": ["O", "X"]}, r":1, word 1: the tag 'X'"),
    ],
)
def test_records_that_do_not_fit_are_named(tmp_path, record, message):
    path = write(tmp_path / "a.jsonl", json.dumps(record))
    with pytest.raises(InputError, match=message):
        read_tagged(path)


def test_other_records_are_not_taken_for_tags(tmp_path):
    for number, record in enumerate(
        [{"text": "a", "label": "b"}, {"text": "a", "labels": ["b", "c", "d"]}, {"x": 1}]
    ):
        assert not holds_tags(write(tmp_path / f"{number}.jsonl", json.dumps(record)))


def test_what_is_written_is_read_again(tmp_path):
    path = write(tmp_path / "a.jsonl", json.dumps(FORMS["doccano"]) + "\n" + json.dumps(
        {"text": "no span", "label": []}))  # fmt: skip
    documents = read_tagged(path) + read_tagged(write(tmp_path / "b.conll", "a B-x\nb O\n"))
    write_tagged(tmp_path / "c.jsonl", documents)
    again = read_tagged(tmp_path / "c.jsonl")
    assert [(d.texts, d.labels, d.id) for d in again] == [
        (d.texts, d.labels, d.id) for d in documents
    ]
    assert [d.texts[0].spans for d in again] == [d.texts[0].spans for d in documents]


def test_inputs_may_have_their_words(tmp_path):
    columns = write(tmp_path / "a.conll", "Anna\tO\nmet\tO\n\nBob\tO\n")
    found = list(read_tag_inputs(columns))
    assert [(one.texts, one.place.split(":")[-1]) for one in found] == [
        (("Anna met",), "1"), (("Bob",), "4"),
    ]  # fmt: skip
    records = write(tmp_path / "a.jsonl", json.dumps({"id": 4, "tokens": ["A", "b"]}))
    (one,) = read_tag_inputs(records)
    assert one.texts[0].spans == ((0, 1), (2, 3)) and one.kept == {"id": 4}
    (plain,) = read_tag_inputs(write(tmp_path / "b.txt", "Anna met Bob"))
    assert plain.texts == ("Anna met Bob",) and not isinstance(plain.texts[0], SplitText)


@pytest.mark.parametrize(
    ("text", "how", "words"),
    [
        ("Don't 3.5 a_b", "punctuation", ["Don", "'", "t", "3", ".", "5", "a_b"]),
        ("Don't  3.5", "spaces", ["Don't", "3.5"]),
        ("Jose\u0301 x\u200by", "punctuation", ["Jose\u0301", "x", "y"]),
        ("👨\u200d👩\u200d👧ok", "punctuation", ["👨\u200d👩\u200d👧", "ok"]),
        ("在北京X1。", "characters", ["在", "北", "京", "X1", "。"]),
        ("\x00 \t", "punctuation", []),
    ],
)
def test_words_of_plain_text(text, how, words):
    assert [text[start:end] for start, end in word_spans(text, how)] == words


def test_words_of_jieba():
    pytest.importorskip("rjieba")
    text = "我在北京大学 读书abc"
    assert [text[a:b] for a, b in word_spans(text, "jieba")] == [
        "我", "在", "北京大学", "读书", "abc",
    ]  # fmt: skip
