"""A signal at any moment: what was begun is ended, once, however often and by whichever signal it is asked."""

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from tenant_billing_sandbox.control_plane.kubectl import Kubectl
from tenant_billing_sandbox.environment.interruption import ENDING, Interrupted, interruptible


class Work:
    """Something that waits for ever, and takes two turns of the loop to end."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended: list[str] = []

    async def run(self) -> None:
        try:
            self.begun.set()
            await asyncio.Event().wait()
        finally:
            self.ended.append("begin")
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            self.ended.append("whole")


@pytest.mark.parametrize("number", ENDING)
async def test_the_first_signal_ends_the_work_and_the_next_does_not_disturb_its_end(
    number: signal.Signals,
) -> None:
    work, told = Work(), []
    running = asyncio.ensure_future(interruptible(work.run(), lambda: told.append("told")))
    await work.begun.wait()
    signal.raise_signal(number)
    with pytest.raises(Interrupted):
        await running
    assert (work.ended, told) == (["begin", "whole"], ["told"])


async def test_a_terminal_that_takes_no_words_any_more_keeps_nothing_from_ending() -> None:
    work = Work()

    def told() -> None:
        raise OSError("Input/output error")

    running = asyncio.ensure_future(interruptible(work.run(), told))
    await work.begun.wait()
    signal.raise_signal(signal.SIGHUP)
    with pytest.raises(Interrupted):
        await running


async def test_without_a_signal_the_result_comes_back_and_signals_mean_again_what_they_meant() -> None:
    async def answers() -> int:
        return 7

    assert await interruptible(answers(), lambda: None) == 7
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


async def test_what_ends_the_work_otherwise_is_no_interruption() -> None:
    running = asyncio.ensure_future(interruptible(asyncio.sleep(600), lambda: None))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the process group in /proc")
async def test_kubectl_is_out_of_reach_of_ctrl_c_so_that_it_is_not_taken_for_a_failure(
    tmp_path: Path,
) -> None:
    program = tmp_path / "kubectl"
    program.write_text("#!/bin/sh\nread -r line < /proc/$$/stat; set -- $line; echo $5\n")
    program.chmod(stat.S_IRWXU)
    kubectl = Kubectl(program, tmp_path / "kubeconfig", tmp_path)
    group = int(await kubectl.run("version"))
    assert group != os.getpgid(0)
