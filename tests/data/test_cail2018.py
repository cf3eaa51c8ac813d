"""JSON lines of court cases to labelled lines, and an error that names the line."""

import gzip
import json

import pytest

from kerasbert.data.cail2018 import build, main
from kerasbert.errors import InputError


def case(fact, *charges):
    return json.dumps({"fact": fact, "meta": {"accusation": list(charges)}}, ensure_ascii=False)


def test_facts_become_one_line_and_charges_become_labels(tmp_path):
    data, out = tmp_path / "data.json", tmp_path / "out.txt"
    lines = [
        case("被告人某甲\r\n拿走了\t一辆自行车。", "盗窃"),
        "",
        case("__label__ 两人打架", "故意 伤害", "寻衅滋事", "寻衅滋事"),
        case("没有罪名"),
    ]
    data.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert build(data, out) == {"documents": 3, "unlabeled": 1, "skipped": 0}
    assert out.read_text(encoding="utf-8").splitlines() == [
        "被告人某甲 拿走了 一辆自行车。 __label__盗窃",
        "两人打架 __label__故意_伤害 __label__寻衅滋事",
        "没有罪名",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "not JSON"),
        (b"[]", "no text under `fact`"),
        (b'{"fact": 1}', "no text under `fact`"),
        (case(" \n", "a").encode(), "an empty `fact`"),
        (b'{"fact": "a"}', "no list of charges"),
        (b'{"fact": "a", "meta": {"accusation": "b"}}', "no list of charges"),
        (case("a", " ").encode(), "an empty charge"),
        ('{"fact": "é"}'.encode("latin-1"), "codec can't decode"),
    ],
)
def test_what_cannot_be_read_is_named_or_left_out(tmp_path, line, message):
    data, out = tmp_path / "data.json", tmp_path / "out.txt"
    data.write_bytes(case("text", "a").encode() + b"\n" + line + b"\n")
    with pytest.raises(InputError, match=f"data.json:2: .*{message}"):
        build(data, out)
    assert not out.exists()
    assert build(data, out, skip_bad_lines=True)["skipped"] == 1
    assert out.read_text() == "text __label__a\n"


def test_the_command_reads_gz_and_exits_2_on_bad_input(tmp_path, capsys):
    data, out = tmp_path / "data.json.gz", tmp_path / "out.txt"
    data.write_bytes(gzip.compress(case("text", "a").encode()))
    assert main(["--data", str(data), "--out", str(out)]) == 0
    assert json.loads(capsys.readouterr().out)["documents"] == 1
    assert main(["--data", str(tmp_path / "none"), "--out", str(out)]) == 2
    assert "cannot be read" in capsys.readouterr().err
    (tmp_path / "empty").write_text("\n")
    assert main(["--data", str(tmp_path / "empty"), "--out", str(out)]) == 2
    assert "no cases" in capsys.readouterr().err
