"""Let programs start for a user without an account or a home.

Python imports this when it starts: envs/shield.py has put it among the packages. Containers and
batch jobs may run as a number that no table of users has; Snakemake, for one, asks who that is.
"""

import os


def _stand_in() -> None:
    try:
        from escaping_minima.launch.nobody import stand_ins
    except ImportError:
        # the project is being installed anew
        return
    os.environ.update(stand_ins())


# most users are known by these alone
if not {"HOME", "USER"} <= os.environ.keys():
    _stand_in()
