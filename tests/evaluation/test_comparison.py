import copy
import json

import pytest

from kerasbert.errors import InputError
from kerasbert.evaluation.comparison import draw_comparison, summarize
from kerasbert.evaluation.comparison_text import (
    comparison_sentence,
    comparison_table,
    comparison_verdict,
    markdown_table,
)


def run(seed, val_f1, seconds=10.0, test=0.5, rate=0.001):
    history = [
        {"epoch": i, "loss": 1 / i, "val_loss": 2 / i, "val_micro_f1": f1, "val_macro_f1": f1,
         "val_f1": f1, "seconds": seconds}
        for i, f1 in enumerate(val_f1, start=1)
    ]  # fmt: skip
    figures = {"micro_f1": test + 0.1, "macro_f1": test - 0.1, "f1": test}
    tuned = {name: value + 0.05 for name, value in figures.items()}
    return {"seed": seed, "learning_rate": rate, "initial_loss": 0.7, "history": history,
            "test": figures, "tuned_test": tuned}  # fmt: skip


ROWS = {
    "scratch": [
        run(0, [0.1, 0.2, 0.3, 0.2], test=0.30),
        run(1, [0.1, 0.1, 0.3, 0.4], test=0.40),
    ],
    "pretrained": [
        run(1, [0.2, 0.2, 0.3, 0.4], seconds=12.0, test=0.45, rate=0.003),  # in any order
        run(0, [0.2, 0.4, 0.4, 0.3], seconds=12.0, test=0.40, rate=0.003),
    ],
}
BASELINES = [
    {"name": "TF-IDF + LinearSVC", "valid": {"f1": 0.51}, "seconds": 46.0,
     "test": {"f1": 0.52, "micro_f1": 0.6, "macro_f1": 0.44}},
]  # fmt: skip


@pytest.fixture
def summary():
    return summarize(ROWS, 100.0, BASELINES)


def test_means_over_seeds_and_paired_gains(summary):
    scratch, pretrained = summary["sides"]["scratch"], summary["sides"]["pretrained"]
    assert summary["seeds"] == [0, 1]
    assert scratch["val_f1_epoch_2"]["mean"] == pytest.approx(0.15)
    assert pretrained["val_f1_epoch_2"]["mean"] == pytest.approx(0.3)
    gain = summary["gain"]["val_f1_epoch_2"]
    assert gain["values"] == pytest.approx([0.2, 0.1])  # seed 0 with seed 0, seed 1 with seed 1
    assert gain["mean"] == pytest.approx(0.15)
    assert gain["std"] == pytest.approx(0.0707, abs=1e-4)
    assert summary["gain"]["test_f1"]["mean"] == pytest.approx(0.075)
    assert summary["largest_difference_epoch"] == 2
    assert summary["epochs_shown"] == [1, 3, 4]


def test_time_until_the_best_from_scratch_by_each_side(summary):
    # Seed 0: scratch is best (0.3) after 3 epochs of 10 s; pre-trained gets there after 2 of 12 s.
    # Seed 1: both get to 0.4 after 4.
    name = "seconds_to_scratch_best"
    assert summary["sides"]["scratch"][name]["values"] == [30, 40]
    assert summary["sides"]["pretrained"][name]["values"] == [24, 48]
    assert summary["sides"]["scratch"][f"{name}_with_pretraining"]["values"] == [30, 40]
    assert summary["sides"]["pretrained"][f"{name}_with_pretraining"]["values"] == [124, 148]


def test_epochs_until_the_best_from_scratch_lie_on_straight_lines(summary):
    # Seed 0: 0.3 lies half-way between the pre-trained run's epochs 1 (0.2) and 2 (0.4).
    name = "epochs_to_scratch_best"
    assert summary["sides"]["scratch"][name]["values"] == pytest.approx([3, 4])
    assert summary["sides"]["pretrained"][name]["values"] == pytest.approx([1.5, 4])
    assert summary["epochs_ratio"]["values"] == pytest.approx([2, 1])
    assert summary["epochs_ratio"]["std"] == pytest.approx(0.5**0.5)


def test_within_the_first_epoch_the_ratio_is_a_lower_bound():
    rows = {"scratch": [run(0, [0.1, 0.3, 0.4])], "pretrained": [run(0, [0.6, 0.6, 0.6])]}
    summary = summarize(rows, 0.0, [])
    assert summary["epochs_ratio"]["values"] == [3.0]
    assert "needed at least 3.0 times the epochs" in comparison_sentence(summary)


def test_both_within_the_first_epoch_need_no_ratio():
    rows = {"scratch": [run(0, [0.4, 0.3])], "pretrained": [run(0, [0.6, 0.6])]}
    said = comparison_sentence(summarize(rows, 0.0, []))
    assert "both reached the best F1 from scratch within the first epoch" in said


