"""Pictures and pages: inline SVG and HTML that need nothing from elsewhere."""

from edgemtl.draw.charts import (
    Line,
    heat_map,
    line_chart,
    pareto_chart,
    reliability_chart,
    share_bar,
    up_and_down,
)
from edgemtl.draw.markup import Markup, tag
from edgemtl.draw.page import card, cards, facts, page, section, table
from edgemtl.draw.rows import balance_chart, bar_chart, shift_chart

__all__ = [
    "Line",
    "Markup",
    "balance_chart",
    "bar_chart",
    "card",
    "cards",
    "facts",
    "heat_map",
    "line_chart",
    "page",
    "pareto_chart",
    "reliability_chart",
    "section",
    "share_bar",
    "shift_chart",
    "table",
    "tag",
    "up_and_down",
]
