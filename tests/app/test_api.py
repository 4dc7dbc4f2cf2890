"""Every endpoint through gradio_client, as the documentation shows it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests.app.made import encoded, picture, read
from tests.app.served import Served


def test_models_lists_what_there_is(client: Client) -> None:
    answer = client.predict(api_name="/models")
    assert "rvt_nano/vars_d" in answer["models"]
    assert {"sample:cat", "data:birds/small/two.png"} <= set(answer["photographs"])
    assert len(answer["corruptions"]) == 19


def test_attention_answers_for_a_sample_without_any_file(client: Client) -> None:
    overlay, sheet, facts, arrays = client.predict(
        photo="sample:coffee", model="rvt_nano/vars_sd", readout="energy", iteration=1, api_name="/attention"
    )
    assert read(overlay).shape == (400, 600, 3)
    assert read(sheet).shape[1] > 4 * 300
    assert facts["view"]["t"] == 1
    assert len(facts["top5"]) == (5 if facts["trained"] else 0)
    assert facts["trained"] == (facts["models"][0]["checkpoint_sha256"] is not None)
    with np.load(arrays) as stored:
        assert np.allclose(stored["energy"][1], np.array(facts["map"]))
    assert len(facts["objective"]) == 4


def test_attention_answers_for_an_uploaded_file(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "mine.png"
    path.write_bytes(encoded(picture(90, 120)))
    overlay, _, facts, _ = client.predict(image=handle_file(str(path)), opacity=0.0, api_name="/attention")
    assert facts["photograph"]["height"] == 90
    assert np.array_equal(read(overlay), picture(90, 120))


def test_attention_answers_for_a_photograph_of_a_data_folder(client: Client) -> None:
    _, _, facts, _ = client.predict(photo="data:birds/one.png", model="rvt_nano/self", api_name="/attention")
    assert facts["photograph"] == {"ref": "data:birds/one.png", "height": 120, "width": 160}
    assert facts["objective"] is None


def test_rows_answers_for_several_photographs_and_says_which_cannot_be_read(client: Client, tmp_path: Path) -> None:
    for i, name in enumerate(("a.png", "b.png")):
        (tmp_path / name).write_bytes(encoded(picture(90 + i, 120, seed=i)))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    sent = [handle_file(str(tmp_path / name)) for name in ("a.png", "broken.png", "b.png")]
    figure, facts, arrays = client.predict(images=sent, layer="0.3", readout="gap", api_name="/rows")
    assert [one["height"] for one in facts["photographs"]] == [90, 91]
    assert all(0 < one["answer"]["probability"] <= 1 for one in facts["photographs"])
    assert len(facts["left_out"]) == 1 and facts["left_out"][0].startswith("Photograph 2 of 3 is left out. ")
    assert (facts["view"]["layer"], facts["view"]["t"]) == ("0.3", 3)
    assert read(figure).shape[1] > 5 * 160  # the photograph and four iterates, each 160 pixels wide
    *_, alone = client.predict(image=sent[2], layer="0.3", readout="gap", api_name="/attention")
    with np.load(arrays) as stored, np.load(alone) as one:
        assert np.allclose(stored["01/gap"], one["gap"], atol=1e-5 * np.abs(one["gap"]).max())
        assert stored["00/gap"].shape == (4, *facts["grid"])


def test_compare_shows_models_on_clean_and_corrupted_pictures(client: Client) -> None:
    figure, facts = client.predict(
        models=["rvt_nano/vars_d", "rvt_nano/performer"], pictures=["clean", "fog", "snow"], api_name="/compare"
    )
    assert len(facts["panels"]) == 6 and len(facts["agreement"]) == 6
    assert facts["agreement"][0] == "r = 1.00 · SSIM 1.00"
    assert [one["changed"] for one in facts["answers"][:2]] == [False, False]
    assert all(0 < one["probability"] <= 1 and one["class"] for one in facts["answers"])
    assert [picture and picture["corruption"] for picture in facts["pictures"]] == [None, "fog", "snow"]
    assert read(figure).ndim == 3


def test_corrupt_gives_the_same_picture_for_the_same_seed(client: Client) -> None:
    one, same, other = (
        read(client.predict(photo="sample:cat", name="gaussian_noise", severity=4, seed=seed, api_name="/corrupt"))
        for seed in (7, 7, 8)
    )
    assert min(one.shape[:2]) == 256
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_closer_says_what_speaks_for_a_class_and_what_one_token_listens_to(client: Client) -> None:
    sent = {"photo": "sample:coffee", "model": "rvt_nano/self", "api_name": "/closer"}
    overlay, figure, facts, arrays = client.predict(class_name="espresso", head="2", curves=True, **sent)
    assert read(overlay).shape == (400, 600, 3) and read(figure).shape[1] > 4 * 320
    assert facts["class"]["name"] == "espresso" and facts["words"] == "For “espresso”"
    assert facts["beside"] == ["Grad-CAM", "gradient × activation"]
    assert set(facts["deletion"]) == set(facts["insertion"]) == {"shown", "centre", "random"}
    with np.load(arrays) as stored:
        assert np.allclose(stored["heads/contribution"][-1, 2], np.array(facts["map"]))
        assert stored["heads/contribution"].shape[1] == facts["heads"]
        assert stored["beside/Grad-CAM"].shape == tuple(facts["grid"])
    *_, corner, arrays = client.predict(whose="token", x=599, y=1, readout="gap", **sent)
    assert corner["token"] == [0, corner["grid"][1] - 1]
    with np.load(arrays) as stored:
        assert np.allclose(stored["heads/gap"][-1].sum(axis=(1, 2)), 1, atol=1e-5)  # a row of each attention


def test_dictionary_gives_a_page_of_atoms_their_use_and_all_arrays(client: Client) -> None:
    figure, facts, arrays = client.predict(
        photo="sample:coffee", layer="0.1", head="1", part="static", iteration=2, page=9, api_name="/dictionary"
    )
    assert read(figure).shape[1] > 8 * 112
    assert (facts["heads"], facts["atoms_each"], facts["dynamic_each"], facts["grid"]) == (4, 64, 32, [28, 28])
    assert (facts["view"]["layer"], facts["view"]["page"]) == ("0.1", 1)
    uses = [one["use"][2] for one in facts["atoms"]]
    assert len(uses) == 32 and uses == sorted(uses, reverse=True)
    assert {(one["head"], one["part"]) for one in facts["atoms"]} == {(1, "static")}
    with np.load(arrays) as stored:
        assert stored["atoms"].shape == (4, 64, 28, 28)
        assert np.allclose(np.linalg.norm(stored["atoms"], axis=(2, 3)), 1, atol=1e-5)
        assert np.allclose(stored["use"][2, 1, facts["atoms"][0]["atom"]], uses[0])


@pytest.mark.parametrize(
    ("endpoint", "wrong", "sentence"),
    [
        ("/attention", {"model": "rvt_nano/vars_q"}, "rvt_nano/vars_d"),
        ("/attention", {"photo": "sample:dog"}, "No sample photograph"),
        ("/attention", {"photo": "data:birds/../private.png"}, "No such photograph"),
        ("/attention", {"opacity": 3}, "0..1"),
        ("/attention", {"layer": "9.9"}, "no layer '9.9'"),
        ("/attention", {"iteration": 4}, r"an iterate of 0\.\.3, got 4"),
        ("/rows", {"photos": ["sample:cat"] * 17}, "1 to 16 photographs, got 17"),
        ("/rows", {"photos": ["sample:dog"]}, "No sample photograph"),
        ("/attention", {"size": "100"}, "an input size of 112"),
        ("/segmentation", {"layer": "9.9"}, "no layer '9.9'"),
        ("/fixations", {"xs": [100], "ys": [100], "iteration": 9}, r"0\.\.3, got 9"),
        ("/closer", {"head": "99"}, "a head 0..7 of layer 1.1, got 99"),
        ("/closer", {"whose": "token", "x": 3}, "x and y together"),
        ("/closer", {"whose": "token", "x": 3, "y": 3000}, r"y of a token of 0\.\.300"),
        ("/closer", {"class_name": "esspresso"}, "nearest: 'espresso'"),
        ("/closer", {"whose": "cls"}, "class token"),
        ("/compare", {"reference": "7"}, r"none or 0\.\.3"),
        ("/compare", {"models": ["rvt_nano/self"] * 2}, "different models"),
        ("/compare", {"pictures": ["fogg"]}, "fog"),
        ("/dictionary", {"model": "rvt_nano/self"}, "has no dictionary"),
        ("/dictionary", {"layer": "7.7"}, "no layer 7.7"),
        ("/dictionary", {"head": "9"}, r"a head of 0..7, got 9"),
        ("/dictionary", {"model": "rvt_nano/vars_d", "part": "static"}, "has no static atoms"),
        ("/corrupt", {"severity": 9}, "severity 1, 2, 3, 4 or 5"),
    ],
)
def test_a_wish_that_cannot_be_met_comes_back_as_a_sentence(
    client: Client, endpoint: str, wrong: dict[str, object], sentence: str
) -> None:
    with pytest.raises(AppError, match=sentence):
        client.predict(**wrong, api_name=endpoint)


def test_every_endpoint_is_documented_and_typed(client: Client) -> None:
    for name, endpoint in client.view_api(return_format="dict", print_info=False)["named_endpoints"].items():
        assert endpoint.get("description"), name
        assert all(parameter["label"] for parameter in endpoint["parameters"]), name


def test_the_endpoints_are_mcp_tools_with_the_same_words(served: Served) -> None:
    import httpx

    tools = httpx.get(f"{served.url}gradio_api/mcp/schema").json()
    names = {tool["name"] for tool in tools}
    assert {"models", "attention", "compare", "corrupt", "dictionary", "segmentation", "fixations"} <= names
    assert all(tool["description"] for tool in tools)


def test_attack_moves_the_picture_within_epsilon_and_says_what_became_of_the_answer(client: Client) -> None:
    figure, facts, arrays = client.predict(model="rvt_nano/self", epsilon=8, steps=5, api_name="/attack")
    assert read(figure).ndim == 3
    assert facts["largest"] == pytest.approx(8, abs=1e-3)
    assert facts["attacked"]["changed"] and facts["attacked"]["class"] != facts["clean"]["class"]
    assert len(facts["losses"]) == 6 and facts["losses"][-1] > facts["losses"][0]
    with np.load(arrays) as stored:
        assert np.abs(stored["moved"]).max() <= 8.001
        assert stored["clean/map"].shape == stored["attacked/map"].shape
    same = client.predict(model="rvt_nano/self", epsilon=0, api_name="/attack")[1]
    assert not same["attacked"]["changed"] and same["largest"] == 0
    with pytest.raises(AppError, match="pgd or fgsm"):
        client.predict(name="cw", api_name="/attack")
    with pytest.raises(AppError, match="0 to 32"):
        client.predict(epsilon=64, api_name="/attack")
