"""The .npy files of the paper's code."""

import numpy as np
import pytest

from edgemtl.datasets import import_npy, read_flows
from edgemtl.errors import DataError
from edgemtl.flows import Flows
from tests.edgemtl.datasets.importing.rows import ETHERNET, frames, write_npy


@pytest.mark.parametrize("signed", [False, True])
def test_npy(tmp_path, signed):
    flows = Flows.concat(list(import_npy(write_npy(tmp_path, signed))))
    assert set(flows["traffic_class"]) == {"Google Drive", "Youtube"}
    assert flows["partition"].tolist() == ["train"] * 40
    for i, (_, times, lengths, ways) in enumerate(frames(packets=120)):
        part = slice(flows.offsets[i], flows.offsets[i + 1])
        np.testing.assert_array_equal(flows.length[part], lengths - ETHERNET)
        gaps = np.minimum(np.diff(times, prepend=times[0]), 1)
        np.testing.assert_allclose(flows.iat_us[part], 1e6 * gaps, atol=1)
        np.testing.assert_array_equal(flows.direction[part], (2 * ways - 1) if signed else 0)
        assert flows["packets"][i] == (len(times) if len(times) < 120 else -1)
    _, times, lengths, _ = next(iter(frames()))
    assert flows["duration_s"][0] == times[-1]
    assert flows["bytes_per_s"][0] == lengths.sum() / times[-1]


def test_npy_agrees_with_the_flow_table_of_the_authors_split(tmp_path, shared_data):
    """The flow table was made of the published valData.npy; put back, it must come out again."""
    theirs = read_flows([shared_data / "quic-ucdavis" / "pretraining-val.parquet"])
    n, data = len(theirs), np.zeros((len(theirs), 120, 2))
    for i in range(n):
        part = slice(theirs.offsets[i], theirs.offsets[i + 1])
        k = part.stop - part.start
        data[i, 120 - k :, 0] = (theirs.iat_us[part] / 1e6 - 0.5) * 2
        data[i, 120 - k :, 1] = (theirs.length[part] + ETHERNET) / 1434
    np.save(tmp_path / "valData.npy", data.reshape(n, 240))
    label = np.stack([theirs["bytes_per_s"], theirs["duration_s"], np.ones(n)], 1)
    np.save(tmp_path / "valLabel.npy", label)
    ours = Flows.concat(list(import_npy(tmp_path / "valData.npy")))
    np.testing.assert_array_equal(ours.offsets, theirs.offsets)
    np.testing.assert_array_equal(ours.length, theirs.length)
    np.testing.assert_array_equal(ours.iat_us, theirs.iat_us)
    np.testing.assert_array_equal(ours.direction, theirs.direction)
    np.testing.assert_array_equal(ours["bytes_per_s"], theirs["bytes_per_s"])


def test_npy_refuses_in_one_line(tmp_path):
    path = write_npy(tmp_path)
    data, label = np.load(path), np.load(tmp_path / "trainLabel.npy")

    def said(data=data, label=label):
        np.save(path, data)
        np.save(tmp_path / "trainLabel.npy", label)
        with pytest.raises(DataError, match=r"^[^\n]*$") as error:
            list(import_npy(path))
        return str(error.value)

    def changed(array, place, value):
        array = array.copy()
        array[place] = value
        return array

    assert "must have two columns a packet" in said(data=data[:, :-1])
    assert "40 rows need 40 × 3 labels" in said(label=label[:-1])
    assert "row 3: has a number that is not finite" in said(changed(data, (3, 239), np.nan))
    assert "row 0: lengths must be whole bytes over 1434" in said(changed(data, (0, 239), 0.5003))
    assert "row 0: must be packets in a row" in said(changed(data, (0, 237), 0))
    assert "row 0: inter-arrival times must be clipped" in said(changed(data, (0, 238), 1e9))
    assert "row 1: class must be 1 to 5, got 6" in said(label=changed(label, (1, 2), 6))
    assert "row 1: bandwidth must be finite" in said(label=changed(label, (1, 0), -1))
    assert "must be rows of numbers" in said(data=data[0])
    np.save(path, np.array([{}], object), allow_pickle=True)
    with pytest.raises(DataError, match=r"is no \.npy of numbers"):
        list(import_npy(path))
