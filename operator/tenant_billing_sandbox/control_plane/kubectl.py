"""kubectl, without anything of the person's own configuration."""

import asyncio
import os
from pathlib import Path

from tenant_billing_sandbox.control_plane.problems import KubectlError


class Kubectl:
    """Runs kubectl for one user of one control plane.

    Args:
        program: Path of kubectl.
        kubeconfig: Who runs it, and where.
        home: Directory that it takes for the home directory, where it keeps its caches.
    """

    def __init__(self, program: Path, kubeconfig: Path, home: Path) -> None:
        self._program = program
        self._kubeconfig = kubeconfig
        self._environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home)}

    async def run(self, *arguments: str, standard_input: str | None = None) -> str:
        """Run one command to its end and return its standard output.

        Raises:
            KubectlError: It failed. The message is its standard error; the arguments may be secret.
        """
        process = await asyncio.create_subprocess_exec(
            self._program,
            f"--kubeconfig={self._kubeconfig}",
            *arguments,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL if standard_input is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is ours to act on
        )
        try:
            output, errors = await process.communicate(
                None if standard_input is None else standard_input.encode()
            )
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode != 0:
            raise KubectlError(arguments[0], process.returncode or 1, errors.decode(errors="replace"))
        return output.decode()
