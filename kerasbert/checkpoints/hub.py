"""`hf://owner/name[@revision]`: the files of a public model, by the client of the Hugging Face Hub.

The cache, HF_HUB_OFFLINE, HF_ENDPOINT and the tokens are those of the client; what was interrupted
goes on where it stopped.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from kerasbert.checkpoints.public_folder import INDEX, PICKLED, WEIGHTS
from kerasbert.errors import InputError

SCHEME = "hf:/"  # a `Path` leaves one slash of two
_ADDRESS = re.compile(r"hf:/+(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>.+))?", re.ASCII)
# What is read of a folder, but for the weights: see `PublicFolder`, `vocabulary` and
# `sentence_pooling`. An adapter is fetched so that it is refused by its name.
_FILES = [
    *("config.json", INDEX, "adapter_config.json", "modules.json", "*_Pooling/config.json"),
    *("tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "merges.txt"),
]


def is_address(source: str | Path) -> bool:
    """Whether this names a model of the hub, not a folder."""
    return str(source).startswith(SCHEME)


def fetch(source: str | Path) -> tuple[Path, str]:
    """The folder with the files of a model that are needed, and the address of just these.

    Args:
        source: `hf://owner/name`, or `hf://owner/name@revision`: a branch, a tag or a commit.

    Returns:
        the folder, in the client's cache, and `hf://owner/name@commit`.

    Raises:
        InputError: no such address; no such model or revision; a gated one; no network.
    """
    found = _ADDRESS.fullmatch(Path(source).as_posix())
    if found is None:
        raise InputError(
            f"{source}: expected hf://owner/name, or hf://owner/name@revision with a branch, a tag"
            " or a commit."
        )
    repo, revision = found["repo"], found["revision"]
    try:
        folder = _download(repo, revision)
    except InputError:
        raise
    except Exception as error:  # of the client, and of what it uses for HTTP
        raise _explained(f"hf://{repo}", revision, error) from None
    return folder, f"hf://{repo}@{folder.name}"


def _download(repo: str, revision: str | None) -> Path:
    try:
        from huggingface_hub import HfApi, snapshot_download
        from huggingface_hub.utils import disable_progress_bars
    except ImportError:
        raise InputError(
            f"hf://{repo} needs the package huggingface_hub, which is not installed. Install it"
            " with: pip install kerasbert[hub]"
        ) from None
    if not sys.stderr.isatty():
        disable_progress_bars()
    folder = Path(snapshot_download(repo, revision=revision, allow_patterns=[*_FILES, WEIGHTS]))
    commit = folder.name  # whatever becomes of a branch meanwhile
    if not (folder / WEIGHTS).exists() and (shards := _shards(folder / INDEX)):
        snapshot_download(repo, revision=commit, allow_patterns=shards)
    elif not (folder / WEIGHTS).exists():
        there = HfApi().list_repo_files(repo, revision=commit)
        if pickled := next((name for name in PICKLED if name in there), None):
            raise InputError(
                f"hf://{repo}: it has {pickled}, which is a pickle and can run code when it is"
                f" read, but no {WEIGHTS}. Take a revision that has it (@refs/pr/N, see its pull"
                " requests), or convert it where you trust it: AutoModel.from_pretrained and"
                " save_pretrained of transformers."
            )
    return folder


def _shards(index: Path) -> list[str]:
    """The files that an index names; whether it is one is found out when it is read."""
    try:
        places: Any = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        return sorted({name for name in places.values() if isinstance(name, str)})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _explained(address: str, revision: str | None, error: Exception) -> InputError:
    """What went wrong, and what to do."""
    from huggingface_hub import constants, errors

    page = f"{constants.ENDPOINT}/{address.removeprefix('hf://')}"
    access = "run `hf auth login` or set HF_TOKEN"
    if isinstance(error, errors.GatedRepoError):
        return InputError(
            f"{address}: a gated model. Accept its conditions at {page}, then {access}."
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return InputError(
            f"{address}: no such model, or one that is private. Check the name at"
            f" {constants.ENDPOINT}; if it is private, {access}."
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return InputError(
            f"{address}: there is no revision {revision!r}, expected a branch, a tag or a commit:"
            f" see {page}/commits."
        )
    if isinstance(error, errors.LocalEntryNotFoundError):
        why = f"{constants.ENDPOINT} cannot be reached. Check network and proxy"
        if constants.HF_HUB_OFFLINE:
            why = "HF_HUB_OFFLINE is set. Unset it once"
        return InputError(
            f"{address}: not all of it is in the cache ({constants.HF_HUB_CACHE}), and {why}; or"
            " name a folder that holds the model."
        )
    said = str(error).strip().split("\n")[0][:300]
    return InputError(
        f"{address}: cannot be fetched ({type(error).__name__}: {said}). What has come is kept:"
        " repeat the command to go on."
    )
