"""Event-driven workflows: steps that hand events to each other.

The names are those of the field: a program written for `llama_index.core.workflow` or
`workflows` runs after its imports name this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notebook_async.workflow.checkpointer import (
        Checkpoint,
        CheckpointCallback,
        WorkflowCheckpointer,
    )
    from notebook_async.workflow.collect import (
        All,
        Cardinality,
        Collect,
        Take,
    )
    from notebook_async.workflow.context import (
        Context,
    )
    from notebook_async.workflow.context.serializers import (
        BaseSerializer,
        JsonPickleSerializer,
        JsonSerializer,
        PickleSerializer,
    )
    from notebook_async.workflow.context.state_store import (
        DictState,
        InMemoryStateStore,
        StateStore,
    )
    from notebook_async.workflow.decorators import (
        StepConfig,
        catch_error,
        step,
    )
    from notebook_async.workflow.drawing import (
        draw_all_possible_flows,
        draw_all_possible_flows_mermaid,
        draw_most_recent_execution,
        draw_most_recent_execution_mermaid,
    )
    from notebook_async.workflow.errors import (
        ContextSerdeError,
        ContextStateError,
        WorkflowCancelledByUser,
        WorkflowConfigurationError,
        WorkflowDone,
        WorkflowRuntimeError,
        WorkflowStepDoesNotExistError,
        WorkflowTimeoutError,
        WorkflowValidationError,
    )
    from notebook_async.workflow.events import (
        CollectionReleaseEvent,
        Event,
        EventType,
        HumanResponseEvent,
        IdleReleasedEvent,
        InputRequiredEvent,
        InternalDispatchEvent,
        StartEvent,
        StepFailedEvent,
        StepState,
        StepStateChanged,
        StopEvent,
        UnhandledEvent,
        UnreconstructedException,
        WorkflowCancelledEvent,
        WorkflowFailedEvent,
        WorkflowIdleEvent,
        WorkflowTimedOutEvent,
    )
    from notebook_async.workflow.handler import (
        WorkflowHandler,
    )
    from notebook_async.workflow.question import (
        Question,
    )
    from notebook_async.workflow.representation import (
        WorkflowGraph,
        get_workflow_representation,
    )
    from notebook_async.workflow.resource import (
        Resource,
        ResourceConfig,
        ResourceDefinition,
        ResourceManager,
    )
    from notebook_async.workflow.retry_policy import (
        ConstantDelayRetryPolicy,
        ExponentialBackoffRetryPolicy,
        RetryInfo,
        RetryPolicy,
    )
    from notebook_async.workflow.service import (
        ServiceManager,
        ServiceNotFoundError,
    )
    from notebook_async.workflow.types import (
        RunResultT,
        StopEventT,
    )
    from notebook_async.workflow.workflow import (
        Workflow,
        WorkflowMeta,
    )

__all__ = [
    "All",
    "BaseSerializer",
    "Cardinality",
    "Checkpoint",
    "CheckpointCallback",
    "Collect",
    "CollectionReleaseEvent",
    "ConstantDelayRetryPolicy",
    "Context",
    "ContextSerdeError",
    "ContextStateError",
    "DictState",
    "Event",
    "EventType",
    "ExponentialBackoffRetryPolicy",
    "HumanResponseEvent",
    "IdleReleasedEvent",
    "InMemoryStateStore",
    "InputRequiredEvent",
    "InternalDispatchEvent",
    "JsonPickleSerializer",
    "JsonSerializer",
    "PickleSerializer",
    "Question",
    "Resource",
    "ResourceConfig",
    "ResourceDefinition",
    "ResourceManager",
    "RetryInfo",
    "RetryPolicy",
    "RunResultT",
    "ServiceManager",
    "ServiceNotFoundError",
    "StartEvent",
    "StateStore",
    "StepConfig",
    "StepFailedEvent",
    "StepState",
    "StepStateChanged",
    "StopEvent",
    "StopEventT",
    "Take",
    "UnhandledEvent",
    "UnreconstructedException",
    "Workflow",
    "WorkflowCancelledByUser",
    "WorkflowCancelledEvent",
    "WorkflowCheckpointer",
    "WorkflowConfigurationError",
    "WorkflowDone",
    "WorkflowFailedEvent",
    "WorkflowGraph",
    "WorkflowHandler",
    "WorkflowIdleEvent",
    "WorkflowMeta",
    "WorkflowRuntimeError",
    "WorkflowStepDoesNotExistError",
    "WorkflowTimedOutEvent",
    "WorkflowTimeoutError",
    "WorkflowValidationError",
    "catch_error",
    "draw_all_possible_flows",
    "draw_all_possible_flows_mermaid",
    "draw_most_recent_execution",
    "draw_most_recent_execution_mermaid",
    "get_workflow_representation",
    "step",
]

# Loaded on first use (PEP 562): whoever only may need workflows, as a notebook that has
# just been opened, does not wait for them and for pydantic.
_MODULES = {
    "All": "collect",
    "BaseSerializer": "context.serializers",
    "Cardinality": "collect",
    "Checkpoint": "checkpointer",
    "CheckpointCallback": "checkpointer",
    "Collect": "collect",
    "CollectionReleaseEvent": "events",
    "ConstantDelayRetryPolicy": "retry_policy",
    "Context": "context",
    "ContextSerdeError": "errors",
    "ContextStateError": "errors",
    "DictState": "context.state_store",
    "Event": "events",
    "EventType": "events",
    "ExponentialBackoffRetryPolicy": "retry_policy",
    "HumanResponseEvent": "events",
    "IdleReleasedEvent": "events",
    "InMemoryStateStore": "context.state_store",
    "InputRequiredEvent": "events",
    "InternalDispatchEvent": "events",
    "JsonPickleSerializer": "context.serializers",
    "JsonSerializer": "context.serializers",
    "PickleSerializer": "context.serializers",
    "Question": "question",
    "Resource": "resource",
    "ResourceConfig": "resource",
    "ResourceDefinition": "resource",
    "ResourceManager": "resource",
    "RetryInfo": "retry_policy",
    "RetryPolicy": "retry_policy",
    "RunResultT": "types",
    "ServiceManager": "service",
    "ServiceNotFoundError": "service",
    "StartEvent": "events",
    "StateStore": "context.state_store",
    "StepConfig": "decorators",
    "StepFailedEvent": "events",
    "StepState": "events",
    "StepStateChanged": "events",
    "StopEvent": "events",
    "StopEventT": "types",
    "Take": "collect",
    "UnhandledEvent": "events",
    "UnreconstructedException": "events",
    "Workflow": "workflow",
    "WorkflowCancelledByUser": "errors",
    "WorkflowCancelledEvent": "events",
    "WorkflowCheckpointer": "checkpointer",
    "WorkflowConfigurationError": "errors",
    "WorkflowDone": "errors",
    "WorkflowFailedEvent": "events",
    "WorkflowGraph": "representation",
    "WorkflowHandler": "handler",
    "WorkflowIdleEvent": "events",
    "WorkflowMeta": "workflow",
    "WorkflowRuntimeError": "errors",
    "WorkflowStepDoesNotExistError": "errors",
    "WorkflowTimedOutEvent": "events",
    "WorkflowTimeoutError": "errors",
    "WorkflowValidationError": "errors",
    "catch_error": "decorators",
    "draw_all_possible_flows": "drawing",
    "draw_all_possible_flows_mermaid": "drawing",
    "draw_most_recent_execution": "drawing",
    "draw_most_recent_execution_mermaid": "drawing",
    "get_workflow_representation": "representation",
    "step": "decorators",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
