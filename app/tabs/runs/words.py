"""The Runs tab: what a run is, what it found, and how that changes with the iterates."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.evaluations.grouping import Entry
from analysis.evaluations.table import kind_of
from analysis.figures import Line
from analysis.figures_page import small_chart
from analysis.summary_table import Place, by_iterate, last_iterates
from app.inference.models import title
from app.library.run_library import RunLibrary, StoredRun
from app.tabs.runs.view import View, metrics_of, models_of, place_near
from app.views.numbers import written
from vars_core.errors import InputError

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CHART = "Dashed: what takes one step, or none, and so has one value."
NO_RUNS = (
    "This server was started without runs: make one with “python -m analysis segmentation --data DIR --model "
    "rvt_nano/vars_d --out RUNS/first” (or fixations), and start the server with “python app.py --runs RUNS”."
)

LOOKING_ON = {
    "baseline:all": "Everything foreground (baseline)",
    "baseline:centre": "Centre Gaussian (baseline)",
    "baseline:crossval": "Fixations on the other images (baseline)",
    "human": "Humans, one observer left out (ceiling)",
}
"""What was scored beside the models; none of it has seen the image with a network."""

MAX_LINES = 300
"""Lines of the summary's table; a run over all layers has hundreds."""


def described(library: RunLibrary) -> list[dict[str, Any]]:
    """Every run in a few words, for the list; ``problem`` is a sentence where one cannot be read."""
    return [_described(library, name) for name in library.names]


def _described(library: RunLibrary, name: str) -> dict[str, Any]:
    try:
        stored = library.open(name)
    except InputError as error:
        return {"run": name, "problem": str(error)}
    return {
        "run": name,
        "kind": stored.kind,
        "models": list(stored.models),
        "images": stored.images,
        "date": stored.date,
        "finished": stored.finished,
    }


def choice(entry: Mapping[str, Any]) -> tuple[str, str]:
    """(what the list of runs shows, the run's name)."""
    name = entry["run"]
    if "problem" in entry:
        return f"{name} · cannot be read", name
    models = counted(len(entry["models"]), "model")
    images = "" if entry["images"] is None else f" · {counted(entry['images'], 'image')}"
    state = entry["date"] if entry["finished"] else "not finished"
    return f"{name} · {entry['kind']} · {models}{images} · {state}", name


def provenance(stored: StoredRun) -> dict[str, Any]:
    """Where the numbers come from; of the data the folder's name alone, not where on the server it lies."""
    facts = stored.facts
    data = dict(facts.get("data", {}))
    data.pop("notes", None)
    return {
        "run": stored.name,
        "kind": stored.kind,
        "finished": stored.finished,
        "date": stored.date,
        "command": facts.get("command"),
        "settings": facts["settings"],
        "versions": facts.get("versions", {}),
        "continued_under": facts.get("continued_under", []),
        "device": facts.get("device"),
        "models": facts.get("models", {}),
        "images": stored.images,
        "data": {**data, "folder": data_name(data)},
        "notes": [{"what": note.get("what"), "count": note.get("count")} for note in notes_of(facts)],
    }


