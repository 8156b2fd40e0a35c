"""The names of the field, in the modules where programs look for them."""

from __future__ import annotations

from importlib import import_module

import pytest

import notebook_async.workflow

NAMES = {
    "checkpointer": "Checkpoint CheckpointCallback WorkflowCheckpointer",
    "collect": "All Cardinality Collect Take",
    "context": "BaseSerializer Context JsonSerializer PickleSerializer",
    "context.context": "Context",
    "context.serializers": (
        "BaseSerializer JsonPickleSerializer JsonSerializer PickleSerializer"
    ),
    "context.state_store": "DictState InMemoryStateStore StateStore",
    "decorators": "StepConfig catch_error step",
    "drawing": (
        "draw_all_possible_flows draw_all_possible_flows_mermaid"
        " draw_most_recent_execution draw_most_recent_execution_mermaid"
    ),
    "errors": (
        "ContextSerdeError ContextStateError WorkflowCancelledByUser"
        " WorkflowConfigurationError WorkflowDone WorkflowRuntimeError"
        " WorkflowStepDoesNotExistError WorkflowTimeoutError WorkflowValidationError"
    ),
    "events": (
        "CollectionReleaseEvent Event EventType HumanResponseEvent IdleReleasedEvent"
        " InputRequiredEvent InternalDispatchEvent StartEvent StepFailedEvent StepState"
        " StepStateChanged StopEvent UnhandledEvent UnreconstructedException"
        " WorkflowCancelledEvent WorkflowFailedEvent WorkflowIdleEvent"
        " WorkflowTimedOutEvent"
    ),
    "handler": "WorkflowHandler",
    "representation": "WorkflowGraph get_workflow_representation",
    "resource": "Resource ResourceConfig ResourceDefinition ResourceManager",
    "retry_policy": (
        "ConstantDelayRetryPolicy ExponentialBackoffRetryPolicy RetryInfo RetryPolicy"
        " retry_all retry_always retry_any retry_if_exception"
        " retry_if_exception_cause_type retry_if_exception_message"
        " retry_if_exception_type retry_if_not_exception_message"
        " retry_if_not_exception_type retry_never retry_policy"
        " retry_unless_exception_type stop_after_attempt stop_after_delay stop_all"
        " stop_any stop_before_delay stop_never wait_chain wait_combine"
        " wait_exponential wait_exponential_jitter wait_fixed wait_full_jitter"
        " wait_incrementing wait_none wait_random wait_random_exponential"
    ),
    "service": "ServiceManager ServiceNotFoundError",
    "types": "RunResultT StopEventT",
    "utils": (
        "BUSY_WAIT_DELAY StepSignatureSpec get_steps_from_class"
        " get_steps_from_instance inspect_signature is_free_function"
        " validate_step_signature"
    ),
    "workflow": "Workflow WorkflowMeta",
}


@pytest.mark.parametrize("module", NAMES)
def test_module_has_its_names(module: str) -> None:
    """A program finds a name in the module of ours that is called like the peer's."""
    found = import_module(f"notebook_async.workflow.{module}")
    missing = [name for name in NAMES[module].split() if not hasattr(found, name)]
    assert missing == []


def test_package_has_what_it_lists() -> None:
    """Every name of `__all__` is there, and nothing else is made up."""
    package = notebook_async.workflow
    assert package.__all__ == sorted(package.__all__)
    assert dir(package) == package.__all__
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Nowhere'"):
        package.Nowhere  # noqa: B018


def test_the_module_of_policies_is_not_hidden() -> None:
    """`retry_policy` is the module, as with the peer; the function is inside it."""
    from notebook_async.workflow import retry_policy  # noqa: PLC0415

    assert callable(retry_policy.retry_policy)
