"""Whether a run that goes on sees the labelled data that it was begun with."""

import hashlib
from collections.abc import Collection, Mapping, Sequence

from kerasbert.errors import InputError
from kerasbert.runs.folder import RunFolder
from kerasbert.text.documents import LabeledDocument


def data_digests(documents: Mapping[str, Sequence[LabeledDocument]]) -> dict[str, str]:
    """A fingerprint of each part, for config.json: of its texts and labels, in order."""
    digests = {}
    for name, part in documents.items():
        digest = hashlib.blake2b(digest_size=16)
        for document in part:
            digest.update(repr((document.texts, document.labels)).encode())
        digests[name] = digest.hexdigest()
    return digests


def texts_digest(texts: Sequence[str]) -> str:
    """A fingerprint of raw texts, in order."""
    digest = hashlib.blake2b(digest_size=16)
    for text in texts:
        digest.update(repr(text).encode())
    return digest.hexdigest()


def check_same_data(
    run: RunFolder, digests: Mapping[str, str], fixed: Collection[str] = ("train", "corpus")
) -> list[str]:
    """Compare the data with those of a run that is to go on, if it has trained already.

    Args:
        run: the folder; a run of an earlier version, which says nothing of its data, passes.
        digests: of the data now.
        fixed: parts that must be as they were.

    Returns:
        a sentence for people, if the validation data are others.

    Raises:
        InputError: a fixed part is another: what was trained belongs to the old one.
    """
    trained = [*run.file("state").glob("step-*.npz"), *run.file("runs").glob("*/metrics.json")]
    if not trained:
        return []
    saved = run.config().get("data", {})
    changed = [name for name in saved if saved[name] != digests.get(name)]
    for name in changed:
        if name in fixed:
            raise InputError(
                f"{run.path}: the {name} data are not those that the run was begun with, and what"
                " it has done until now belongs to those. Put the file back as it was, or start a"
                " new run in another --out."
            )
    if "valid" in changed:
        return [
            "warning: the valid data are not those that the run was begun with: its epochs until"
            " now, the best one among them, were judged on the old ones."
        ]
    return []