def notes_of(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a run left out or found odd in its data, wherever its evaluation wrote that."""
    return [*facts.get("data", {}).get("notes", ()), *facts.get("notes", ())]


def data_name(data: Mapping[str, Any]) -> str:
    """The last part of the path that the run recorded."""
    return str(data.get("folder", "")).rstrip("/").rpartition("/")[2]


def provenance_words(stored: StoredRun, served: Mapping[str, str | None]) -> str:
    """HTML: command, data, device, checkpoints and versions of a run.

    ``served``: the checkpoint hash of each model that this server has loaded, to tell whether it is the run's.
    """
    facts, data = stored.facts, stored.facts.get("data", {})
    lines = [
        ("Command", f"<code>{escaped(facts.get('command'))}</code>"),
        ("Data", escaped(data_words(stored, data))),
        ("Device", escaped(facts.get("device", "none"))),
        *((escaped(title(name)), checkpoint_words(one, served, name)) for name, one in facts.get("models", {}).items()),
        ("Versions", escaped(listed_versions(facts.get("versions", {})))),
        *(("Continued under", escaped(listed_versions(other))) for other in facts.get("continued_under", [])),
    ]
    body = "".join(f"<dt>{name}</dt><dd>{words}</dd>" for name, words in lines)
    notices = [f"Of the data, {note.get('what')}: {note.get('count')}." for note in notes_of(facts)]
    notices += [f"Assumed: {sentence}." for sentence in facts.get("assumptions", [])]
    warned = "".join(f'<p class="notice">{escaped(notice)}</p>' for notice in notices)
    heading = "Where these numbers come from"
    return f'{warned}<details class="run-facts"><summary>{heading}</summary><dl>{body}</dl></details>'


def data_words(stored: StoredRun, data: Mapping[str, Any]) -> str:
    """ "osie, 20 images of 350, 49116 fixations"."""
    present = data.get("samples", data.get("images_present"))
    parts = [data_name(data) or "not recorded"]
    if stored.images is not None:
        whole = f" of {present}" if present not in (None, stored.images) else ""
        parts.append(f"{counted(stored.images, 'image')}{whole}")
    if "fixations" in data:
        parts.append(f"{data['fixations']} fixations of {len(data.get('observers', []))} observers")
    return ", ".join(parts)


def checkpoint_words(described: Mapping[str, Any], served: Mapping[str, str | None], name: str) -> str:
    """HTML: which weights a model had, and whether this page has the same ones."""
    checkpoint = described.get("checkpoint")
    if checkpoint is None:
        return "no trained weights: its numbers say nothing about the model"
    words = f'checkpoint <code title="{escaped(checkpoint)}">{escaped(str(checkpoint)[:12])}</code>'
    if name not in served:
        return words
    same = served[name] == checkpoint
    return f"{words}, {'as on this page' if same else '<strong>not the weights of this page</strong>'}"


def listed_versions(versions: Mapping[str, Any]) -> str:
    """ "python 3.11.7, numpy 2.4.6, …"."""
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def summary_words(stored: StoredRun) -> str:
    """HTML: every model, baseline and ceiling at its last iterate, with 95 % intervals; names last, as in `rows`."""
    if stored.summary is None:
        return ""
    last = last_iterates(stored.summary)
    metrics = list(dict.fromkeys(entry["metric"] for entry in stored.summary))
    order = {model: at for at, model in enumerate(models_of(stored))}
    places = sorted(last, key=lambda place: order[place[0]])
    known = kind_of(stored.kind).metrics
    head = "".join(
        f'<th scope="col">{escaped(known[metric].title if metric in known else metric)}</th>' for metric in metrics
    )
    lines = "".join(_line(place, last[place], metrics, digits(stored)) for place in places[:MAX_LINES])
    cut = f" The first {MAX_LINES} of {len(places)} lines are shown; the download has all." * (len(places) > MAX_LINES)
    unit = " in percent," if stored.kind == "segmentation" else ""
    return (
        f'<div class="run-box"><table class="run-table summary"><thead><tr>{head}<th scope="col">model</th></tr>'
        f"</thead><tbody>{lines}</tbody></table></div>"
        f'<p class="fine">At the last iterate,{unit} below each value its 95 % interval over images.{cut}</p>'
    )


def _line(place: Place, entries: Mapping[str, Entry], metrics: Sequence[str], places: int) -> str:
    model, layer, readout = place
    iteration = next(iter(entries.values()))["iteration"]
    where = "" if layer is None else f"<small>{escaped(f'{layer} · {readout} · t = {iteration}')}</small>"
    cells = "".join(_cell(entries.get(metric), places) for metric in metrics)
    kind = ' class="floor"' if layer is None else ""
    return f'<tr{kind}>{cells}<th scope="row">{escaped(model_title(model))}{where}</th></tr>'


def _cell(entry: Entry | None, places: int) -> str:
    if entry is None or entry["value"] is None:
        return "<td>–</td>"
    bounds = [bound for bound in entry["ci95"] or () if isinstance(bound, int | float)]
    low_high = f"<small>{' to '.join(written(bound, places) for bound in bounds)}</small>" if len(bounds) == 2 else ""
    return f'<td title="{entry["value"]!r}, n = {entry["n"]}">{written(entry["value"], places)}{low_high}</td>'


def chart(stored: StoredRun, view: View) -> Figure:
    """The view's metric at every iterate: a line a model, at the view's layer and readout where the model has them."""
    assert stored.summary is not None
    image_metric = metrics_of(stored)[view.metric]
    key = view.key
    curves: dict[str, dict[int, float]] = {}
    for model in models_of(stored):
        place = place_near(stored, model, key.layer if key else None, key.readout if key else None)
        entries = by_iterate(stored.summary, place, image_metric.name)
        curves[model] = {t: entry["value"] for t, entry in entries.items() if entry["value"] is not None}
    last = max((t for steps in curves.values() for t in steps), default=0)
    lines = []
    for model, steps in curves.items():
        flat = len(steps) == 1  # what takes no steps is a level to compare with
        x = [0, max(last, 1)] if flat else list(steps)
        y = list(steps.values()) * (2 if flat else 1)
        lines.append(Line(model_title(model), model, x, y, dashed=flat))
    heading = f"{image_metric.title} per iterate"
    return small_chart([line for line in lines if len(line.y)], title=heading, x="iterate t", whole=True, height=300)


def model_title(model: str) -> str:
    """The name that the page uses for what was scored."""
    return LOOKING_ON.get(model) or title(model)


def digits(stored: StoredRun) -> int:
    """Decimals that the metrics of a run are shown with."""
    return next((one.digits for one in kind_of(stored.kind).metrics.values()), 3)


def counted(count: int, what: str) -> str:
    """ "1 model", "2 models"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def escaped(value: Any) -> str:
    """Text from outside as HTML."""
    return html.escape(str(value))
