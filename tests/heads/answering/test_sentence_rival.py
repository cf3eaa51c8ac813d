"""The sentence most like the question, and the groups of questions."""

import pytest

from kerasbert.heads.answering.groups import grouped, length_group, length_of, question_word
from kerasbert.heads.answering.rivals import sentence_rival, sentences
from kerasbert.text.questions import Answer, QuestionDocument

CONTEXT = "Ada was born in London. Charles built a machine! It was never finished."


def asked(question, answer, context=CONTEXT):
    return QuestionDocument(
        (question, context), (answer,), 1, answers=(Answer(answer, context.index(answer)),)
    )


def test_the_nearest_sentence_is_the_answer():
    pytest.importorskip("sklearn")
    train = [asked("Where was Ada born?", "London")]
    valid = [
        asked("Which machine was built by Charles?", "Charles built a machine!"),
        asked("Where was Ada born?", "London"),  # 1 of 5 words: F1 1/3
    ]
    (found,) = sentence_rival({"train": train, "valid": valid}, "words")
    assert found["name"] == "TF-IDF sentence"
    assert found["valid"]["exact_match"] == 0.5 and found["valid"]["documents"] == 2
    assert found["valid"]["f1"] == pytest.approx((1 + 1 / 3) / 2)


def test_chinese_sentences_by_characters():
    pytest.importorskip("sklearn")
    context = "光荣开发了游戏。它在日本发行"
    part = [asked("它在哪里发行？", "它在日本发行", context)]
    (found,) = sentence_rival({"train": part, "valid": part, "test": part}, "characters")
    assert found["valid"]["f1"] == found["test"]["exact_match"] == 1


def test_contexts_without_a_word():
    pytest.importorskip("sklearn")
    part = [asked("?", "!", "!")]
    (found,) = sentence_rival({"train": part, "valid": part}, "words")
    assert found == {"name": "TF-IDF sentence", "reason": "no context for training has a word"}


def test_a_line_end_ends_a_sentence():
    assert sentences("One. Two\nThree") == ["One.", "Two", "Three"]
    assert sentences(" ") == [" "]


@pytest.mark.parametrize(
    "question, word",
    [
        ("In what year did he go?", "what"),
        ("To whom did she write?", "who"),
        ("How many are there?", "how many"),
        ("How is it made?", "how"),
        ("The whatnot is?", "other"),
        ("他什么时候出生？", "when"),
        ("哪一年开始？", "when"),
        ("什么地方？", "where"),
        ("由哪两个公司开发的？", "which"),
        ("为什么？", "why"),
        ("有多少人？", "how many"),
        ("谁写的？", "who"),
        ("是什么？", "what"),
    ],
)
def test_what_asks(question, word):
    assert question_word(question) == word


def test_groups_of_lengths():
    lengths = [length_group(length, "words") for length in (0, 1, 2, 3, 4, 12, 13, 99)]
    assert (
        lengths == ["no answer", "1", "2 to 3", "2 to 3", "4 to 6", "7 to 12"] + ["13 or more"] * 2
    )
    assert length_of(asked("?", "London. Charles"), "words") == 2
    assert length_of(asked("?", "光荣1998年", "光荣1998年"), "characters") == 4


def test_a_group_has_the_means_of_its_questions():
    rows = grouped(["a", "b", "a"], [1, 0, 0], [1, 0.5, 0.5], "question")
    assert rows == [
        {"question": "a", "exact_match": 0.5, "f1": 0.75, "documents": 2},
        {"question": "b", "exact_match": 0, "f1": 0.5, "documents": 1},
    ]
