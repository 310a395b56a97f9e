#!/usr/bin/env python3
"""Draws identity.svg, what becomes of an ID: identity.py > identity.svg"""

from _drawing import Drawing

WIDTH, HEIGHT = 1000, 430
BOX_WIDTH, BOX_HEIGHT = 158, 58
COLUMN = {"new": 40, "waits": 282, "reported": 566, "matched": 802}
ROW = {"audit": 98, "middle": 202, "event": 306}

drawing = Drawing(
    WIDTH,
    HEIGHT,
    "An ID with an audit record alone is pending, and reported missing when the watermark passes its time; one with an "
    "event alone waits, and is reported unaudited. The other side makes it matched at any time, with found or audited if it "
    "had been reported. m behind the watermark every ID is forgotten.",
)


def box(column, row, name, note, kind="box", ink="ink", edge="line"):
    x, y = COLUMN[column], ROW[row]
    drawing.rect(x, y, BOX_WIDTH, BOX_HEIGHT, kind, 8, edge, weight=1.5)
    drawing.text(x + BOX_WIDTH / 2, y + 25, name, ink, 16, "middle", "bold")
    drawing.text(x + BOX_WIDTH / 2, y + 44, note, "soft", 12.5, "middle")


def label(x, y, words, kind="soft", anchor="middle"):
    drawing.text(x, y, words, kind, 13, anchor, "normal" if kind == "soft" else "bold")


def right(column):
    return COLUMN[column] + BOX_WIDTH


def middle(row):
    return ROW[row] + BOX_HEIGHT / 2


drawing.text(28, 42, "What becomes of an ID", "ink", 19, "start", "bold")

for row, kind, first in (("audit", "audit", "audit record first"), ("event", "event", "event first")):
    up = row == "audit"
    y = ROW["middle"] + (18 if up else BOX_HEIGHT - 18)
    drawing.arrow([(right("new"), y), (right("new") + 34, y), (right("new") + 34, middle(row)), (COLUMN["waits"], middle(row))])
    label(right("new") - 10, middle(row) - (14 if up else -24), first, kind)
    drawing.arrow([(right("waits"), middle(row)), (COLUMN["reported"], middle(row))])
    x = (right("waits") + COLUMN["reported"]) / 2
    label(x, middle(row) - 24, "the watermark")
    label(x, middle(row) - 9, "passes its time")
    # the other side comes: on time, or after it was reported
    y = ROW["middle"] + (14 if up else BOX_HEIGHT - 14)
    x = COLUMN["waits"] + BOX_WIDTH / 2
    edge = ROW[row] + BOX_HEIGHT if up else ROW[row]
    drawing.arrow([(x, edge), (x, y), (COLUMN["matched"], y)])
    label(x + 16, y - 8 if up else y + 18, "event comes" if up else "audit record comes", "event" if up else "audit", "start")
    x = COLUMN["matched"] + BOX_WIDTH / 2
    drawing.arrow([(right("reported"), middle(row)), (x, middle(row)),
                   (x, ROW["middle"] if up else ROW["middle"] + BOX_HEIGHT)])  # fmt: skip
    label(right("reported") + 12, middle(row) - (10 if up else -22), "event comes" if up else "audit record comes",
          "event" if up else "audit", "start")  # fmt: skip
    drawing.text(x + 10, middle(row) + (26 if up else -16), "found" if up else "audited", "event" if up else "audit", 14,
                 "start", "bold")  # fmt: skip

box("new", "middle", "not seen", "or forgotten")
box("waits", "audit", "pending", "counts expected")
box("waits", "event", "waits", "counts nothing yet")
box("reported", "audit", "missing", "counts missing", "judged", "late", "late")
box("reported", "event", "unaudited", "counts unaudited", "judged", "late", "late")
box("matched", "middle", "matched", "counts matched", "due", "event", "event")
drawing.text(28, HEIGHT - 22, "A second record of a side that is there already is a duplicate. Once an ID lies m behind the "
             "watermark it is forgotten, whatever its state.", "soft", 13.5)  # fmt: skip
drawing.print()
