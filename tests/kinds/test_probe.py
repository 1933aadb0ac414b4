"""A cell that rests on another: what it reads is named, and it is run anew when that changes."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from escaping_minima.engine.flat_network import FlatNetwork
from escaping_minima.engine.probing import probe_state
from escaping_minima.errors import UserError
from escaping_minima.kinds.kind import Piece
from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.probe import run as probing
from escaping_minima.kinds.probe.cell import make_probe_cell
from escaping_minima.kinds.records import read_cell
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.parts.registry import part_record, read_part, read_problem
from escaping_minima.plan.jobs import Job, PlannedBlocks, needed_jobs
from escaping_minima.results.blocks import find_kept, manifest_path
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.train import train
from escaping_minima.vouching import examine_cases
from escaping_minima.vouching.cases import probe_cases, registered

SIZES = {"first": 10, "last": 10, "line": "epochs"}
SMALL = {"data": "sample", "train_images": 40, "test_images": 20}


def job(name, *cells, source="s1"):
    planned = tuple(PlannedBlocks(cell, 1, {"role": "main"}, source) for cell in cells)
    return Job("study", name, planned, name)


def block_of(folder, cell):
    path = ResultPaths(folder / "results", "smoke").block("study", cell.id, 0)
    return path, json.loads(manifest_path(path).read_text())


@pytest.fixture(scope="module")
def network():
    return make_training_cell("takase_mnist", "adagrad", 2, SIZES, SMALL, keep_epochs=(0, 2))


def test_a_network_is_probed_at_the_epochs_that_its_cell_names(tmp_path, network, write_plan):
    probes = [make_probe_cell(network, f"epoch{epoch}", "gradient") for epoch in (0, 2)]
    plan = write_plan(tmp_path, job("train", network), job("probe", *probes))
    train(plan, "study_train")
    path, manifest = block_of(tmp_path, network)
    assert set(manifest["further"]) == {"epoch0.pt", "epoch2.pt"}
    train(plan, "study_probe")
    curves = pd.read_parquet(path)
    for epoch, probe in zip((0, 2), probes, strict=True):
        probe_path, said = block_of(tmp_path, probe)
        found = pd.read_parquet(probe_path).iloc[0]
        # the loss in inference mode that the run itself measured
        assert found["loss"] == pytest.approx(curves["train_loss"].iloc[epoch], rel=1e-5)
        assert found["gradient_norm"] > 0
        digest = manifest["further"][f"epoch{epoch}.pt"]
        assert said["data"] == {f"{network.id}/0/epoch{epoch}": digest}
    # the gradient of the whole set, once more by autograd in one piece
    problem = read_problem(network.problem, network.problem_settings)
    kept = find_kept(path, "epoch2").state()
    made = FlatNetwork(problem.network(), torch.device("cpu"))
    with torch.no_grad():
        for name, tensor in made.module.state_dict().items():
            tensor.copy_(kept[name])
    from escaping_minima.data.load import load_images

    data = problem.select(load_images("mnist", "sample"))
    images = torch.tensor(data.train_images).float() / 255
    labels = torch.tensor(data.train_labels).long()
    loss = torch.nn.functional.cross_entropy(made.module.eval()(images), labels)
    parts = torch.autograd.grad(loss, made.parameters)
    norm = float(torch.cat([p.reshape(-1).double() for p in parts]).norm())
    found = pd.read_parquet(block_of(tmp_path, probes[1])[0]).iloc[0]
    assert found["gradient_norm"] == pytest.approx(norm, rel=1e-4)


def test_directions_are_measured_with_the_draws_of_each_block(tmp_path, network, write_plan):
    settings = {"batches": 2, "batch": 10, "rates": (0.5,)}
    probe = make_probe_cell(network, "epoch2", "directions", settings)
    plan = write_plan(tmp_path, job("train", network), job("probe", probe))
    train(plan, "study_train")
    train(plan, "study_probe")
    path, _ = block_of(tmp_path, probe)
    problem = read_problem(network.problem, network.problem_settings)
    place = torch.device("cpu")
    from escaping_minima.data.load import load_images

    data = problem.place(problem.select(load_images("mnist", "sample")), place)
    kept = find_kept(block_of(tmp_path, network)[0], "epoch2").state()
    measure = read_part("measures", "directions", probe.measure["settings"])
    found = pd.read_parquet(path)
    for block, same in ((0, True), (1, False)):
        again = probe_state(network.problem, problem, data, block, kept, {}, measure, place)
        assert (found["loss"].tolist() == pytest.approx(again["loss"], rel=1e-5)) == same
        pairs = zip(found["gradient_norm"], again["gradient_norm"], strict=True)
        assert all(a == pytest.approx(b, rel=1e-3) for a, b in pairs) == same


def test_cost_is_what_the_measure_says_of_its_problem():
    cell = make_training_cell("vgg16", "gd", 2, SIZES, {"divisor": 8, "train_images": 640})
    settings = {"batches": 4, "batch": 32, "rates": (0.5, 0.1, 0.05)}
    probe = make_probe_cell(cell, "epoch1", "directions", settings)
    # 128 of 640 images, 10 forward passes where training takes 3, and one epoch of two
    assert probe.cost == pytest.approx(cell.cost / 2 * 128 / 640 * 10 / 3)
    assert make_probe_cell(cell, "epoch1", "gradient").cost == 1.0


def test_what_a_probe_takes_is_told_from_an_epoch_of_training(monkeypatch, network):
    """Where an epoch on 40 images takes 8 s, 40 times 8 / 3 passes of a gradient take 64 / 3."""
    timed = []

    def calibrate(pieces, device, pack):
        timed.extend(piece.cell for piece in pieces)
        return {piece.cell.id: 8.0 for piece in pieces}

    monkeypatch.setattr("escaping_minima.kinds.training.run.calibrate", calibrate)
    probe = make_probe_cell(network, "epoch2", "directions", {"batch": 10})
    other = make_probe_cell(network, "epoch2", "gradient")
    found = probing.calibrate([Piece(probe, 0), Piece(probe, 1), Piece(other, 0)], "cpu", 0)
    assert found == {probe.id: pytest.approx(8.0 * 8 / 3), other.id: 1.0}
    (cell,) = timed
    assert (cell.problem, cell.epochs, cell.batch_size["first"]) == ("takase_mnist", 1, 10)


def test_a_probe_is_run_anew_when_what_it_rests_on_changed(tmp_path, network, write_plan):
    probe = make_probe_cell(network, "epoch2", "gradient")
    jobs = job("train", network), job("probe", probe)
    plan = write_plan(tmp_path, *jobs)
    with pytest.raises(UserError, match="epoch2 is missing; it is kept by the job that runs"):
        train(plan, "study_probe")
    train(plan, "study_train")
    train(plan, "study_probe")
    path, _ = block_of(tmp_path, probe)
    first = path.stat().st_mtime_ns
    train(plan, "study_probe")
    assert path.stat().st_mtime_ns == first
    target, manifest = block_of(tmp_path, network)
    kept = target.with_name("b0000.epoch2.pt")
    tensors = torch.load(kept, weights_only=True)
    torch.save({name: 1.5 * tensor for name, tensor in tensors.items()}, kept)
    # altered: the target is corrupt and comes first
    train(plan, "study_train")
    train(plan, "study_probe")
    assert path.stat().st_mtime_ns == first
    # the target was made by other sources, with another state
    tensors["0.weight"] *= 2
    torch.save(tensors, kept)
    from escaping_minima.results.further import file_digest

    manifest["further"]["epoch2.pt"] = file_digest(kept)
    manifest_path(target).write_text(json.dumps(manifest))
    train(plan, "study_probe")
    assert path.stat().st_mtime_ns != first


def test_a_probe_sees_the_weights_and_labels_that_the_run_had(tmp_path, write_plan):
    """Another memory format, and training labels of another seed."""
    settings = SMALL | {"permute_labels": True}
    more = {"memory_format": "contiguous", "seeds": {"labels": 5}, "keep_epochs": (1,)}
    cell = make_training_cell("takase_mnist", "adagrad", 1, SIZES, settings, **more)
    probe = make_probe_cell(cell, "epoch1", "gradient")
    train(write_plan(tmp_path, job("both", cell, probe)), "study_both")
    curves = pd.read_parquet(block_of(tmp_path, cell)[0])
    found = pd.read_parquet(block_of(tmp_path, probe)[0]).iloc[0]
    assert found["loss"] == pytest.approx(curves["train_loss"].iloc[1], rel=1e-5)


def test_jobs_know_which_others_come_before_them(network):
    probe = make_probe_cell(network, "epoch2", "gradient")
    other = make_training_cell("takase_mnist", "gd", 2, SIZES, SMALL)
    jobs = [job("probe", probe), job("train", network), job("other", other)]
    assert needed_jobs(jobs[0], jobs) == [jobs[1]]
    assert needed_jobs(jobs[1], jobs) == []
    assert read_cell(probe.record()).id == probe.id
    assert probe.record()["kind"] == "probe"


def test_points_of_paths_are_probed_where_the_cell_names_them(tmp_path, write_plan):
    path = part_record("observers", "path", {"every": 100, "coordinates": (3, 7)}).record()
    walk = make_points_cell("himmelblau", "gd", 300, 100, observers=(path,))
    probe = make_probe_cell(walk, "path", "curvature")
    plan = write_plan(tmp_path, job("both", walk, probe))
    train(plan, "study_both")
    table = pd.read_parquet(block_of(tmp_path, probe)[0])
    assert sorted(set(table["replicate"])) == [3, 7]
    assert len(table) == 2 * 3
    kept = find_kept(block_of(tmp_path, walk)[0], "path").table()
    known = kept[kept["replicate"].isin([3, 7])]
    x, y = known["w0"].to_numpy(), known["w1"].to_numpy()
    xx, xy, yy = read_problem("himmelblau", walk.problem_settings).hessian(x, y)
    exact = np.linalg.eigvalsh(np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -1))
    np.testing.assert_allclose(table["lowest"], exact[:, 0], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(table["highest"], exact[:, 1], rtol=1e-10, atol=1e-10)
    assert (table["negative"] + table["positive"] == 2).all()
    assert (table["negative"] == (exact < 0).sum(1)).all()


def test_every_measure_finds_something_where_it_is_vouched_for(tmp_path, write_plan):
    """With its settings as they are, on the few images of such a case."""
    cells = {cell.id: cell for cell in (read_cell(case.record) for case in probe_cases("cpu"))}
    train(write_plan(tmp_path, job("all", *cells.values())), "study_all")
    probes = [cell for cell in cells.values() if hasattr(cell, "measure")]
    known = {probe.measure["name"] for probe in probes}
    assert known == set(registered("measures")) - set(examine_cases.MEASURES)
    for probe in probes:
        table = pd.read_parquet(block_of(tmp_path, probe)[0])
        assert len(table) > 0
        known = np.isfinite(table.select_dtypes("number").to_numpy())
        # at points of walks and of planes some readings are of every so manieth
        is_sparse = probe.kept == "points" or probe.measure["name"] == "loss_plane"
        assert known.any(0).all() if is_sparse else known.all()
