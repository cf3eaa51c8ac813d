"""Whether a run that goes on sees the labelled data that it was begun with."""

import hashlib
from collections.abc import Mapping, Sequence

from kerasbert.errors import InputError
from kerasbert.text.documents import LabeledDocument
from kerasbert.training.run_folder import RunFolder


def data_digests(documents: Mapping[str, Sequence[LabeledDocument]]) -> dict[str, str]:
    """A fingerprint of each part, for config.json: of its texts and labels, in order."""
    digests = {}
    for name, part in documents.items():
        digest = hashlib.blake2b(digest_size=16)
        for document in part:
            digest.update(repr((document.texts, document.labels)).encode())
        digests[name] = digest.hexdigest()
    return digests


def check_same_data(run: RunFolder, digests: Mapping[str, str]) -> list[str]:
    """Compare the data with those of a run that is to go on, if it has trained already.

    Args:
        run: the folder; a run of an earlier version, which says nothing of its data, passes.
        digests: of the data now.

    Returns:
        a sentence for people, if the validation data are others.

    Raises:
        InputError: the training data are others: the saved state belongs to the old ones.
    """
    if not any(run.file("state").glob("step-*.npz")):
        return []
    saved = run.read_json("config.json").get("data", {})
    changed = [name for name in saved if saved[name] != digests.get(name)]
    if "train" in changed:
        raise InputError(
            f"{run.path}: the training data are not those that the run was begun with, and its"
            " saved state belongs to those. Put the file back as it was, or start a new run in"
            " another --out."
        )
    if "valid" in changed:
        return [
            "warning: the validation data are not those that the run was begun with: its epochs"
            " until now, the best one among them, were judged on the old ones."
        ]
    return []