def test_seeds_that_never_get_there_are_counted():
    rows = {"scratch": [run(0, [0.5]), run(1, [0.3, 0.4][:1])],
            "pretrained": [run(0, [0.4]), run(1, [0.5])]}  # fmt: skip
    text = comparison_sentence(summarize(rows, 0.0, []))
    assert "(1 of 2 pre-trained runs never reached it)" in text


def test_a_diverged_run_reaches_nothing():
    rows = {"scratch": [run(0, [float("nan")] * 2)], "pretrained": [run(0, [0.1, 0.2])]}
    summary = summarize(rows, 0.0, [])
    assert summary["epochs_ratio"] == {"mean": None, "std": None, "values": [None]}
    rows = {"scratch": [run(0, [0.1, 0.2])], "pretrained": [run(0, [float("nan"), 0.3])]}
    assert summarize(rows, 0.0, [])["epochs_ratio"]["values"] == [1.0]


def test_a_side_that_never_gets_there_has_no_time():
    rows = {"scratch": [run(0, [0.5]), run(1, [0.5])], "pretrained": [run(0, [0.4]), run(1, [0.5])]}
    summary = summarize(rows, 0.0, [])
    assert summary["sides"]["pretrained"]["seconds_to_scratch_best"]["values"] == [None, 10]
    rows_text = {row[0]: row for row in comparison_table(summary)}
    assert rows_text["seconds until the best F1 from scratch"][2] == "10 (1 of 2 seeds)"
    never = summarize({"scratch": [run(0, [0.5])], "pretrained": [run(0, [0.4])]}, 0.0, [])
    rows_text = {row[0]: row for row in comparison_table(never)}
    assert rows_text["seconds until the best F1 from scratch"][1:4] == ["10", "never", "never"]


def test_the_summary_is_json_even_after_a_diverged_run():
    rows = copy.deepcopy(ROWS)
    rows["scratch"][0]["history"][-1]["val_loss"] = float("nan")
    summary = summarize(rows, 100.0, BASELINES)
    assert summary["sides"]["scratch"]["final_val_loss"]["values"] == [None, 0.5]
    json.dumps(summary, allow_nan=False)


def test_the_table_has_sides_as_columns(summary):
    table = comparison_table(summary)
    assert table[0] == ["figure", "from scratch", "pre-trained", "gain", "TF-IDF + LinearSVC"]
    assert {len(row) for row in table} == {5}
    rows = {row[0]: row[1:] for row in table}
    assert rows["learning rate"] == ["0.001", "0.003", "", ""]
    assert rows["validation F1 after epoch 1"] == [
        "0.100 ± 0.000", "0.200 ± 0.000", "+0.100 ± 0.000", "",
    ]  # fmt: skip
    assert rows["validation F1 after epoch 4 (last)"][-1] == ""  # its threshold is fitted there
    assert rows["test F1, last epoch"] == [
        "0.350 ± 0.071", "0.425 ± 0.035", "+0.075 ± 0.035", "",
    ]  # fmt: skip
    assert rows["test F1, best epoch, fitted threshold"] == [
        "0.400 ± 0.071", "0.475 ± 0.035", "+0.075 ± 0.035", "0.520",
    ]  # fmt: skip
    assert rows["seconds of training"] == ["40 ± 0", "48 ± 0", "+8 ± 0", "46"]


def test_markdown(summary):
    text = markdown_table([["", "a|b"], ["x", "1"]])
    assert text == "|  | a\\|b |\n| --- | ---: |\n| x | 1 |\n"
    assert (
        markdown_table(comparison_table(summary)).count("\n") == len(comparison_table(summary)) + 1
    )


def test_the_sentence_says_gains_losses_and_the_baseline(summary):
    assert comparison_sentence(summary) == (
        "In validation F1 pre-training gained 0.100 ± 0.000 after epoch 1, gained 0.150 ± 0.071 "
        "after epoch 2 (the largest difference) and gained 0.050 ± 0.071 (within the spread of the "
        "seeds) after epoch 4 (the last); the from-scratch run needed 1.5 ± 0.7 times the epochs "
        "for the same F1. On test data the pre-trained network ends at 0.475, 0.045 below "
        "TF-IDF + LinearSVC (0.520)."
    )


def with_shipped():
    shipped = [run(seed, [0.3, 0.4, 0.5, 0.6], seconds=13.0, test=0.5) for seed in (0, 1)]
    return {**ROWS, "shipped": shipped}


