"""Attempts to get out of restricted code, by family, and how each of them ends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from notebook_async.errors import SafeAccessError, SafeNameError, SafeSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ESCAPES", "Escape", "one_per_family"]


class Escape(NamedTuple):
    """Some code, and the error that it ends with."""

    family: str
    code: str
    error: type[Exception]


_SAID = SafeSyntaxError
_REACHED = SafeAccessError
_NAMED = SafeNameError

_CAUGHT = "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    "
_GENERATOR = "def numbers():\n    yield 1\ng = numbers()\n"
_STRING = "class S(str):\n    pass\n"
_LIAR = (
    "class S(str):\n"
    "    def startswith(self, *a): return False\n"
    "    def __eq__(self, o): return False\n"
)

_FAMILIES: dict[str, list[tuple[str, type[Exception]]]] = {
    "imports": [
        ("import os", _SAID),
        ("import os.path", _SAID),
        ("import sys, math", _SAID),
        ("import math, sys as math", _SAID),
        ("import collections.abc", _SAID),
        ("import importlib", _SAID),
        ("import builtins", _SAID),
        ("from os import path", _SAID),
        ("from . import x", _SAID),
        ("from .. import x", _SAID),
        ("from math import *", _SAID),
        ("from math import __loader__", _SAID),
        ("from random import _os", _SAID),
        ("from collections import abc", ImportError),
        ("from string import Formatter", ImportError),
        ("from re import copyreg", ImportError),
        ("import math as _getattr_", _SAID),
        ("import math as print", _SAID),
        ("import ｏs", _SAID),
        ("if True:\n    import os", _SAID),
        ("def f():\n    class A:\n        import os", _SAID),
        ("try:\n    pass\nfinally:\n    import subprocess", _SAID),
        ("for i in []:\n    with i:\n        from os import system", _SAID),
        ("__import__('os')", _SAID),
        ("f = [__import__ for __import__ in [1]]", _SAID),
    ],
    "dunders": [
        ("().__class__", _SAID),
        ("().__class__.__base__.__subclasses__()", _SAID),
        ("(lambda: 0).__globals__", _SAID),
        ("__builtins__", _SAID),
        ("{**__builtins__}", _SAID),
        ("getattr((), '__class__')", _REACHED),
        ("getattr((), '__cl' + 'ass__')", _REACHED),
        ("getattr((), '__class__', None)", _REACHED),
        ("list(map(getattr, [()], ['__class__']))", _REACHED),
        ("sorted([1], key=lambda v: getattr(v, '__dir__'))", _REACHED),
        ("getattr(print, '__self__')", _REACHED),
        ("getattr(object(), '__reduce_ex__')(2)", _REACHED),
        ("int.mro()", _REACHED),
        ("getattr(int, 'mro')()", _REACHED),
        ("setattr(len, '__name__', 1)", _REACHED),
        ("class A:\n    pass\nsetattr(A(), '__class__', int)", _REACHED),
        ("class A:\n    pass\ndelattr(A, '__init__')", _REACHED),
        ("a = [1]\na.__class__ += 1", _SAID),
        ("a = [1]\na[0].__class__ += 1", _SAID),
        ("a = 1\na.__doc__: str = ''", _SAID),
        ("del (1).__class__", _SAID),
    ],
    "guards": [
        ("_getattr_ = getattr", _SAID),
        ("(_getattr_ := getattr)", _SAID),
        ("def _write_(x): pass", _SAID),
        ("class _getitem_: pass", _SAID),
        ("for _getiter_ in []: pass", _SAID),
        ("with x as _write_: pass", _SAID),
        ("try: pass\nexcept Exception as _x: pass", _SAID),
        ("def f():\n    global _getattr_", _SAID),
        ("def f():\n    x = 1\n    def g():\n        nonlocal __class__", _SAID),
        ("del _getattr_", _SAID),
        ("lambda _getattr_: 1", _SAID),
        ("def f(*, _x=1): pass", _SAID),
        ("[_apply_ for _apply_ in []]", _SAID),
        ("print = 3", _SAID),
        ("def print(): pass", _SAID),
        ("printed", _SAID),
        ("import math\nmath.pi = 3", _REACHED),
        ("import math\ndel math.pi", _REACHED),
        ("import math\nmath.pi += 1", _REACHED),
        ("int.x = 1", _REACHED),
        ("def f(): pass\nf.x = 1", _REACHED),
        ("print.x = 1", _REACHED),
    ],
    "strings": [
        (f"{_STRING}getattr((), S('__class__'))", TypeError),
        (f"{_LIAR}getattr((), S('__class__'))", TypeError),
        (f"{_STRING}hasattr((), S('__class__'))", TypeError),
        (f"{_STRING}S('{{0.__class__}}').format(1)", _REACHED),
        (f"{_STRING}S.format('{{0.__class__}}', 1)", _REACHED),
        ("().__ｃlass__", _SAID),
        ("()._＿class_＿", _SAID),
        ("getattr((), '＿＿class＿＿')", AttributeError),
        ("getattr((), b'__class__')", TypeError),
        ("ｅval('1')", _SAID),
        ("ｏpen('x')", _NAMED),
    ],
    "frames": [
        (f"{_GENERATOR}g.gi_frame", _SAID),
        (f"{_GENERATOR}g.gi_code", _SAID),
        (f"{_GENERATOR}getattr(g, 'gi_frame')", _REACHED),
        (f"{_GENERATOR}getattr(g, 'gi_yieldfrom')", _REACHED),
        (f"{_GENERATOR}'{{0.gi_frame}}'.format(g)", _REACHED),
        ("g = (g.gi_frame.f_back.f_back for _ in [1])\nlist(g)", _SAID),
        ("(lambda: (yield))().gi_frame", _SAID),
        ("async def f(): pass\nf().cr_frame", _SAID),
        ("async def f():\n    yield 1\nf().ag_frame", _SAID),
        ("def f():\n    await x", _SAID),
        ("[y async for y in x]", _SAID),
        (f"{_CAUGHT}error.__traceback__.tb_frame", _SAID),
        (f"{_CAUGHT}getattr(error, '__traceback__')", _REACHED),
        (f"{_CAUGHT}getattr(error, 'tb_frame')", _REACHED),
        (f"{_CAUGHT}'{{0.__traceback__.tb_frame.f_globals}}'.format(error)", _REACHED),
        (f"{_CAUGHT}error.with_traceback(None).__context__", _SAID),
        ("try:\n    math.x\nexcept NameError as e:\n    e.obj", _REACHED),
        (
            "import math\ntry:\n    math.x\nexcept AttributeError as e:\n    e.obj",
            _REACHED,
        ),
        ("try:\n    1\nexcept* ValueError as e:\n    pass", _SAID),
        ("(lambda: 0).__code__.co_code", _SAID),
    ],
    "formats": [
        ("'{0.__class__}'.format(1)", _REACHED),
        ("'{a[0].__class__}'.format(a=[1])", _REACHED),
        ("'{0:{1.__class__}}'.format(1, 2)", _REACHED),
        ("'{a.__class__}'.format_map({'a': 1})", _REACHED),
        ("str.format('{0.__class__}', 1)", _REACHED),
        ("str.format_map('{a.__class__}', {'a': 1})", _REACHED),
        ("list(map(str.format, ['{0.__class__}'], [1]))", _REACHED),
        ("sorted(['{0.__class__}'], key=lambda s: s.format(1))", _REACHED),
        ("getattr('{0.__class__}', 'for' + 'mat')(1)", _REACHED),
        ("f = '{0.__init__.__globals__}'.format\nf(print)", _REACHED),
        ("f'{().__class__}'", _SAID),
        ("f'{1!r:{().__class__}}'", _SAID),
        ("f'{1:{getattr(1, \"__class__\")}}'", _REACHED),
        ("b'{0.__class__}'.format(1)", _REACHED),
        ("str.format(1)", TypeError),
        ("'%(__class__)s' % {}", KeyError),
        ("import string\nstring.Formatter().format('{0.__class__}', 1)", _REACHED),
        ("import collections\ncollections.UserString('{0}').format(1)", _REACHED),
        (
            "import string\nstring.Template('${a.__class__}').substitute(a=1)",
            ValueError,
        ),
    ],
    "patterns": [
        ("match 1:\n    case int(real=x): pass", _SAID),
        ("match 1:\n    case object(__class__=c): pass", _SAID),
        ("match {}:\n    case {'a': object(__dict__=d)}: pass", _SAID),
        ("match [1]:\n    case [int() as _getattr_]: pass", _SAID),
    ],
    "pivots": [
        ("import collections\ncollections.abc.sys", _REACHED),
        ("import json\njson.codecs", _REACHED),
        ("import json\njson.decoder.scanner", _REACHED),
        ("import json\njson.load", _REACHED),
        ("import json\njson.JSONEncoder", _REACHED),
        ("import statistics\nstatistics.sys", _REACHED),
        ("import random\nrandom._os", _SAID),
        ("import random\ngetattr(random, '_os')", _REACHED),
        ("import random\n'{0._os}'.format(random)", _REACHED),
        ("import random\nrandom.random.__self__", _SAID),
        ("import re\nre._compiler", _SAID),
        ("import re\nre.enum.sys", _REACHED),
        ("import re\nre.sub('a', lambda m: m.re.__class__, 'a')", _SAID),
        ("import datetime\ndatetime.sys", _REACHED),
        ("import fractions\nfractions.sys", _REACHED),
        ("import fractions\nfractions.Fraction.__new__.__globals__", _SAID),
        ("import decimal\ngetattr(decimal.DecimalTuple, '__new__')", _REACHED),
        ("import math\nmath.__loader__", _SAID),
        ("import json\njson.loads('{}', object_hook=lambda d: d.__class__)", _SAID),
        ("import json\njson.dumps(open, default=1)", _NAMED),
        (
            "import collections\ncollections.namedtuple('N', ['a; import os'])",
            ValueError,
        ),
        ("import collections\ncollections.namedtuple('N', ['__x'])", ValueError),
        ("import collections\ncollections.namedtuple('N', 'a')(1)._replace", _SAID),
        ("import collections\nclass D(collections.UserDict): pass", TypeError),
    ],
    "classes": [
        ("type('A', (), {})", _NAMED),
        ("class A(metaclass=int): pass", _SAID),
        ("class A(flag=1): pass", _SAID),
        ("class A:\n    def __init_subclass__(cls): pass", _SAID),
        ("class A:\n    def __class_getitem__(cls, k): pass", _SAID),
        ("class A:\n    def __getattr__(self, name): pass", _SAID),
        ("class A:\n    def __del__(self): pass", _SAID),
        ("class A:\n    def __add__(self, other): pass", _SAID),
        ("class A:\n    def __reduce__(self): pass", _SAID),
        ("class A:\n    __slots__ = ()", _SAID),
        ("class A:\n    _guarded_writes = 1", _SAID),
        ("class A:\n    __eq__ = print", _SAID),
        ("super().__init__", _SAID),
        ("@print.__class__\ndef f(): pass", _SAID),
        ("property(lambda s: 1).fget.__globals__", _SAID),
        ("classmethod(print).__func__", _SAID),
    ],
    "builtins": [
        *(
            (f"{name}('1')", _NAMED)
            for name in (
                *("open", "compile", "input", "globals", "locals", "vars", "dir"),
                *("help", "memoryview", "super", "type", "delete"),
            )
        ),
        ("eval('1')", _SAID),
        ("exec('1')", _SAID),
        ("breakpoint()", _SAID),
        ("e = eval\ne('1')", _NAMED),
        ("print('x', file=1)", TypeError),
        ("print('x', sep=1)", AttributeError),
    ],
    "exits": [
        ("exit()", _NAMED),
        ("quit()", _NAMED),
        ("raise SystemExit", _NAMED),
        ("raise KeyboardInterrupt", _NAMED),
        ("raise BaseException", _NAMED),
        ("raise GeneratorExit", _NAMED),
        ("raise BaseExceptionGroup('x', [1])", _NAMED),
        ("raise ExceptionGroup('x', [ValueError()])", _NAMED),
        ("class E(BaseException): pass", _NAMED),
        ("try:\n    1 / 0\nexcept BaseException:\n    pass", _NAMED),
        (f"{_GENERATOR}next(g)\ng.throw(SystemExit)", _NAMED),
        ("import signal", _SAID),
        ("import _thread", _SAID),
        ("import os\nwhile True:\n    os.fork()", _SAID),
        ("import multiprocessing", _SAID),
        ("import ctypes", _SAID),
    ],
}

if sys.version_info >= (3, 12):
    _FAMILIES["types"] = [
        ("type X = int", _SAID),
        ("def f[T: (open('x'))](): pass", _SAID),
        ("class A[T]: pass", _SAID),
        ("f'{f\"{().__class__}\"}'", _SAID),
    ]

ESCAPES = [
    Escape(family, code, error)
    for family, attempts in _FAMILIES.items()
    for code, error in attempts
]


def one_per_family() -> Iterator[Escape]:
    """Return the first attempt of each family that gets as far as to run."""
    for family in _FAMILIES:
        of_it = [escape for escape in ESCAPES if escape.family == family]
        yield next((e for e in of_it if e.error is not _SAID), of_it[0])
