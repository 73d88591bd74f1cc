"""A price as a line of a word's size, for a cell of a table.

Belongs here: the picture and its words. Does not belong here: which closes (`btassets.stages.report.price_lines`), the
chart of a ticker's page (`price_chart.py`).
"""

from collections.abc import Sequence

from btassets.render.format import esc, shown

WIDTH, HEIGHT = 64, 18


def price_line(closes: Sequence[float], words: str) -> str:
    """Line from the first close to the last, from the lowest to the highest; the text says where it begins and ends.

    >>> price_line([10.0, 12.0, 11.0], "3 sessions").split("</title>")[1]
    '<polyline class="line" points="1,17 32,1 63,9"/></svg>'
    """
    if len(closes) < 2:
        return ""
    low, high = min(closes), max(closes)
    span = high - low or 1.0
    points = " ".join(
        f"{1 + k * (WIDTH - 2) / (len(closes) - 1):.0f},{HEIGHT - 1 - (close - low) / span * (HEIGHT - 2):.0f}"
        for k, close in enumerate(closes)
    )
    text = esc(f"Close over {words}: {shown(closes[0], 'price')} to {shown(closes[-1], 'price')}")
    return (
        f'<svg class="priceline" role="img" width="{WIDTH}" height="{HEIGHT}" aria-label="{text}">'
        f'<title>{text}</title><polyline class="line" points="{points}"/></svg>'
    )
