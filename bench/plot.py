"""The picture of a run as SVG: a bar for each bound, how much of it was used. Pure.

Bars share one scale: 100 % is the bound, whatever its unit. Colours follow the reader's theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bench.claims import Claim
from bench.report import figure

_WIDTH, _LABELS, _FIGURES, _ROW, _TOP, _BOTTOM = 900, 400, 120, 22, 48, 34
_SCALE = 1.5
"""The bound stands at two thirds of the room for bars; what is beyond is cut, with an arrow."""
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .small { font-size: 11px; fill: #59636e }
  .within { fill: #2f6fb0 } .over { fill: #b35900 }
  .bound { stroke: #1f2328; stroke-width: 1.5 } .spread { stroke: #59636e; stroke-width: 1.5 }
  .ground { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 }
    .within { fill: #58a6ff } .over { fill: #f0883e }
    .bound { stroke: #e6edf3 } .spread { stroke: #9198a1 }
    .ground { fill: #0d1117 }
  }
"""


def svg(claims: Sequence[Claim], caption: str) -> str:
    """Return the picture of these claims, one bar each, in their order."""
    height = _TOP + _ROW * len(claims) + _BOTTOM
    room = _WIDTH - _LABELS - _FIGURES
    bound = round(_LABELS + room / _SCALE)
    kept = sum(one.within for one in claims)
    told = f"{kept} of {len(claims)} bounds kept"
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
            f'role="img" aria-labelledby="title">'
        ),
        f'<title id="title">{escape(caption)}: {told}</title>',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{_WIDTH}" height="{height}" rx="6"/>',
        f'<text x="12" y="20">{escape(caption)}</text>',
        f'<text class="small" x="{bound}" y="38" text-anchor="middle">at most</text>',
    ]
    for number, claim in enumerate(claims):
        lines += _row(claim, _TOP + _ROW * number, room)
    end = _TOP + _ROW * len(claims)
    lines += [
        f'<line class="bound" x1="{bound}" x2="{bound}" y1="{_TOP - 6}" y2="{end + 2}"/>',
        (
            f'<text class="small" x="12" y="{end + 22}">{told}. Bars: median; lines: spread of the '
            "rounds; shorter is better.</text>"
        ),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _row(claim: Claim, top: int, room: float) -> list[str]:
    """Return one bar with its label, its spread and its figures."""
    least, median, most = (
        _LABELS + room * min(1.0, value / claim.at_most / _SCALE)
        for value in (min(claim.measured), claim.median, max(claim.measured))
    )
    middle, what = top + _ROW / 2, escape(claim.what)
    beyond = " ▸" if claim.median > claim.at_most * _SCALE else ""
    told = f"{figure(claim.median, claim.unit)} of {figure(claim.at_most, claim.unit)}"
    return [
        f'<text x="{_LABELS - 8}" y="{middle + 4:.0f}" text-anchor="end">{what}</text>',
        (
            f'<rect class="{claim.word}" x="{_LABELS}" y="{top + 4}" height="{_ROW - 8}" '
            f'width="{max(0.0, median - _LABELS):.1f}" rx="2"/>'
        ),
        (
            f'<line class="spread" x1="{least:.1f}" x2="{most:.1f}" y1="{middle:.1f}" '
            f'y2="{middle:.1f}"/>'
        ),
        (
            f'<text class="small" x="{_WIDTH - 8}" y="{middle + 4:.0f}" text-anchor="end">'
            f"{told}{beyond}</text>"
        ),
    ]
