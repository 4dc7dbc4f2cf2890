"""What an assistant and the page say to each other: ``python -m tools.assistant http://localhost:7860/``.

Calls the page's MCP tools as an assistant's client does and prints each call and its answer: pictures as their sizes,
and some of the facts. docs/assistants.md shows what it printed.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import sys
from collections.abc import Mapping
from typing import Any

from mcp import ClientSession, types
from mcp.client.streamable_http import streamablehttp_client
from PIL import Image

Call = tuple[str, Mapping[str, Any], tuple[str, ...]]
"""A tool, what it is given, and which of its facts are printed."""

MODEL = "rvt_nano/vars_sd"
CALLS: tuple[Call, ...] = (
    ("models", {}, ("trained", "photographs")),
    (
        "compare",
        {"photo": "sample:coffee", "models": [MODEL], "pictures": ["clean", "fog"], "severity": 4},
        ("answers", "agreement"),
    ),
    (
        "closer",
        {"photo": "sample:coffee", "model": MODEL, "whose": "class", "curves": True},
        ("class", "heads", "deletion"),
    ),
    ("attention", {"photo": "sample:coffee", "model": "rvt_nano/vars_ds"}, ()),
)


def shown(answer: types.CallToolResult, facts: tuple[str, ...]) -> list[str]:
    """An answer's blocks, a line each."""
    lines = []
    for block in answer.content:
        if isinstance(block, types.ImageContent):
            width, height = Image.open(io.BytesIO(base64.b64decode(block.data))).size
            lines.append(f"{block.mimeType}, {width}×{height}")
        elif isinstance(block, types.TextContent) and block.text.startswith("{"):
            told = json.loads(block.text)
            lines.extend(f"{name}: {json.dumps(rounded(told[name]), ensure_ascii=False)}" for name in facts)
        elif isinstance(block, types.TextContent) and answer.isError:
            lines.append(f"refused: {block.text}")
    return lines


def rounded(value: Any) -> Any:
    """Numbers as people read them."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return {key: rounded(one) for key, one in value.items()} if isinstance(value, dict) else value


async def exchange(url: str) -> None:
    """One session."""
    async with (
        streamablehttp_client(f"{url.rstrip('/')}/gradio_api/mcp/") as (reading, writing, _),
        ClientSession(reading, writing) as client,
    ):
        await client.initialize()
        print("tools: " + ", ".join(tool.name for tool in (await client.list_tools()).tools))
        for name, given, facts in CALLS:
            print(f"\n→ {name} {json.dumps(given)}")
            for line in shown(await client.call_tool(name, dict(given)), facts):
                print(f"← {line}")


if __name__ == "__main__":
    asyncio.run(exchange(sys.argv[1]))
