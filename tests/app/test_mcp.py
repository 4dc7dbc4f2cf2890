"""The endpoints as tools of an assistant, called as its client calls them."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest
from mcp import ClientSession, types
from mcp.client.streamable_http import streamablehttp_client
from PIL import Image

from analysis.colour_maps import SEQUENTIAL
from analysis.corruptions import NAMES, SEVERITIES
from analysis.token_drawing import TOKEN_DRAWINGS
from app.inference.traced import READOUTS
from app.library.photographs import MODEL_SIZES
from tests.app.coroutines import finished
from tests.app.made import encoded, picture
from tests.app.served import Served

Call = tuple[str, Mapping[str, Any]]


def answered(served: Served, *calls: Call) -> tuple[list[types.Tool], list[types.CallToolResult]]:
    """The tools of the page, and its answers to some calls of one session."""

    async def session() -> tuple[list[types.Tool], list[types.CallToolResult]]:
        async with (
            streamablehttp_client(f"{served.url}gradio_api/mcp/") as (reading, writing, _),
            ClientSession(reading, writing) as client,
        ):
            await client.initialize()
            tools = (await client.list_tools()).tools
            return tools, [await client.call_tool(name, dict(given)) for name, given in calls]

    return finished(session())


def pictures(answer: types.CallToolResult) -> list[Image.Image]:
    blocks = [one for one in answer.content if isinstance(one, types.ImageContent)]
    return [Image.open(io.BytesIO(base64.b64decode(one.data))) for one in blocks]


def facts(answer: types.CallToolResult) -> dict[str, Any]:
    said = [one.text for one in answer.content if isinstance(one, types.TextContent) and one.text.startswith("{")]
    return dict(json.loads(said[0]))


@pytest.fixture(scope="module")
def schemas(served: Served) -> dict[str, dict[str, Any]]:
    """What each tool says that it takes."""
    return {tool.name: tool.inputSchema["properties"] for tool in answered(served)[0]}


CALLS: Sequence[Call] = (
    ("attention", {"photo": "sample:coffee", "model": "rvt_nano/self", "colours": "cividis", "tokens": "squares"}),
    ("rows", {"photos": ["sample:coffee", "data:birds/one.png"], "model": "rvt_nano/self"}),
    ("closer", {"model": "rvt_nano/self", "whose": "heads"}),
    ("compare", {"models": ["rvt_nano/self"], "pictures": ["clean", "fog"]}),
    ("corrupt", {"name": "snow", "severity": 5}),
    ("attack", {"model": "rvt_nano/self", "steps": 1}),
    ("segmentation", {"model": "rvt_nano/self"}),
    ("fixations", {"model": "rvt_nano/self", "xs": [100, 200.5], "ys": [80, 90]}),
    ("dictionary", {"photo": "sample:coffee"}),
    ("dynamics", {"steps": 2}),
    ("film", {"size": "112"}),
)


def test_every_tool_that_looks_at_a_photograph_answers_with_pictures_beside_the_numbers(
    served: Served, schemas: dict[str, dict[str, Any]]
) -> None:
    assert {name for name, inputs in schemas.items() if {"photo", "photos"} & set(inputs)} == {
        name for name, _ in CALLS
    }
    for (name, _), answer in zip(CALLS, answered(served, *CALLS)[1], strict=True):
        assert not answer.isError, answer.content
        assert pictures(answer), name
        assert all(40 < max(one.size) <= 800 for one in pictures(answer)), name
        if name != "corrupt":
            assert facts(answer)["versions"], name


def test_facts_are_json_and_errors_are_the_sentence_as_it_is(served: Served) -> None:
    (attention, listed, unknown, refused) = answered(
        served,
        CALLS[0],
        ("models", {}),
        ("attention", {"model": "a<b&c"}),
        ("compare", {"models": ["rvt_nano/self"] * 2}),
    )[1]
    seen = facts(attention)
    assert (seen["view"]["colours"], seen["view"]["tokens"]) == ("cividis", "squares")
    assert seen["trained"] is True and len(seen["map"]) == seen["grid"][0]
    assert "rvt_nano/vars_d" in facts(listed)["models"]
    assert unknown.isError and unknown.content[0].text.startswith("Unknown model 'a<b&c'; nearest: ")
    assert refused.isError and refused.content[0].text == "Expected 1 to 4 different models, got 2"


def test_schemas_name_what_there_is(served: Served, schemas: dict[str, dict[str, Any]]) -> None:
    attention, compare = schemas["attention"], schemas["compare"]
    assert attention["model"]["anyOf"][0]["enum"] == served.services.models.names
    assert compare["models"]["items"] == {"anyOf": attention["model"]["anyOf"]}
    assert (compare["models"]["minItems"], compare["models"]["maxItems"]) == (1, 4)
    assert attention["readout"]["enum"] == list(READOUTS)
    assert attention["colours"]["enum"] == list(SEQUENTIAL) and attention["tokens"]["enum"] == list(TOKEN_DRAWINGS)
    assert attention["size"]["enum"] == ["default", *map(str, MODEL_SIZES)]
    assert schemas["corrupt"]["name"]["enum"] == list(NAMES)
    assert compare["pictures"]["items"]["enum"] == ["clean", *NAMES]
    assert schemas["corrupt"]["severity"]["enum"] == list(SEVERITIES)
    assert "data:birds/one.png" in attention["photo"]["examples"]
    assert schemas["fixations"]["xs"]["items"] == {"type": "number"}
    for name, inputs in schemas.items():
        assert all(one["description"] and ("type" in one or "anyOf" in one) for one in inputs.values()), name


def test_what_the_schema_forbids_is_refused_with_what_there_is(served: Served) -> None:
    (answer,) = answered(served, ("corrupt", {"severity": 9}))[1]
    assert answer.isError and "9 is not one of [1, 2, 3, 4, 5]" in answer.content[0].text


def test_a_photograph_comes_along_or_is_named_by_the_address_of_its_upload(served: Served) -> None:
    sent = encoded(picture(90, 120))
    along = "data:image/png;base64," + base64.b64encode(sent).decode()
    (path,) = httpx.post(f"{served.url}gradio_api/upload", files={"files": ("a.png", sent, "image/png")}).json()
    address = f"{served.url}gradio_api/file={path}"
    calls: list[Call] = [("attention", {"image": image, "model": "rvt_nano/self"}) for image in (along, address)]
    stranger: Call = ("attention", {"image": "http://127.0.0.1:9/a.png"})
    outside: Call = ("attention", {"image": f"{served.url}gradio_api/file=/etc/passwd"})
    several: Call = ("rows", {"images": [along, address], "model": "rvt_nano/self"})
    far: Call = ("rows", {"images": ["http://127.0.0.1:9/a.png"]})
    first, second, both, *others = answered(served, *calls, several, stranger, outside, far)[1]
    assert facts(first)["photograph"] == facts(second)["photograph"]
    assert (facts(first)["photograph"]["height"], facts(first)["photograph"]["width"]) == (90, 120)
    assert [one["height"] for one in facts(both)["photographs"]] == [90, 90]
    assert all(one.isError and "got an address" in one.content[0].text for one in others)
