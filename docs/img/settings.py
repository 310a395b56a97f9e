#!/usr/bin/env python3
"""Draws settings.svg, the picture of the four settings o, n, m, z: settings.py > settings.svg

Event time runs to the right. One place for every coordinate: what is below the constants follows from them.
"""

from _drawing import Drawing

WIDTH, HEIGHT = 1000, 548
LEFT, RIGHT = 132, 968  # of the event-time axis
O = 110  # length of a window, in pixels; so are N and M
N, M = 88, 352
AWAKE = 834  # the largest time of the slowest input that is not silent
W = AWAKE - N
FORGOTTEN = W - M
WINDOWS = [LEFT + 2 + O * k for k in range(9)]

LANES_TOP, LANE = 92, 38
ZONES_TOP, ZONES_BOTTOM = 214, 306
WINDOWS_TOP, WINDOW_HEIGHT = 372, 58

DRAWING = Drawing(
    WIDTH,
    HEIGHT,
    "Event time runs to the right. Windows have length o. The watermark lies n behind the newest time of the slowest "
    "input; what lies before it is judged, and for m longer can still be corrected. An input that is silent for z is no "
    "longer waited for.",
)
text, rect, line, dot = DRAWING.text, DRAWING.rect, DRAWING.line, DRAWING.dot


def span(x1, x2, y, letter, kind="ink"):
    """A measure between two places, with its letter in the middle."""
    middle = (x1 + x2) / 2
    for a, b in ((x1, middle - 14), (middle + 14, x2)):
        line(a, y, b, y, kind)
    for x in (x1, x2):
        line(x, y - 5, x, y + 5, kind)
    text(middle, y + 6, letter, kind, 18, "middle", "bold")


def lanes():
    audits = [x for x in range(LEFT + 20, AWAKE + 40, 47)]
    lost = audits[10]
    rows = [
        ("audit", "audit", audits, AWAKE + 46),
        ("events/0", "event", [x + d for x, d in zip(audits, (6, -4, 9, 3, -5, 8, 5, 0, -3, 7, 4, -6, 2, 6, -4))
                               if x != lost and x + d <= AWAKE], AWAKE),
        ("events/1", "event", [x + 15 for x in audits if x < 470][::2], 500),
    ]  # fmt: skip
    for index, (name, kind, dots, newest) in enumerate(rows):
        y = LANES_TOP + LANE * index
        text(LEFT - 18, y + 5, name, "soft", 14, "end")
        rect(LEFT, y - 11, newest - LEFT, 22, "lane", 11)
        for x in dots:
            dot(x, y, "quiet" if name == "events/1" else kind, hollow=kind == "audit")
        if name == "events/1":
            text(newest + 16, y + 5, "silent for <tspan font-weight='bold' font-size='18'>z</tspan>: no longer waited for", "soft")
    dot(lost, LANES_TOP, "late", hollow=True)


def zones():
    middle = (ZONES_TOP + ZONES_BOTTOM) / 2
    for x1, x2, kind, ink, name, what in (
        (LEFT, FORGOTTEN, "past", "soft", "forgotten", ("a record this old", "is too late")),
        (FORGOTTEN, W, "judged", "late", "judged", ("missing was reported;", "what comes now corrects it")),
        (W, AWAKE, "due", "event", "waiting", ("still", "on time")),
    ):
        rect(x1, ZONES_TOP, x2 - x1, ZONES_BOTTOM - ZONES_TOP, kind)
        text((x1 + x2) / 2, middle - 18, name, ink, 15, "middle", "bold")
        for row, words in enumerate(what):
            text((x1 + x2) / 2, middle + 6 + 19 * row, words, "ink", 14, "middle")
    line(AWAKE, LANES_TOP + LANE - 18, AWAKE, ZONES_BOTTOM + 40, "ink", 1.5, "5 4")
    text(AWAKE + 12, ZONES_TOP + 18, "newest time of", "soft")
    text(AWAKE + 12, ZONES_TOP + 36, "the slowest", "soft")
    text(AWAKE + 12, ZONES_TOP + 54, "awake input", "soft")
    line(W, ZONES_TOP - 14, W, WINDOWS_TOP + WINDOW_HEIGHT + 12, "ink", 2)
    text(W, ZONES_TOP - 22, "watermark", "ink", 14, "middle", "bold")
    line(FORGOTTEN, ZONES_TOP, FORGOTTEN, ZONES_BOTTOM + 40, "ink", 1.5, "5 4")
    span(FORGOTTEN, W, ZONES_BOTTOM + 26, "m")
    span(W, AWAKE, ZONES_BOTTOM + 26, "n")


def windows():
    percents = {0: "100 %", 1: "100 %", 2: "98 → 100 %", 3: "100 %", 4: "97 %"}
    for k, start in enumerate(WINDOWS[:7]):
        closed = start + O <= W
        width = min(start + O, RIGHT) - start
        rect(start, WINDOWS_TOP, width, WINDOW_HEIGHT, "box" if closed else "panel", 4, "line", "" if closed else "4 4")
        label = percents.get(k, "open")
        kind = "late" if k in (2, 4) else ("ink" if closed else "soft")
        text(start + width / 2, WINDOWS_TOP + 26, label, kind, 15, "middle", "bold" if closed else "normal")
        below = {2: "revision 1", 4: "1 missing"}.get(k, "complete" if closed else "")
        text(start + width / 2, WINDOWS_TOP + 45, below, "soft", 12.5, "middle")
    text(LEFT - 18, WINDOWS_TOP + 27, "windows", "soft", 14, "end")
    text(LEFT - 18, WINDOWS_TOP + 45, "(metrics)", "soft", 12.5, "end")
    span(WINDOWS[1], WINDOWS[2], WINDOWS_TOP + WINDOW_HEIGHT + 26, "o")
    text(WINDOWS[2] + 14, WINDOWS_TOP + WINDOW_HEIGHT + 31, "a metric once the watermark has passed the end, again when "
         "that is corrected", "soft")  # fmt: skip
    y = WINDOWS_TOP + WINDOW_HEIGHT + 66
    DRAWING.arrow([(LEFT, y), (RIGHT, y)])
    text(RIGHT, y + 22, "event time", "soft", 14, "end")


def main():
    text(28, 42, "When is an ID missing, and for how long can it still be found?", "ink", 19, "start", "bold")
    zones()
    lanes()
    windows()
    DRAWING.print()


main()
