import pytest

from kerasbert.figures import short
from kerasbert.report.charts import Axis, Series, chart


def test_ticks_are_round_and_within_the_limits():
    assert Axis("", (0.0, 1.0)).ticks() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert Axis("", (0.9, 3.1), whole=True).ticks() == [1, 2, 3]
    assert Axis("", (2.5, 1200.0), log=True).ticks() == [10, 100, 1000]
    assert Axis("", (2.5, 90.0), log=True).ticks() == [5, 10, 20, 50]


@pytest.mark.parametrize("values", [(0.5,), (0.0,), (-3.0, -3.0), (1e-7, 2e-7), (1e9, 5e9)])
def test_limits_hold_all_values_and_are_no_single_point(values):
    axis = Axis("").fitted(values)
    low, high = axis.limits
    assert low <= min(values) and max(values) <= high and low < high
    assert 1 <= len(axis.ticks()) <= 12
    assert all(0 <= axis.share(value) <= 1 for value in values)


def test_a_logarithmic_axis_places_powers_at_equal_distances():
    axis = Axis("", (1.0, 1000.0), log=True)
    assert [axis.share(value) for value in (1, 10, 100, 1000)] == pytest.approx(
        [0, 1 / 3, 2 / 3, 1]
    )


def test_points_are_drawn_where_they_belong():
    drawn = chart("t", [Series("a", [(0, 0), (1, 1)])], Axis("x", (0, 1)), Axis("y", (0, 1)))
    assert '<polyline points="70.0,230.0 408.0,10.0"/>' in drawn
    assert "<title>a, 1: 1</title>" in drawn


def test_no_point_no_chart():
    diagonal = Series("as it should be", [(0, 0), (1, 1)], "dashed", color=None)
    assert chart("t", [diagonal, Series("a", [])], Axis("x"), Axis("y")) == ""


def test_numbers_for_the_eye():
    assert [short(v) for v in (3.0, 12000.0, 0.01234567, 12345.6)] == [
        "3",
        "12,000",
        "0.01235",
        "12,346",
    ]


def test_labels_of_one_frequency_have_marks_on_a_logarithmic_axis():
    for low, high in ((65, 65), (63, 68), (7, 7), (1, 1)):
        axis = Axis("documents", log=True).fitted([low, high])
        assert len(axis.ticks()) >= 2 and all(
            axis.limits[0] <= at <= axis.limits[1] for at in axis.ticks()
        )
