"""What stands behind the "?" of every control: a sentence and a small picture, declared once by the control's name.

Which element an entry belongs to follows from its id: see `app.page.help_places`.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.page import sketches as draw
from app.page.sketches import (
    BLOB,
    TWIN,
    Map,
    arrow,
    bars,
    box,
    cells,
    curve,
    dot,
    label,
    noise,
    path,
    photograph,
    sketch,
)


@dataclass(frozen=True)
class Help:
    """``words``: a sentence or two, plain. ``picture``: an SVG.

    ``speaks_for``: names of buttons that have no "?" of their own, but stand under this entry's.
    """

    words: str
    picture: str
    speaks_for: tuple[str, ...] = ()


def difference(one: Map, other: Map) -> Map:
    """Where one map is above the other, by how much."""
    return [[max(0.0, a - b) for a, b in zip(*lines, strict=True)] for lines in zip(one, other, strict=True)]


def product(one: Map, other: Map) -> Map:
    """Token by token."""
    return [[a * b for a, b in zip(*lines, strict=True)] for lines in zip(one, other, strict=True)]


HELP = {
    # the rail
    "rail-photograph": Help(
        "What every tab looks at: one of the samples, files of your own (dropped, chosen, pasted or taken by the "
        "camera), or one of the server's. A model sees the whole of it, resized to a square.",
        sketch(photograph(14), arrow(78, 100), box(108, 8, 48, 48), photograph(108, 8, 48, 48)),
        speaks_for=("drop",),
    ),
    "data-folder": Help(
        "The folders of photographs that this server was started with.",
        sketch(box(52, 18, 64, 38), path([(52, 18), (52, 12), (76, 12), (80, 18)]), photograph(64, 24, 40, 26)),
    ),
    "data-find": Help(
        "Type a part of a name: the strip below shows the photographs of the folder that have it.",
        sketch(*(box(14, y, 140, 12, "accent" if y == 26 else "soft", 0.5) for y in (10, 26, 42))),
    ),
    # which map
    "model": Help(
        "What looks at the photograph: a backbone, and its mixer, the layer that lets tokens speak to each other. The "
        "weights of an untrained one are random: its maps show the architecture alone.",
        sketch(photograph(8), arrow(68, 84), box(90, 14, 36, 36, "accent", 0.5), arrow(130, 144), dot(154, 32)),
    ),
    "models": Help(
        "The models that stand side by side, a column each; all look at the same pictures.",
        sketch(*(cells(one, 8 + 40 * i, 14, 34) for i, one in enumerate((BLOB, TWIN, BLOB[::-1], TWIN[::-1])))),
    ),
    "size": Help(
        "How many pixels a side the model sees: more of them are more tokens, a finer map and a longer wait. The "
        "embedded models were trained at 112 and are read at 224.",
        sketch(draw.tokens(14, 3), arrow(78, 90), draw.tokens(98, 7)),
    ),
    "layer": Help(
        "Which block the map is read from, as stage.block counted from 0: 1.1 is the second block of the second stage. "
        "Later blocks have gathered more of the picture into each token.",
        sketch(*(box(14 + 24 * i, 16, 16, 32, "accent" if i == 4 else "soft") for i in range(6))),
    ),
    "readout": Help(
        "What is read at every token: how much the average token listens to it (gap), that times its value "
        "(contribution), the size of the layer's answer there (energy), or of the block's output (stream).",
        sketch(cells(BLOB, 14), arrow(70, 92), *(bars((0.3, 0.9, 0.5, 0.2), 100, chosen=(1,)),)),
    ),
    "film-source": Help(
        "Each frame becomes a map: of a video of your own, of the camera, whose newest frame is read each time, or of "
        "a window that moves over the photograph.",
        sketch(draw.steps(3)),
        speaks_for=("film-upload", "film-camera", "film-pan"),
    ),
    "film-iteration": Help(
        "Which frame of the film is shown, beside its map. Space plays, the arrow keys step.",
        sketch(draw.steps(1)),
    ),
    "iteration": Help(
        "The solver's steps: t = 0 is where it starts, the last t is what the model goes on with. Moving it asks "
        "nothing of the server. Attention has one step.",
        sketch(draw.steps(2)),
    ),
    "scale": Help(
        "Colours from each map's own minimum to its own maximum show its shape; one scale for all shows which map is "
        "stronger.",
        sketch(
            bars((0.3, 1, 0.5), 20, 50, (1,)), bars((0.1, 0.4, 0.2), 96, 50, (1,)), path([(20, 10), (150, 10)], "soft")
        ),
    ),
    "opacity": Help(
        "How much the map covers the photograph: 0 is the photograph alone, 1 the map alone.",
        sketch(photograph(14), photograph(98), cells(BLOB, 102, 10, 44)),
    ),
    "colours": Help(
        "The colours of every map, on the page and in what is taken along: from the least to the most, equal steps "
        "of lightness for equal steps of the value. A map that may be negative is always white at zero.",
        sketch(*(box(14 + 18 * i, 20, 17, 24, "accent", round(0.1 + 0.12 * i, 2)) for i in range(8))),
    ),
    "tokens": Help(
        "Smooth maps are interpolated between the middles of tokens, which is also how they are measured; as they are, "
        "each token is one square of one colour.",
        sketch(curve((0.1, 0.3, 0.9, 0.4), 14, 60), cells(BLOB, 102, 10, 44)),
    ),
    "attention-rows": Help(
        "Every photograph that you have loaded, under the map chosen here: its likeliest class, and every iterate from "
        "left to right. A click shows it large; arrow keys go through them.",
        sketch(
            *(photograph(8, y, 30, 24) for y in (5, 36)),
            *(cells(one, 62 + 52 * t, y, 24) for y, one in ((5, BLOB), (36, TWIN)) for t in range(2)),
        ),
    ),
    # a closer look
    "look-closer": Help(
        "“Show also” asks the model again, for what the map does not show. Deletion and insertion test the map: "
        "its pixels are taken away, or brought, the most important first, and the class's probability is watched.",
        sketch(curve((1, 0.5, 0.2, 0.1, 0.05), 14, 60), curve((0.05, 0.5, 0.8, 0.95, 1), 96, 60)),
        speaks_for=("curves",),
    ),
    "whose": Help(
        "Look closer at every head, at what one token listens to (click on the map), at the class token of a ViT, or "
        "at what speaks for a class.",
        sketch(cells(BLOB, 14), box(14, 8, 11, 11), path([(24, 16), (74, 30)]), cells(TWIN, 78)),
    ),
    "head": Help(
        "A layer works in independent parts, each with its own attention or its own atoms: of all heads together, or "
        "of one alone. VARS-S has channels, and no heads.",
        sketch(*(cells(one, 12 + 50 * i, 12, 40) for i, one in enumerate((BLOB, TWIN, BLOB[::-1])))),
    ),
    "class": Help(
        "The class that is explained: the predicted one, the next likeliest, or any other. Type to search.",
        sketch(bars((0.9, 0.5, 0.3, 0.2, 0.1), 34, 100, (0,))),
    ),
    "closer-readout": Help(
        "Contribution is the attention times the size of what is listened to; gap is the attention alone, and may be "
        "negative.",
        sketch(
            cells(BLOB, 10, 14, 36),
            label("×", 57, 36),
            cells(TWIN, 66, 14, 36, "warm"),
            label("=", 112, 36),
            cells(product(BLOB, TWIN), 122, 14, 36),
        ),
    ),
    # taking along
    "share": Help(
        "Copy link opens this very view elsewhere. Figures have photograph, maps and colour bar: PNG of pixels, SVG "
        "and PDF for a paper; an animation plays the iterates. Arrays are the raw numbers; the settings say what "
        "computed them; Python and command make the map again.",
        sketch(
            photograph(10, 14, 44, 36),
            arrow(62, 84),
            box(94, 8, 38, 48),
            path([(100, 44), (126, 44)], "soft"),
            cells(BLOB, 102, 14, 24),
            arrow(140, 158),
        ),
        speaks_for=(
            *("link", "figure", "svg", "pdf", "arrays", "settings", "gif", "mp4", "python", "command"),
            *("summary-json", "summary-csv", "images-csv"),
        ),
    ),
    # Compare and Corruptions
    "pictures": Help(
        "A row each: the photograph as it is, and with corruptions drawn as ImageNet-C draws them, all at the severity "
        "chosen.",
        sketch(photograph(14), noise(98, 0.8)),
    ),
    "severity": Help(
        "How strong a corruption is, 1 to 5, as in ImageNet-C.",
        sketch(noise(8, 0.1), noise(68, 0.5), box(128, 8, 32, 48, "soft", 0.3), label("1 … 5", 144, 36)),
    ),
    "seed": Help(
        "Where a corruption's random numbers start: the same seed draws the same noise.",
        sketch(noise(14, 0.6), label("=", 84, 36), noise(98, 0.6)),
    ),
    "reference": Help(
        "Subtracts one panel's map from all others: vermilion where they are stronger, blue where weaker. r beside "
        "each is its correlation with that map.",
        sketch(
            *(cells(BLOB, 10, 14, 36), label("−", 57, 36), cells(TWIN, 66, 14, 36), label("=", 112, 36)),
            cells(difference(BLOB, TWIN), 122, 14, 36, "vermilion"),
            cells(difference(TWIN, BLOB), 122, 14, 36, "cool"),
        ),
    ),
    "corruptions-name": Help(
        "What is done to the photograph: noise, blur, weather or digital damage, computed as for ImageNet-C.",
        sketch(photograph(14), arrow(78, 90), noise(98, 0.9)),
    ),
    "corruptions-rows": Help(
        "What stands below the clean row: one corruption at its five severities, or several corruptions at one.",
        sketch(*(noise(24 + 62 * i, 0.25 + 0.5 * i) for i in range(2))),
    ),
    "others": Help(
        "The corruptions that have a row, all at the severity above.",
        sketch(noise(14, 0.4), cells(TWIN, 100)),
    ),
    "attack-name": Help(
        "Changes every pixel by too little to be seen, so that the model gives another answer: FGSM in one step, PGD "
        "in several.",
        sketch(photograph(6, 12, 44, 38), label("+ ε ·", 66, 36), noise(84, 1), arrow(144, 158)),
    ),
    "attack-epsilon": Help(
        "The most that a pixel may change, in steps of the 255 that it has. 8 is already strong.",
        sketch(
            path([(14, 20), (154, 20)], "soft"),
            path([(14, 44), (154, 44)], "soft"),
            path([(14, 32), (40, 24), (66, 42), (92, 22), (118, 40), (154, 30)], "bold"),
            label("± ε", 84, 12),
        ),
    ),
    "attack-steps": Help(
        "How often PGD goes ε / 2 in the direction that hurts, and back within ε.",
        sketch(box(58, 6, 52, 52), path([(84, 32), (96, 24), (106, 34), (108, 12)], "bold"), dot(108, 12)),
    ),
    # Fixations
    "placing": Help(
        "Where people looked: click on the photograph to place a point, upload a table with x and y, or take the "
        "points that were recorded for this image. They are scored against the map at once.",
        sketch(photograph(56), dot(74, 22), dot(90, 36), dot(98, 30)),
        speaks_for=("undo", "clear", "recorded", "upload"),
    ),
    "image": Help(
        "Images of a fixation data set: the points of all observers come with them.",
        sketch(photograph(56), *(dot(68 + 9 * i, 44 - (7 * i) % 19, 2) for i in range(5))),
    ),
    "first": Help(
        "Observers begin where the experiment made them look, often the middle: data sets differ in whether that first "
        "fixation counts.",
        sketch(photograph(56), dot(84, 32, 4, "warm"), dot(70, 22), dot(98, 40), path([(84, 32), (70, 22), (98, 40)])),
    ),
    # Segmentation
    "threshold": Help(
        "The mask is where the map, scaled to 0…1, reaches the threshold. The paper takes 0.3.",
        sketch(
            curve((0.1, 0.3, 0.8, 0.9, 0.4, 0.2), 14, 70),
            path([(14, 34), (84, 34)], "warm"),
            cells([[float(value >= 0.3) for value in line] for line in BLOB], 104),
        ),
    ),
    "mode": Help(
        "How the mask is drawn: the rest darkened, its contour, the object cut out, or its errors: green found, "
        "orange too much, blue missed.",
        sketch(
            box(20, 10, 40, 44, "accent", 0.7),
            box(96, 10, 30, 44, "accent", 0.7),
            box(126, 10, 10, 44, "warm"),
            box(86, 10, 10, 44, "cool"),
        ),
    ),
    "ground-truth": Help(
        "What the mask is measured against: drawn here, uploaded as a mask, or the mask that lies beside a photograph "
        "of the server's. Clear brings that one back.",
        sketch(photograph(14), arrow(78, 90), box(98, 8, 56, 48, "soft", 0.4), box(112, 20, 26, 28, "accent")),
        speaks_for=("segmentation-undo", "segmentation-clear", "segmentation-upload"),
    ),
    "tool": Help(
        "Draw the object: round its outline, with a brush, or take away with the eraser; by keyboard, arrow keys and "
        "Enter.",
        sketch(photograph(56), path([(70, 20), (94, 18), (102, 38), (84, 50), (68, 40), (70, 20)], "bold")),
    ),
    "brush": Help(
        "The width of brush and eraser, in hundredths of the photograph's longer side.",
        sketch(dot(40, 32, 4), dot(80, 32, 10), dot(130, 32, 20)),
    ),
    "mask-values": Help(
        "What the grey levels of a mask file stand for. They are judged from the file, and what was judged is said, "
        "unless you say it.",
        sketch(
            *(box(14 + 36 * i, 14, 30, 24, "ink", one) for i, one in enumerate((0.05, 0.3, 0.6, 1))),
            label("0", 29, 54),
            label("128", 101, 54),
            label("255", 137, 54),
        ),
    ),
    # Dictionary
    "part": Help(
        "Dynamic atoms Φ are computed from this photograph's tokens; static atoms A were learned and are the same for "
        "all.",
        sketch(cells(BLOB, 14), label("Φ", 76, 36), cells(TWIN, 92, kind="warm"), label("A", 152, 36)),
    ),
    "sort": Help(
        "By use, the atoms with the largest codes (mean |u| at this iterate) first; or as they are numbered.",
        sketch(bars((0.95, 0.7, 0.45, 0.3, 0.2, 0.12, 0.05), 34, 100, (0, 1))),
    ),
    # Dynamics
    "dynamics-iteration": Help(
        "Time: all four ways step together, from their start to where they settle.",
        sketch(curve((1, 0.55, 0.3, 0.18, 0.12, 0.1, 0.1), chosen=2)),
    ),
    "channel": Help(
        "Which channel's codes are drawn below: a head has one code per atom and channel.",
        sketch(curve((0, 0.3, 0.7, 0.8, 0.8), 20, 56), path([(20, 54), (48, 30), (76, 50)]), cells(TWIN, 104)),
    ),
    "lam": Help(
        "The price of a code, as a multiple of the layer's own λ: the higher, the more codes die.",
        sketch(
            path([(14, 54), (64, 32), (104, 32), (154, 10)], "bold"),
            path([(64, 26), (64, 38)]),
            path([(104, 26), (104, 38)]),
            label("− λ", 64, 52),
            label("λ", 104, 52),
        ),
    ),
    "bound": Help(
        "ISTA goes in steps of 1/L. With L below the largest eigenvalue of PᵀP a step may go too far, below half of it "
        "the steps grow.",
        sketch(
            path([(14, 10), (50, 46), (84, 54), (118, 46), (154, 10)], "soft"),
            path([(24, 20), (56, 49), (76, 53)], "bold"),
            dot(84, 54),
        ),
    ),
    "steps": Help(
        "How many steps are computed and shown; the layer itself was trained for a few.",
        sketch(curve((1, 0.6, 0.4, 0.28, 0.2, 0.15, 0.12, 0.1, 0.1), chosen=3), path([(69, 8), (69, 56)], "soft")),
    ),
    "alpha": Help(
        "How fast z, what the layer answers, leaks away.",
        sketch(curve((1, 0.61, 0.37, 0.22, 0.14, 0.08, 0.05)), label("dz/dt = − α z", 104, 18)),
    ),
    "beta": Help(
        "How fast the codes' potentials leak away.",
        sketch(curve((1, 0.37, 0.14, 0.05, 0.02, 0.01, 0.0)), label("dũ/dt = − β ũ", 104, 18)),
    ),
    "gamma": Help(
        "How strongly codes of overlapping atoms inhibit each other; at 0 they do not compete.",
        sketch(
            dot(50, 32, 12),
            dot(118, 32, 7, "warm"),
            path([(64, 28), (106, 28)]),
            path([(106, 23), (106, 33)]),
            path([(66, 38), (106, 38)], "soft"),
            path([(66, 33), (66, 43)], "soft"),
        ),
    ),
    # Runs
    "run": Help(
        "The finished measurements in the folder that this server was started with; each names its data, models and "
        "weights.",
        sketch(*(box(14, 8 + 17 * i, 140, 13, "accent" if i == 0 else "soft", 0.5) for i in range(3))),
    ),
    "runs-iterate": Help(
        "The iterate that was scored; every one of the solver's steps is a map of its own.",
        sketch(draw.steps(3)),
    ),
    "metric": Help(
        "The number that the images are sorted by; the table above says which way is better.",
        sketch(bars((0.3, 0.5, 0.8, 0.6), 40, 90, (2,))),
    ),
    "order": Help(
        "The images on which the chosen map scores best first, or worst first. A click on a row opens its image.",
        sketch(bars((0.9, 0.7, 0.5), 16, 56, (0,)), bars((0.1, 0.3, 0.5), 96, 56, (0,))),
    ),
}
"""Every entry belongs to a control or a group of buttons: a test holds the table against the page."""
