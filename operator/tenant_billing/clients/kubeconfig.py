"""Why a kubeconfig cannot be used, in words that quote nothing of it: tokens stand there."""

from typing import Final

import yaml

FAULTY: Final = (AttributeError, KeyError, OSError, TypeError, ValueError, yaml.YAMLError)
"""What the libraries raise for a file that is no kubeconfig."""


class NoConfiguration(Exception):
    """There is no usable way to reach the API server; the message says why, and nothing that stands in the file."""


def why_not(error: Exception) -> str:
    """What is wrong with a kubeconfig, by what reading it has raised."""
    match error:
        case yaml.MarkedYAMLError(problem_mark=mark) if mark is not None:
            return f"line {mark.line + 1} is no YAML"
        case yaml.YAMLError() | UnicodeDecodeError():
            return "it is no YAML"
        case KeyError():
            return f"it has no entry {error}"
        case TypeError() | AttributeError():
            return "it is YAML, but no kubeconfig"
        case OSError(strerror=str(problem)):
            return problem
        case _:
            return str(error)
