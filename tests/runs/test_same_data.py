"""A run that goes on sees the data that it was begun with, or says so."""

import pytest

from kerasbert.errors import InputError
from kerasbert.runs.folder import RunFolder
from kerasbert.runs.same_data import check_same_data, data_digests
from kerasbert.text.documents import LabeledDocument


def digests(**parts):
    documents = {
        name: [LabeledDocument((text,), ("a",), i) for i, text in enumerate(texts)]
        for name, texts in parts.items()
    }
    return data_digests(documents)


@pytest.mark.parametrize(
    "trained", ["state/step-0000000004.npz", "runs/scratch-seed0/metrics.json"]
)
def test_what_was_trained_belongs_to_its_data(trained, tmp_path):
    run, begun = RunFolder(tmp_path), digests(train="ab", valid="c")
    run.write_json("config.json", {"data": begun})
    other, other_valid = digests(train="ba", valid="c"), digests(train="ab", valid="d")
    assert check_same_data(run, other) == []  # nothing was trained yet
    run.file(trained).parent.mkdir(parents=True)
    run.file(trained).touch()
    assert check_same_data(run, begun) == []
    with pytest.raises(InputError, match=r"the train data are not those .* another --out"):
        check_same_data(run, other)
    (warning,) = check_same_data(run, other_valid)
    assert "judged on the old ones" in warning
    with pytest.raises(InputError, match="the valid data are not those"):
        check_same_data(run, other_valid, fixed=["train", "valid"])
    run.write_json("config.json", {})
    assert check_same_data(run, other) == []  # of an earlier version


def test_order_texts_and_labels_count():
    one = LabeledDocument(("a", "b"), ("x",), 1)
    others = [
        LabeledDocument(("ab",), ("x",), 1),
        LabeledDocument(("b", "a"), ("x",), 1),
        LabeledDocument(("a", "b"), ("y",), 1),
    ]
    found = {data_digests({"train": [document]})["train"] for document in [one, *others]}
    assert len(found) == 4
    assert data_digests({"train": [LabeledDocument(("a", "b"), ("x",), 9)]})["train"] in found
