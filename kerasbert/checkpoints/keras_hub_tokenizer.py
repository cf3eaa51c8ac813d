"""The tokenizer of a preset of KerasHub, written as that of a public folder."""

from pathlib import Path
from typing import Any

from kerasbert.checkpoints.public_folder import Files, read_text
from kerasbert.checkpoints.sentencepiece_model import as_tokenizer_json, read_sentence_pieces
from kerasbert.choices import VocabularyFiles
from kerasbert.errors import InputError
from kerasbert.files import write_json, write_text

CONFIG = "tokenizer.json"  # in a preset, the arguments of its class
ASSETS = Path("assets", "tokenizer")
WORDS, BYTES, MERGES, PIECES = "vocabulary.txt", "vocabulary.json", "merges.txt", "vocabulary.spm"


def write_tokenizer_files(folder: Path, out: Path) -> VocabularyFiles:
    """Write the tokenizer of a preset in the form of Hugging Face; return how it is written.

    Args:
        folder: of the preset.
        out: of the files to come.

    Raises:
        InputError: there is no tokenizer, a file of it is missing, or it is of a kind that the
            tokenizers library cannot express.
    """
    if not (folder / CONFIG).is_file():
        raise InputError(
            f"{folder}: there is no {CONFIG}, so its tokens are unknown. Save the tokenizer beside"
            " the backbone: tokenizer.save_to_preset(FOLDER)."
        )
    values = Files(folder).json(CONFIG)
    name, config = str(values.get("class_name")), values.get("config") or {}
    assets = folder / ASSETS
    if (assets / WORDS).is_file():
        _write_words(folder / CONFIG, config, assets / WORDS, out)
        return "wordpiece"
    if (assets / BYTES).is_file() and (assets / MERGES).is_file():
        write_text(out / "vocab.json", read_text(assets / BYTES))
        write_text(out / "merges.txt", read_text(assets / MERGES))
        prefix = bool(config.get("add_prefix_space", False))
        write_json(out / "tokenizer_config.json", {"add_prefix_space": prefix})
        return "bytes"
    if (assets / PIECES).is_file():
        model = read_sentence_pieces(assets / PIECES)
        pieces = _arranged(name, model.pieces)
        write_text(out / "tokenizer.json", as_tokenizer_json(model, pieces))
        return "none"
    raise InputError(
        f"{assets}: expected {WORDS}, {BYTES} with {MERGES}, or {PIECES}, the vocabulary of a"
        f" {name}. Download the preset again, all of its files."
    )


def _write_words(path: Path, config: dict[str, Any], words: Path, out: Path) -> None:
    for setting, expected in (("split", True), ("split_on_cjk", True), ("suffix_indicator", "##")):
        if config.get(setting, expected) != expected:
            raise InputError(
                f"{path}: {setting} {config[setting]!r} is not read, expected {expected!r}."
            )
    write_text(out / "vocab.txt", read_text(words))
    given = {
        "do_lower_case": bool(config.get("lowercase", False)),
        "strip_accents": bool(config.get("strip_accents", False)),
    }
    write_json(out / "tokenizer_config.json", given)


def _arranged(name: str, pieces: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Pieces in the order of the ids that a class of KerasHub gives them."""
    if name == "XLMRobertaTokenizer":
        first = [(token, 0.0) for token in ("<s>", "<pad>", "</s>", "<unk>")]
        return [*first, *pieces[3:], ("<mask>", 0.0)]
    known = {piece for piece, _ in pieces}
    if name == "DebertaV3Tokenizer" and "[MASK]" not in known:
        return [*pieces, ("[MASK]", 0.0)]
    return pieces
