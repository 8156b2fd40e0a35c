"""The colours of pictures, in light and dark.

Okabe and Ito's colours, which most kinds of colour vision tell apart, lightened for the
dark. Plain rules with a second set for the dark: converters know no variables.
"""

from __future__ import annotations

__all__ = ["STYLE"]

_FONT = (
    'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans",'
    "sans-serif"
)


def _colours(  # noqa: PLR0913 - one for each name of the palette
    *,
    page: str,
    words: str,
    dim: str,
    line: str,
    soft: str,
    done: str,
    run: str,
    wait: str,
    fail: str,
    tool: str,
    warm: str,
) -> str:
    return (
        f".page{{fill:{page};stroke:{line}}}"
        f"text{{fill:{words}}}.dim,.sub,.label{{fill:{dim}}}"
        f".behind{{fill:{page}}}.label.on,.many{{fill:{words}}}"
        f".start .mark,.stop .mark{{stroke:{line}}}.stop .dot{{fill:{line}}}"
        f".counted .dot{{stroke:{run};fill:none}}.counted .dot.on{{fill:{run}}}"
        f".box{{fill:{page};stroke:{run}}}"
        f".idle .box{{stroke:{line}}}.idle text{{fill:{dim}}}"
        f".queued .box,.retrying .box{{stroke:{dim}}}"
        f".cancelled .box{{stroke:{dim}}}"
        f".done .box{{stroke:{done}}}.done .glyph{{fill:{done}}}"
        f".running .box{{stroke:{run}}}.running .glyph{{fill:{run}}}"
        f".failed .box{{stroke:{fail}}}.failed .glyph{{fill:{fail}}}"
        f".waiting .box{{stroke:{wait};fill:{warm}}}.waiting .glyph{{fill:{words}}}"
        f".event .box{{fill:{soft};stroke:{line}}}"
        f".event.start .box,.event.start .mark,.reached .mark{{stroke:{done}}}"
        f".event.stop .box,.event.stop .mark{{stroke:{words}}}"
        f".event.stop .dot{{fill:{words}}}.reached .dot{{fill:{done}}}"
        f".external .box{{stroke:{wait}}}.external .mark{{stroke:{words}}}"
        f".asked .box{{fill:{warm}}}"
        f".resource .box{{stroke:{tool}}}.resource .mark{{fill:{tool}}}"
        f".generic .box{{stroke:{dim}}}.workflow .mark{{stroke:{run}}}"
        f".edge{{stroke:{dim}}}.edge.unused{{stroke:{line}}}"
        f".edge.side{{stroke:{tool}}}.tip{{fill:{dim}}}.unused.tip{{fill:{line}}}"
    )


_SHAPES = (
    f"text{{font:13px {_FONT};font-variant-numeric:tabular-nums}}"
    "text.head{font-weight:600}.dim{font-weight:400}text.pill{font-size:12px}"
    "text.sub,text.label{font-size:11px}text.label{text-anchor:middle}"
    ".box{stroke-width:1.5px}.event .box,.generic .box{stroke-width:1px}"
    ".running .box,.waiting .box,.failed .box{stroke-width:2px}"
    ".idle .box,.queued .box{stroke-dasharray:2 3}.failed .box{stroke-dasharray:7 3}"
    ".retrying .box{stroke-dasharray:7 3 2 3}"
    ".waiting .box,.external .box,.config .box{stroke-dasharray:4 3}"
    ".cancelled .box{stroke-dasharray:1 4;stroke-linecap:round}"
    ".mark{fill:none;stroke-width:1.5px}.resource .mark{stroke:none}"
    ".edge{fill:none;stroke-width:1.2px}.edge.side,.edge.unused{stroke-dasharray:2 3}"
    ".edge.tip{stroke:none}"
)
_LIGHT = _colours(
    page="#fff",
    words="#1f2328",
    dim="#656d76",
    line="#c8ced4",
    soft="#f3f5f7",
    done="#008a64",
    run="#0072b2",
    wait="#e69f00",
    fail="#d55e00",
    tool="#b8578f",
    warm="#fdf3dc",
)
_DARK = _colours(
    page="#111",
    words="#e6e6e6",
    dim="#9aa0a6",
    line="#4a4a4a",
    soft="#1e1e1e",
    done="#2fc39a",
    run="#56b4e9",
    wait="#f2b632",
    fail="#ff7b3a",
    tool="#e39ac4",
    warm="#33290f",
)


def _scoped(rules: str) -> str:
    """Keep rules to our pictures: in a page of HTML they would reach everything."""
    scoped = []
    for rule in rules.split("}")[:-1]:
        selectors, _, body = rule.partition("{")
        inner = ",".join(f".nbg {selector}" for selector in selectors.split(","))
        scoped.append(f"{inner}{{{body}}}")
    return "".join(scoped)


STYLE = (
    _scoped(_SHAPES + _LIGHT) + f"@media(prefers-color-scheme:dark){{{_scoped(_DARK)}}}"
)
