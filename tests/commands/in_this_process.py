"""A pool whose one worker is this process: quick to start, and what a test puts in the place of something is seen."""

from backcheck.processes import pool
from backcheck.processes.pool import JobDone, NetworkDone
from backcheck.processes.worker import CaseLimits, Steps


class Noted(Steps):
    def __init__(self):
        self.met = []

    def done(self, network, failed):
        self.met.append((network, failed))


class Here(pool.Pool):
    def run(self, jobs):
        while jobs:
            job, steps = jobs.popleft(), Noted()
            result = job.function(*job.arguments, steps)
            yield from (NetworkDone(job, *each) for each in steps.met)
            yield JobDone(job, result)


def one_worker_here(size, limits=None):
    """For `backcheck.commands.verify.Pool`: two workers are two processes."""
    return (Here if size == 1 else pool.Pool)(size, limits or CaseLimits())
