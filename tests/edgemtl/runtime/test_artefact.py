"""Artefacts that are damaged, or come from an enemy."""

import shutil

import numpy as np
import onnx
import pytest
from ai_edge_litert.tools import flatbuffer_utils
from hypothesis import given, settings
from hypothesis import strategies as st

from edgemtl.card import ModelCard
from edgemtl.errors import ModelError
from edgemtl.quantize.onnx_files import seal_onnx
from edgemtl.quantize.seal import seal, seal_text
from edgemtl.quantize.tflite_files import seal_tflite
from edgemtl.runtime import load, read_card
from edgemtl.runtime.artefact import SEAL, digest, read_artefact

FILES = ["tiny.fp32.onnx", "tiny.int8.onnx", "tiny.fp32.tflite", "tiny.int8.tflite"]


def unsealed(file, folder):
    """A copy of an artefact without card and seal."""
    copy = folder / file.name
    if file.suffix == ".onnx":
        model = onnx.load(file)
        del model.metadata_props[:]
        onnx.save(model, copy)
    else:
        model = flatbuffer_utils.read_model_from_bytearray(file.read_bytes())
        model.metadata = [m for m in model.metadata if not m.name.startswith(b"edgemtl")]
        del model.buffers[-2:]  # card and seal were put behind all others
        copy.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    return copy


def refused(path, load=read_artefact):
    with pytest.raises(ModelError) as caught:
        load(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    return text.removeprefix(f"{path}: ")


@pytest.mark.parametrize("name", FILES)
def test_card_is_read_without_any_library(dist, trained_run, name):
    card, trained = read_card(dist / name), read_card(trained_run)
    assert card.origin.pop("export")["precision"] == name.split(".")[1]
    assert card == trained


@pytest.mark.parametrize("name", FILES)
def test_onnx_and_flatbuffers_read_the_same_card(dist, name):
    card = read_card(dist / name).to_json()
    if name.endswith(".onnx"):
        found = {e.key: e.value for e in onnx.load(dist / name).metadata_props}
    else:
        model = flatbuffer_utils.read_model_from_bytearray((dist / name).read_bytes())
        found = {
            m.name.decode(): bytes(model.buffers[m.buffer].data).decode() for m in model.metadata
        }
    assert found["edgemtl"] == card
    assert found["edgemtl_sha256"] == SEAL.decode() + digest((dist / name).read_bytes())[0]


@pytest.mark.parametrize("name", FILES)
def test_one_flipped_byte_anywhere_is_noticed(dist, tmp_path, name):
    data = (dist / name).read_bytes()
    start = data.index(SEAL)
    places = {0, 4, 8, len(data) - 1, data.index(b'"origin"')}
    places |= set(range(start, start + len(SEAL) + 64))
    places |= set(np.random.default_rng(0).integers(0, len(data), 100).tolist())
    copy = tmp_path / name
    for place in places:
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        copy.write_bytes(flipped)
        text = refused(copy)
        assert text.startswith(("checksum is ", "carries no checksum of edgemtl")), place
    copy.write_bytes(data)
    assert read_artefact(copy).data == data


def test_message_of_a_changed_file(dist, tmp_path):
    copy = tmp_path / FILES[0]
    data = (dist / FILES[0]).read_bytes()
    copy.write_bytes(data + b"\0")
    found, stated = digest(data + b"\0")
    assert refused(copy) == (
        f"checksum is {found}, file says {stated}: cut or changed, copy it again"
    )


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_a_cut_file_is_refused(dist, tmp_path, name, share):
    data = (dist / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(len(data) * share)])
    refused(tmp_path / name)


@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\0" * 999, "carries no checksum of edgemtl"),
        (bytes(range(256)) * 40, "carries no checksum of edgemtl"),
        (2 * seal(seal_text().encode()), "carries no checksum of edgemtl"),
        (seal(b"TFL3" * 9 + seal_text().encode()), "carries no model card"),
        (seal(b"\xff" * 90 + seal_text().encode()), "carries no model card"),
    ],
)
def test_what_is_no_artefact(tmp_path, suffix, data, said):
    file = tmp_path / f"a{suffix}"
    file.write_bytes(data)
    assert refused(file, load).startswith(said)


def test_a_missing_file_and_another_kind_of_file(tmp_path):
    assert refused(tmp_path / "none.onnx", load).startswith("no such file")
    (tmp_path / "model.pt").write_bytes(b"x")
    assert refused(tmp_path / "model.pt", load) == "must be a run folder, .onnx or .tflite"


@pytest.mark.parametrize("name", FILES)
def test_a_model_that_somebody_else_made(dist, tmp_path, name):
    assert refused(unsealed(dist / name, tmp_path), load).startswith("carries no checksum")


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=200), suffix=st.sampled_from([".onnx", ".tflite"]))
def test_any_sealed_bytes_are_a_card_or_one_line(tmp_path_factory, data, suffix):
    file = tmp_path_factory.getbasetemp() / f"sealed{suffix}"
    head = b"" if suffix == ".onnx" else data[:4] + b"TFL3"
    file.write_bytes(seal(head + data + seal_text().encode()))
    refused(file)


