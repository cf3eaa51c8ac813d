"""The audit of questions: faults are counted, and what is said of classes is left out."""

import json

import pytest

from kerasbert.recipes import audit

CONTEXT = "Ada wrote notes in London and London kept every single one of them for many years."


def squad(path, *questions):
    qas = [{"id": id, "question": asked, "answers": [{"text": text, "answer_start": start}]}
           for id, asked, text, start in questions]  # fmt: skip
    path.write_text(json.dumps({"data": [{"paragraphs": [{"context": CONTEXT, "qas": qas}]}]}))
    return path


@pytest.mark.parametrize("head", [None, "answering"])
def test_faults_and_leaks_of_questions(head, tmp_path):
    train = squad(
        tmp_path / "train.json",
        ("a", "Where did Ada write?", "London", 19),
        ("b", "Who wrote?", "Ada", 1),  # it begins at 0
        ("c", "What did she write?", "notes", 10),
        ("a", "Which city?", "London", 19),  # the id again
    )
    valid = squad(tmp_path / "valid.json", ("d", "Where did Ada write?", "London", 30))
    found = audit.run(audit.Config(train=train, valid=valid, head=head))
    findings = {one["what"]: one for one in found["findings"]}
    wrong = findings["train: lines in a wrong form"]
    assert wrong["count"] == 2 and wrong["of"] == 4
    assert "question b: the answer 'Ada' is not at character 1" in wrong["examples"][0]
    assert "the id 'a' is that of question 1, too" in wrong["examples"][1]
    near = findings["valid: texts half or more of whose word 8-grams stand in train"]
    assert near["count"] == 1  # the same context
    assert not any("class" in what or "labels with" in what for what in findings)
    assert found["statistics"]["train"]
