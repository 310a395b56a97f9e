"""What the pictures share: colours for light and dark pages, and the few shapes they are made of.

A picture is one SVG without scripts or fonts of its own. Its panel is opaque, so that it is legible on any page; which of
the two palettes counts follows the reader's system (prefers-color-scheme).
"""

LIGHT = {
    "panel": "#ffffff", "edge": "#d5dae1", "ink": "#1b2430", "soft": "#5a6675", "line": "#8a96a5", "lane": "#e6eaf0",
    "audit": "#2867c4", "event": "#1f8a5b", "late": "#c2410c", "past": "#e9ebef", "judged": "#fdebd3",
    "due": "#dcefe4", "box": "#f5f7fa", "quiet": "#a3adba",
}  # fmt: skip
DARK = {
    "panel": "#10161f", "edge": "#2f3a48", "ink": "#e8edf3", "soft": "#a2afbe", "line": "#6d7b8c", "lane": "#222d3a",
    "audit": "#75a9f5", "event": "#58c793", "late": "#fb9a5a", "past": "#1d2530", "judged": "#3b2c1c",
    "due": "#17372a", "box": "#182130", "quiet": "#5c6a7a",
}  # fmt: skip
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def style(colors):
    return "".join(f".f-{name}{{fill:{color}}}.s-{name}{{stroke:{color}}}" for name, color in colors.items())


class Drawing:
    def __init__(self, width, height, description):
        self.out = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-family="{FONTS}" role="img" aria-labelledby="t">',
            f'<title id="t">{description}</title>',
            f"<style>{style(LIGHT)}@media (prefers-color-scheme:dark){{{style(DARK)}}}</style>",
        ]
        self.rect(0.5, 0.5, width - 1, height - 1, "panel", 10, "edge")

    def text(self, x, y, words, kind="ink", size=14, anchor="start", weight="normal"):
        self.out.append(
            f'<text x="{x:g}" y="{y:g}" class="f-{kind}" font-size="{size}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{words}</text>'
        )

    def rect(self, x, y, width, height, kind, radius=0, edge=None, dash="", weight=1):
        classes = f"f-{kind} s-{edge}" if edge else f"f-{kind}"
        stroke = f' stroke-width="{weight}"' if edge else ""
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        self.out.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius}" class="{classes}"{stroke}{dash}/>'
        )

    def line(self, x1, y1, x2, y2, kind="line", width=1.5, dash=""):
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        self.out.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="s-{kind}" stroke-width="{width}"{dash}/>'
        )

    def arrow(self, points, kind="line", width=1.5, dash=""):
        """Along the points; the head is drawn at the last one."""
        (x1, y1), (x2, y2) = points[-2:]
        length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        ux, uy = (x2 - x1) / length, (y2 - y1) / length
        back = (x2 - 9 * ux, y2 - 9 * uy)
        path = "M" + " L".join(f"{x:g} {y:g}" for x, y in [*points[:-1], back])
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        self.out.append(f'<path d="{path}" fill="none" class="s-{kind}" stroke-width="{width}"{dash}/>')
        head = [(x2, y2), (back[0] - 5 * uy, back[1] + 5 * ux), (back[0] + 5 * uy, back[1] - 5 * ux)]
        self.out.append(f'<path d="M{" L".join(f"{x:g} {y:g}" for x, y in head)} Z" class="f-{kind}"/>')

    def dot(self, x, y, kind, hollow=False):
        if hollow:
            self.out.append(f'<circle cx="{x:g}" cy="{y:g}" r="5" class="f-panel s-{kind}" stroke-width="2"/>')
        else:
            self.out.append(f'<circle cx="{x:g}" cy="{y:g}" r="5.5" class="f-{kind}"/>')

    def print(self):
        print("\n".join([*self.out, "</svg>"]))
