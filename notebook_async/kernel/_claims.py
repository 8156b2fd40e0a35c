"""Comms whose messages belong on the kernel's main loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from notebook_async.kernel._frames import comm_kind, content_of

if TYPE_CHECKING:
    from notebook_async.kernel._frames import Frames

__all__ = ["claim_comm", "is_claimed"]

_claimed: WeakSet[Any] = WeakSet()


def claim_comm(comm: Any) -> None:
    """Have the messages of this comm handled on the kernel's main loop only.

    From ipykernel 7.0 on, JupyterLab 4.6 sends those of each comm to a thread of its
    own, with another loop. It takes a bridge to bring them back.

    Parameters
    ----------
    comm
        The comm of a widget; None, as a widget has that is closed, is passed over.

    Examples
    --------
    >>> import ipywidgets
    >>> claim_comm(ipywidgets.Text().comm)
    """
    if comm is not None:
        _claimed.add(comm)


def is_claimed(kernel: Any, frames: Frames) -> bool:
    """Tell whether this is a message of a comm that was claimed; for any thread."""
    if comm_kind(kernel.session, frames) is None:
        return False
    name = content_of(kernel.session, frames).get("comm_id")
    return kernel.comm_manager.comms.get(name) in _claimed
