"""On a GPU jobs are packs that keep the order and stay within the groups that claims name."""

from __future__ import annotations

from escaping_minima.config.load import load_config, resolve
from escaping_minima.plan.packs import USUAL, pack_jobs
from escaping_minima.plan.run_plan import make_plan


def jobs(tmp_path, **more):
    raw = {
        "scale": "paper",
        "results": str(tmp_path),
        "batch_increase": {"seeds": 4, "sample_seeds": 3, "controls": False},
    }
    return make_plan(resolve(load_config(raw | more)))


def blocks(some):
    return [(c.cell.id, b) for job in some for c in job.cells for b in c.indices]


def test_packs_hold_the_same_blocks_in_the_same_order(tmp_path):
    plan = jobs(tmp_path, device="cpu")
    packed = pack_jobs(plan.jobs, None)
    assert blocks(packed) == blocks(plan.jobs)
    for before, after in ((plan.jobs, packed),):
        groups = [
            [j.group for j in some if j.study == "batch_increase"] for some in (before, after)
        ]
        assert list(dict.fromkeys(groups[0])) == list(dict.fromkeys(groups[1]))
    networks = [job for job in packed if job.study == "batch_increase"]
    sizes = {}
    for job in networks:
        sizes.setdefault(job.group, []).append(sum(c.blocks for c in job.cells))
    # seven strategies of four seeds: 28 runs
    assert sizes["main"] == [USUAL, 28 - USUAL]
    planes = [job for job in packed if job.study == "stationary_distributions"]
    assert planes == [job for job in plan.jobs if job.study == "stationary_distributions"]


def test_the_configuration_says_how_many_run_side_by_side(tmp_path):
    plan = jobs(tmp_path, device="cuda", runs_side_by_side=3)
    main = [job for job in plan.jobs if job.group == "main" and job.study == "batch_increase"]
    assert [sum(c.blocks for c in job.cells) for job in main] == [6, 6, 6, 6, 4]
    assert len({job.key for job in plan.jobs}) == len(plan.jobs)
