"""Every exception that this package raises on its own account.

::

    NotebookAsyncError
    ├── InvalidArgumentError        (ValueError)    an argument out of its range
    ├── ArgumentTypeError           (TypeError)     an argument of the wrong type
    ├── NotAwaitableError           (TypeError)     an item that cannot be awaited
    ├── NotPicklableError           (TypeError)     what cannot travel to a process
    ├── WorkerLostError             (RuntimeError)  what ran an item died
    ├── ItemCancelledError          (RuntimeError)  an item was cancelled, its run not
    ├── JobNotFoundError            (LookupError)   no job has this id or name
    ├── JobNotDoneError             (RuntimeError)  the result of a job that still runs
    ├── JobCancelledError           (RuntimeError)  the result of a cancelled job
    ├── JobNotRepeatableError       (RuntimeError)  a job that cannot be started again
    ├── NoRunningLoopError          (RuntimeError)  needs a running event loop
    ├── HostError                   (RuntimeError)  not possible where this code runs
    ├── RecordingError              (ValueError)    a file that is no recording
    ├── AllTasksBlockedError        (RuntimeError)  a test waits for what can never come
    ├── WorkflowValidationError     (ValueError)    steps that do not fit together
    ├── WorkflowConfigurationError  (ValueError)    a workflow without start or stop
    ├── WorkflowRuntimeError        (RuntimeError)  a run that cannot go on
    ├── WorkflowTimeoutError        (TimeoutError)  a run or a step took too long
    ├── WorkflowCancelledByUser     (RuntimeError)  the result of a cancelled run
    ├── WorkflowStepDoesNotExistError (LookupError) no step has this name
    ├── WorkflowDone                (RuntimeError)  the run has ended already
    ├── ServiceNotFoundError        (LookupError)   no service has this name
    ├── ContextSerdeError           (ValueError)    a context that is no data, or back
    ├── ContextStateError           (RuntimeError)  a context used where it may not be
    ├── NoFrontEndError             (RuntimeError)  nobody is there to be asked
    ├── PromptTimeout               (TimeoutError)  a question nobody answered in time
    ├── PromptCancelledError        (RuntimeError)  a question that nobody will answer
    ├── SeededAnswerError           (ValueError)    an answer given beforehand is wrong
    ├── SafeError                                   all of restricted evaluation:
    │   ├── SafeSyntaxError         (SyntaxError)   what code may not say
    │   ├── SafeNameError           (NameError)     a name that code does not have
    │   ├── SafeAccessError         (AttributeError) what code may not reach or change
    │   ├── SafeValueError          (ValueError)    a value that cannot go in or out
    │   ├── SafeTimeout             (TimeoutError)  code ran for too long
    │   ├── SafeMemoryError         (MemoryError)   code needed too much memory
    │   └── SafeCodeError           (RuntimeError)  code failed, or its process
    ├── FetchError                  (OSError)       an address could not be fetched
    ├── SolrError                   (RuntimeError)  a search server refused
    ├── StoreClosedError            (RuntimeError)  a store was closed before
    └── StoreFormatError            (ValueError)    a file that is no store

Each also inherits from the built-in exception that a caller would expect. Facts are
attributes, so nobody has to parse a message. What a user's own code raises is never
wrapped: it comes back unchanged, with a note that says which job or item it came from.
"""

from __future__ import annotations

from notebook_async.errors._base import (
    ArgumentTypeError,
    InvalidArgumentError,
    NotAwaitableError,
    NotebookAsyncError,
)
from notebook_async.errors._jobs import (
    AllTasksBlockedError,
    HostError,
    ItemCancelledError,
    JobCancelledError,
    JobNotDoneError,
    JobNotFoundError,
    JobNotRepeatableError,
    NoRunningLoopError,
    NotPicklableError,
    RecordingError,
    WorkerLostError,
)
from notebook_async.errors._prompts import (
    NoFrontEndError,
    PromptCancelledError,
    PromptTimeout,
    SeededAnswerError,
)
from notebook_async.errors._retrieval import (
    FetchError,
    SolrError,
    StoreClosedError,
    StoreFormatError,
)
from notebook_async.errors._safe import (
    SafeAccessError,
    SafeCodeError,
    SafeError,
    SafeMemoryError,
    SafeNameError,
    SafeSyntaxError,
    SafeTimeout,
    SafeValueError,
)
from notebook_async.errors._workflow import (
    ContextSerdeError,
    ContextStateError,
    ServiceNotFoundError,
    WorkflowCancelledByUser,
    WorkflowConfigurationError,
    WorkflowDone,
    WorkflowRuntimeError,
    WorkflowStepDoesNotExistError,
    WorkflowTimeoutError,
    WorkflowValidationError,
)

__all__ = [
    "AllTasksBlockedError",
    "ArgumentTypeError",
    "ContextSerdeError",
    "ContextStateError",
    "FetchError",
    "HostError",
    "InvalidArgumentError",
    "ItemCancelledError",
    "JobCancelledError",
    "JobNotDoneError",
    "JobNotFoundError",
    "JobNotRepeatableError",
    "NoFrontEndError",
    "NoRunningLoopError",
    "NotAwaitableError",
    "NotPicklableError",
    "NotebookAsyncError",
    "PromptCancelledError",
    "PromptTimeout",
    "RecordingError",
    "SafeAccessError",
    "SafeCodeError",
    "SafeError",
    "SafeMemoryError",
    "SafeNameError",
    "SafeSyntaxError",
    "SafeTimeout",
    "SafeValueError",
    "SeededAnswerError",
    "ServiceNotFoundError",
    "SolrError",
    "StoreClosedError",
    "StoreFormatError",
    "WorkerLostError",
    "WorkflowCancelledByUser",
    "WorkflowConfigurationError",
    "WorkflowDone",
    "WorkflowRuntimeError",
    "WorkflowStepDoesNotExistError",
    "WorkflowTimeoutError",
    "WorkflowValidationError",
]

for _name in __all__:
    # A traceback names it as it is imported.
    globals()[_name].__module__ = __name__
