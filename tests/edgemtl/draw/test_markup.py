import re

import numpy as np
import pytest

from edgemtl.draw import (
    Line,
    Markup,
    balance_chart,
    bar_chart,
    card,
    cards,
    facts,
    heat_map,
    line_chart,
    page,
    pareto_chart,
    reliability_chart,
    section,
    share_bar,
    shift_chart,
    table,
    tag,
    up_and_down,
)
from tests.edgemtl.draw.reader import HOSTILE, Reader


def test_text_is_escaped_and_markup_is_not():
    inner = tag("b", "1 < 2")
    assert inner == "<b>1 &lt; 2</b>"
    assert tag("p", inner, " & more", class_="a", stroke_width=1.25, x=2.0) == (
        '<p class="a" stroke-width="1.25" x="2"><b>1 &lt; 2</b> &amp; more</p>'
    )
    assert tag("a", href='"><script>') == '<a href="&quot;&gt;&lt;script&gt;"></a>'
    assert tag("p", "a\u202eb\n") == "<p>a\\u202eb\\n</p>"
    assert tag("p", Markup("<i></i>")) == "<p><i></i></p>"


def everything(name):
    """A page of every picture, with this name at every place."""
    names = [name, f"{name} too"]
    two = np.array([1.0, 2.0])
    return page(
        name,
        section(
            name,
            "anchor",
            cards([card(name, tag("p", name))]),
            facts([(name, name)]),
            line_chart([Line(name, [1, 2], [0.5, 0.25], 0)], name, name),
            heat_map(np.array([[3, 1], [0, 0]]), names),
            balance_chart(names, [1, 2], [0, 3], (name, name)),
            reliability_chart(np.array([[2.0, 0], [1.5, 0], [1, 0]])),
            share_bar(0.5, 0.25, name),
            up_and_down(two, two, two, name, 1500.0),
            bar_chart(names, [1, 2], name),
            shift_chart(names, {name: [0.0, -1.0]}, -0.5, name),
            pareto_chart([Line(name, [100, 25], [90, 89], 0, names)], 25, (), name, name),
            table(names, [names], words={1}),
        ),
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text_everywhere(name):
    hostile, harmless = Reader(everything(name)), Reader(everything("name"))
    assert hostile.tags == harmless.tags
    assert hostile.attributes == harmless.attributes
    assert not [key for key in hostile.attributes if key.startswith("on") or key == "src"]
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)
    assert sum(shown in (word or "") for word in hostile.words) >= 8


def test_a_page_needs_nothing_from_elsewhere():
    text = everything("name")
    for word in ("http:", "https:", "//", "url(", "@import", "<script", "<link"):
        assert word not in text
    assert "default-src 'none'" in text


def test_pictures_of_nothing_are_pictures():
    none = np.empty(0)
    for picture in (
        line_chart([], "epoch", "loss"),
        line_chart([Line("a", [1], [float("nan")], 0)], "epoch", "accuracy", "%"),
        line_chart([Line("a", [1, 2, 3], [1e308, float("inf"), -1e308], 0)], "epoch", "loss"),
        reliability_chart(np.zeros((3, 15))),
        up_and_down(none, none, none, "seconds", 1500.0),
        up_and_down(np.zeros(1), np.ones(1), np.zeros(1), "seconds", 1500.0),
        bar_chart([], [], "kB"),
        bar_chart(["a"], [0.0], "kB"),
        shift_chart(["a"], {"b": [0.0]}, 0.0, "points"),
        pareto_chart([], 100, (), "share", "right"),
        pareto_chart([Line("a", [100], [100], 0, ["a"])], 100, (), "share", "right"),
    ):
        assert "nan" not in picture
        Reader(picture)


def test_a_stem_is_as_long_as_its_packet():
    one, two = np.array([0.0, 1.0]), np.array([0.0, 600.0])
    picture = up_and_down(one, two, np.array([1200.0, 0.0]), "seconds", 1200.0)
    (up,) = [p for p in picture.split("<path")[1:] if "c0" in p]
    (down,) = [p for p in picture.split("<path")[1:] if "c1" in p]
    assert (up.count("M"), down.count("M")) == (1, 1)
    rise, fall = (
        [float(v) for v in p.split(' d="M')[1].split('"')[0].replace("V", " ").split()][1:]
        for p in (up, down)
    )
    zero, top = rise
    assert fall[0] == zero
    assert zero - top == pytest.approx((fall[1] - zero) / 2, abs=0.2)


def test_confusions_are_shares_of_the_class():
    picture = heat_map(np.array([[3, 1], [0, 2]]), ["a", "b"])
    assert "a answered as b: 1 of 4" in picture
    for share in (">75<", ">25<", ">100<"):
        assert share in picture
    many = heat_map(np.eye(20, dtype=int), [f"class {i}" for i in range(20)])
    assert ">100<" not in many  # no room for numbers: they are in the tooltips
    assert many.count("<rect") == 400


def dots(picture):
    """Place, class and tooltip of each dot."""
    found = re.findall(
        r'<circle class="([^"]*)" cx="([^"]*)" cy="([^"]*)".*?<title>(.*?)<', picture
    )
    return [(style, float(x), float(y), title) for style, x, y, title in found]


def test_a_shift_is_as_far_from_0_as_it_is_large():
    picture = shift_chart(["a", "b"], {"one": [0, 1.5], "two": [-0.75, 0]}, -3, "points")
    (_, zero, low, _), (_, left, lower, title), (_, right, _, _), (_, again, _, _) = dots(picture)
    assert zero == again
    assert right - zero == pytest.approx(2 * (zero - left), abs=0.02)
    assert low < lower  # not by colour alone
    assert title == "a, two: -0.75"
    line = float(re.search(r'dashed" x1="([^"]*)"', picture)[1])
    assert zero - line == pytest.approx(2 * (right - zero), abs=0.02)


def test_each_half_of_a_cost_is_as_far_from_the_one_above():
    line = Line("a", [100, 50, 25], [90, 90, 80], 0, ["whole", "half", "quarter"])
    picture = pareto_chart([line], 50, {25}, "share", "right")
    (_, whole, high, _), (kept, half, same, _), (poor, quarter, lower, title) = dots(picture)
    assert whole - half == pytest.approx(half - quarter, abs=0.02)
    assert (high, title) == (same, "quarter")
    assert lower > same
    assert ("hollow" in kept, "hollow" in poor) == (False, True)
    assert float(re.search(r'dashed" x1="([^"]*)"', picture)[1]) == half
    assert [words in picture for words in (">100 %<", ">50 %<", ">25 %<")] == [True] * 3
