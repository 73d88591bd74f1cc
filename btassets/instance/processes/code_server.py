"""`python -m btassets.instance.processes.code_server`: Dagster's code server, which does not outlive `btassets ui`.

Belongs here: starting it, and testing whether it answers. The server itself is Dagster's.
"""

from pathlib import Path

from dagster._cli.code_server import code_server_cli
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._grpc.client import DagsterGrpcClient

from btassets.instance.processes.tied import tie_to_parent


def is_serving(socket: Path) -> bool:
    """Whether a code server answers at a socket."""
    try:
        DagsterGrpcClient(socket=str(socket)).ping("")
    except DagsterUserCodeUnreachableError:
        return False
    return True


if __name__ == "__main__":
    tie_to_parent()
    code_server_cli()
