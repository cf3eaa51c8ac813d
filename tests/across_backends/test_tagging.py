"""A run of tagging says the same on every backend."""

import pytest
from backends import BACKENDS

DATA = """
import json, sys
from kerasbert import cli, load
files, out = {files!r}, {out!r}
"""
TRAIN = (
    DATA
    + """
sys.exit(cli.main({finetune!r}) or print(json.dumps(0)))
"""
)
LOOK = (
    DATA
    + """
data = ["--data", files + "/valid.conll", "--out", out + ".json"]
assert cli.main(["evaluate", "--model", out, *data]) == 0
answers = load(out)(["the cat Anna saw  Oslo and", "Bob", ""])
print(json.dumps(dict(figures=json.load(open(out + ".json"))["data"], answers=answers)))
"""
)
TEXT = "Anna\tB-person\nsaw\tO\nthe\tO\ncat\tO\n\nOslo\tB-place\nand\tO\nBob\tB-person\n\n"


@pytest.mark.parametrize("crf", [False, True])
def test_figures_and_answers_agree(tmp_path, crf, on):
    for part, times in {"train": 24, "valid": 8}.items():
        (tmp_path / f"{part}.conll").write_text(TEXT * times)
    out = str(tmp_path / "run")
    finetune = [
        "finetune",
        "--train",
        f"{tmp_path}/train.conll",
        "--valid",
        f"{tmp_path}/valid.conll",
    ]
    finetune += [
        "--out",
        out,
        "--epochs",
        "2",
        "--d-model",
        "16",
        "--tokenizer",
        "word",
        "--no-rival",
    ]
    finetune += ["--max-length", "16", "--learning-rate", "0.02", *["--crf"] * crf]
    on(BACKENDS[crf % len(BACKENDS)])(TRAIN.format(files=str(tmp_path), out=out, finetune=finetune))
    seen = [on(backend)(LOOK.format(files=str(tmp_path), out=out)) for backend in BACKENDS]
    assert any(answer["spans"] for answer in seen[0]["answers"])
    for one in seen[1:]:
        for name in ("loss", "entity_f1", "macro_f1", "token_accuracy"):
            assert one["figures"][name] == pytest.approx(seen[0]["figures"][name], abs=1e-4)
        for answer, other in zip(one["answers"], seen[0]["answers"], strict=True):
            for span, expected in zip(answer["spans"], other["spans"], strict=True):
                assert span.pop("probability") == pytest.approx(
                    expected["probability"], abs=2e-4
                )  # rounded
                assert span == {k: v for k, v in expected.items() if k != "probability"}
