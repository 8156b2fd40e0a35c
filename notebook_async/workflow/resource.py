"""What a step is given besides events: clients, stores, settings.

A parameter annotated as `Annotated[Client, Resource(connect)]` takes what `connect`
makes, and one as `Annotated[Settings, ResourceConfig("a.json")]` what the file holds.
"""

from __future__ import annotations

from notebook_async.workflow._resources.config import ResourceConfig
from notebook_async.workflow._resources.factory import Resource, ResourceDefinition
from notebook_async.workflow._resources.manager import ResourceManager

__all__ = ["Resource", "ResourceConfig", "ResourceDefinition", "ResourceManager"]