@pytest.mark.parametrize("name", ["tiny.int8.onnx", "tiny.int8.tflite"])
def test_sealed_again_after_damage_gives_a_card_or_one_line(dist, tmp_path, name):
    """Whoever makes a new seal gets to the readers: they must hold."""
    data = (dist / name).read_bytes()
    open_seal = data.replace(SEAL + digest(data)[0].encode(), seal_text().encode())
    rng = np.random.default_rng(0)
    copy = tmp_path / name
    outcomes = set()
    # the tables of a flatbuffer lie in front, the metadata of an ONNX file at its end
    first = 0 if name.endswith("tflite") else len(data) - 8000
    for _ in range(300):
        changed = bytearray(open_seal)
        for place in rng.integers(first, first + 8000, 8):
            changed[place] = rng.integers(256)
        try:
            copy.write_bytes(seal(bytes(changed)))
        except ValueError:  # the seal itself was hit
            continue
        try:
            outcomes.add(type(read_artefact(copy).card))
        except ModelError as error:
            assert "\n" not in str(error)
            outcomes.add(ModelError)
    assert outcomes == {ModelCard, ModelError}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("wrong", ["k", "heads", "classes"])
def test_a_card_that_is_not_its_graphs(dist, tmp_path, name, wrong):
    card = read_card(dist / name)
    spec, heads = card.spec, card.heads
    if wrong == "k":
        spec = type(spec)(k=30)
    elif wrong == "heads":
        heads = heads[1:]
    else:
        heads = (*heads[:2], type(heads[2])("traffic_class", ("a", "b")))
    file = unsealed(dist / name, tmp_path)
    sealer = seal_onnx if file.suffix == ".onnx" else seal_tflite
    sealer(file, ModelCard(spec, heads, card.origin))
    said = {
        "k": "its card says flows (n, 2, 30), its graph reads flows (",
        "heads": "its card says duration (n, 4), traffic_class (n, 4), its graph answers",
        "classes": "its card says bandwidth (n, 5), duration (n, 4), traffic_class (n, 2)",
    }
    assert refused(file, load).startswith(said[wrong])


@pytest.mark.parametrize("name", FILES)
def test_answers_are_matched_by_name_whatever_their_order(dist, tmp_path, name, held_out):
    file = unsealed(dist / name, tmp_path)
    if file.suffix == ".onnx":
        model = onnx.load(file)
        outputs = list(model.graph.output)[::-1]
        del model.graph.output[:]
        model.graph.output.extend(outputs)
        onnx.save(model, file)
        seal_onnx(file, read_card(dist / name))
    else:
        model = flatbuffer_utils.read_model_from_bytearray(file.read_bytes())
        model.subgraphs[0].outputs = model.subgraphs[0].outputs[::-1]
        model.signatureDefs[0].outputs.reverse()
        file.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))
        seal_tflite(file, read_card(dist / name))
    want, got = load(dist / name).predict(held_out), load(file).predict(held_out)
    assert list(got) == ["bandwidth", "duration", "traffic_class"]
    for head in want:
        np.testing.assert_array_equal(got[head], want[head])


def test_a_file_with_a_sound_card_and_a_graph_of_garbage(dist, tmp_path):
    card = read_card(dist / FILES[0])
    broken = onnx.load(unsealed(dist / FILES[0], tmp_path))
    broken.graph.node[3].op_type = "NoSuchOperator"
    for key, value in (("edgemtl", card.to_json()), ("edgemtl_sha256", seal_text())):
        broken.metadata_props.add(key=key, value=value)
    file = tmp_path / "garbage.onnx"
    file.write_bytes(seal(broken.SerializeToString()))
    assert refused(file, load).startswith("onnxruntime can't load it: ")

    model = flatbuffer_utils.read_model_from_bytearray(
        unsealed(dist / FILES[2], tmp_path).read_bytes()
    )
    model.subgraphs[0].operators[3].inputs[0] = 10**6
    file = tmp_path / "garbage.tflite"
    file.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    seal_tflite(file, card)
    assert refused(file, load).startswith("ai-edge-litert can't load it: ")


def test_a_file_without_end_is_not_read_to_its_end(tmp_path):
    file = tmp_path / "huge.onnx"
    with file.open("wb") as handle:
        handle.truncate(1 << 34)  # sparse
    assert refused(file).startswith("has over 67108864 bytes")


def test_command_line_says_it_in_one_line(dist, tmp_path, refusal):
    copy = tmp_path / FILES[1]
    shutil.copy(dist / FILES[1], copy)
    with copy.open("r+b") as file:
        file.seek(1000)
        file.write(b"\xff\x00\xff")
    (tmp_path / "flows.parquet").write_bytes(b"")
    line = refusal("classify", copy, tmp_path / "flows.parquet")
    assert line.startswith(f"edgemtl classify: {copy}: checksum is ")
