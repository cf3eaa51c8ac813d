"""`kerasbert compare`, on small files, as a user would call it."""

import html
import json

import pytest
from walking import SMALL, history

from kerasbert import cli

# Both sides are trainings of `finetune`, which is tested on every backend.
pytestmark = pytest.mark.in_turn


def test_compare_holds_the_same_rows_for_both_sides(runs, files, tmp_path, capsys):
    command = ["compare", "--pretrained", f"{runs}/lm", "--out", f"{tmp_path}/compare", *SMALL]
    command += ["--epochs", "2", "--seeds", "2", "--learning-rates", "0.005", "0.01"]
    command += ["--long", "windows", "--windows", "3"]
    for part in ("train", "valid", "test"):
        command += [f"--{part}", f"{files}/{part}.txt"]
    assert cli.main(command) == 0
    shown, said = capsys.readouterr()
    assert "from scratch" in shown and "LinearSVC" in shown and "ships" in shown
    assert [said.count(f"\n{part}: ") for part in ("train", "valid", "test")] == [1, 1, 1]
    found = json.loads((tmp_path / "compare" / "compare.json").read_text())
    for side in ("scratch", "pretrained", "shipped"):
        assert [run["seed"] for run in found[side]] == [0, 1]
        assert all([row["epoch"] for row in run["history"]] == [1, 2] for run in found[side])
        assert len({run["learning_rate"] for run in found[side]}) == 1
    for run in (tmp_path / "compare" / "runs").iterdir():
        assert json.loads((run / "config.json").read_text())["windows"]["most"] == 3
    assert (tmp_path / "compare" / "compare.png").stat().st_size > 10_000
    page = (tmp_path / "compare" / "report.html").read_text()
    assert html.escape(found["sentence"]) in page and page.count("<svg") == 5
    assert any(
        text in found["sentence"]
        for text in ("times the epochs", "never reached", "within the first epoch")
    )
    assert "| from scratch |" in (tmp_path / "compare" / "compare.md").read_text()
    assert cli.main([*command, "--resume"]) == 0  # finished: nothing is trained again


def found_in(folder):
    return json.loads((folder / "compare" / "compare.json").read_text())


def test_compare_judges_what_finetune_ships(runs, files, tmp_path):
    """The column has the figures of `runs/tags`, which `finetune` made with the same flags."""
    command = ["compare", "--pretrained", f"{runs}/lm", "--out", f"{tmp_path}/compare"]
    command += ["--batch-size", "16", "--max-length", "40", "--epochs", "4"]
    command += ["--learning-rate", "0.01"]
    for part in ("train", "valid", "test"):
        command += [f"--{part}", f"{files}/{part}.txt"]
    assert cli.main(command) == 0
    found = json.loads((tmp_path / "compare" / "compare.json").read_text())
    metrics = json.loads((runs / "tags" / "metrics.json").read_text())
    (shipped,) = found["shipped"]
    assert shipped["tuned_test"] == pytest.approx(metrics["test"], rel=1e-5)
    assert shipped["test"] == pytest.approx(metrics["last_epoch"]["test"], rel=1e-5)
    for ours, row in zip(shipped["history"], history(runs / "tags"), strict=True):
        for name in ("val_loss", "val_micro_f1", "val_macro_f1", "val_f1"):
            assert ours[name] == pytest.approx(float(row[name]), abs=2e-6)
    words, vectors = found["summary"]["baselines"]
    assert [words["name"], vectors["name"]] == ["TF-IDF + LinearSVC", "vectors of lm + LinearSVC"]
    assert vectors["test"]["f1"] > 0.5 and vectors["seconds"] > 0
    (alone,) = found["pretrained"]
    assert alone["tuned_test"]["loss"] != pytest.approx(shipped["tuned_test"]["loss"], rel=1e-3)


def test_compare_of_numbers_is_judged_by_their_figures(runs, files, tmp_path, capsys):
    command = ["compare", "--pretrained", f"{runs}/lm", "--out", f"{tmp_path}/compare", *SMALL]
    command += ["--epochs", "1", "--learning-rate", "0.01", "--best", "mae", "--head", "regression"]
    for part in ("train", "valid", "test"):
        texts = [line.split(" __label__")[0] for line in (files / f"{part}.txt").open()]
        lines = [f"{text} __label__{text.count('cat') + len(text) / 100}\n" for text in texts]
        (tmp_path / f"{part}.txt").write_text("".join(lines))
        command += [f"--{part}", f"{tmp_path}/{part}.txt"]
    assert cli.main(command) == 0
    shown, said = capsys.readouterr()
    rivals = [one["name"] for one in found_in(tmp_path)["summary"]["baselines"]]
    assert rivals == ["TF-IDF + ridge", "vectors of lm + ridge"]
    assert "test MAE, best epoch" in shown and "TF-IDF + ridge: test MAE" in said
    found = json.loads((tmp_path / "compare" / "compare.json").read_text())
    assert "shipped" not in found and found["sentence"].startswith("In validation MAE")
    gain = found["summary"]["gain"]["val_mae_epoch_1"]["mean"]
    assert ("gained" if gain < 0 else "lost") in found["sentence"].split(" after ")[0]
    assert "F1" not in (tmp_path / "compare" / "report.html").read_text()