def test_what_finetune_ships_is_a_column_of_its_own(summary):
    both = summarize(with_shipped(), 100.0, BASELINES)
    assert both["gain"] == summary["gain"]
    assert {side: both["sides"][side] for side in summary["sides"]} == summary["sides"]
    rows = {row[0]: row[1:] for row in comparison_table(both)}
    before = {row[0]: row[1:] for row in comparison_table(summary)}
    assert rows["figure"][2:] == ["gain", "what finetune ships", "TF-IDF + LinearSVC"]
    assert rows["test F1, best epoch, fitted threshold"][3:] == ["0.550 ± 0.000", "0.520"]
    assert rows["seconds of training"][3] == "52 ± 0" and rows["learning rate"][3] == "0.001"
    assert {name: [*row[:3], *row[4:]] for name, row in rows.items()} == before


def test_the_rival_of_the_baseline_is_what_finetune_ships():
    said = comparison_sentence(summarize(with_shipped(), 100.0, BASELINES))
    assert said.endswith(
        "On test data the pre-trained network ends at 0.475; what finetune ships has 0.550, "
        "0.030 above TF-IDF + LinearSVC (0.520)."
    )


def test_what_is_shipped_has_the_same_seeds_and_a_line_in_the_picture(tmp_path):
    rows = with_shipped()
    draw_comparison(tmp_path / "three.png", rows, BASELINES)
    draw_comparison(tmp_path / "two.png", ROWS, BASELINES)
    assert (tmp_path / "three.png").read_bytes() != (tmp_path / "two.png").read_bytes()
    with pytest.raises(InputError, match="same seeds"):
        summarize({**rows, "shipped": rows["shipped"][:1]}, 1.0, [])


def test_the_sentence_does_not_hide_a_loss():
    rows = {"scratch": [run(5, [0.3], test=0.3)], "pretrained": [run(5, [0.2], test=0.3)]}
    assert comparison_sentence(summarize(rows, 1.0, [])) == (
        "In validation F1 pre-training lost 0.100 after epoch 1 (the last); it never reached the "
        "best F1 from scratch. On test data the pre-trained network ends at 0.350."
    )


def test_one_seed_has_no_spread():
    one = {side: runs[:1] for side, runs in ROWS.items()}
    one["pretrained"] = ROWS["pretrained"][1:]
    summary = summarize(one, 100.0, [])
    assert summary["gain"]["test_f1"] == {
        "mean": pytest.approx(0.1), "std": None, "values": [pytest.approx(0.1)],
    }  # fmt: skip
    assert "±" not in markdown_table(comparison_table(summary))


def test_runs_that_do_not_pair_are_refused():
    other_seed = {"scratch": [run(0, [0.1])], "pretrained": [run(1, [0.1])]}
    with pytest.raises(InputError, match="same seeds"):
        summarize(other_seed, 0.0, [])
    other_epochs = {"scratch": [run(0, [0.1])], "pretrained": [run(0, [0.1, 0.2])]}
    with pytest.raises(InputError, match="same epochs"):
        summarize(other_epochs, 0.0, [])
    with pytest.raises(InputError, match="same seeds"):
        summarize({"scratch": [], "pretrained": []}, 0.0, [])


@pytest.mark.parametrize("seeds", [1, 2])
def test_the_picture_is_a_png(tmp_path, seeds):
    rows = {side: sorted(runs, key=lambda r: r["seed"])[:seeds] for side, runs in ROWS.items()}
    draw_comparison(tmp_path / "compare.png", rows, BASELINES)
    assert (tmp_path / "compare.png").read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in tmp_path.iterdir()] == ["compare.png"]


def test_equal_figures_are_said_to_be_equal():
    same = [{**BASELINES[0], "test": {**BASELINES[0]["test"], "f1": 0.4752}}]
    said = comparison_sentence(summarize(ROWS, 100.0, same))
    assert said.endswith(f"ends at 0.475, equal to {same[0]['name']} (0.475).")


@pytest.mark.parametrize(
    "mean, spread, said",
    [
        (0.0751, 0.035, "Pre-training is worth it here: +0.075 ± 0.035 F1 on test data."),
        (-0.0751, 0.035, "Pre-training does harm here: -0.075 ± 0.035 F1 on test data."),
        (0.0004, 0.035, "Pre-training makes no difference here (+0.000 F1 on test data)."),
        (0.02, 0.035, "stays open: +0.020 F1 on test data, and the seeds differ by 0.035"),
        (None, None, "Nothing can be said of pre-training"),
    ],
)
def test_the_verdict_of_pre_training(summary, mean, spread, said):
    gain = {"tuned_test_f1": {"mean": mean, "std": spread, "values": [mean]}}
    assert said in comparison_verdict({**summary, "gain": gain})


def test_one_seed_is_said_to_be_one(summary):
    gain = {"tuned_test_f1": {"mean": 0.1, "std": None, "values": [0.1]}}
    said = comparison_verdict({**summary, "gain": gain, "seeds": [0]})
    assert said.startswith("Pre-training is worth it here") and "with one seed" in said
