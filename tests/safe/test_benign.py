from __future__ import annotations

import asyncio
from typing import Any

import pytest

from notebook_async.safe import safe_eval, safe_eval_sync, safe_exec, safe_exec_sync

EXPRESSIONS: dict[str, Any] = {
    "1 + 2 * 3 ** 2 // 4 % 5": 5,
    "7 / 2, -7 // 2, divmod(7, 2), round(2.567, 1)": [3.5, -4, [3, 1], 2.6],
    "1 < 2 <= 2 != 3 and not None is True": True,
    "'a' if [] else 'b'": "b",
    "[x * x for x in range(5) if x % 2]": [1, 9],
    "{word: len(word) for word in 'to be or'.split()}": {"to": 2, "be": 2, "or": 2},
    "sorted({c for c in 'banana'})": ["a", "b", "n"],
    "sum(x for x, _ in [(1, 'a'), (2, 'b')])": 3,
    "[(i, a) for i, (a, b) in enumerate([(1, 2), (3, 4)])]": [[0, 1], [1, 3]],
    "min([3, 1]), max('a', 'b'), sorted([2, 1], reverse=True)": [1, "b", [2, 1]],
    "sorted(['bb', 'a'], key=len)": ["a", "bb"],
    "list(zip('ab', (1, 2))), dict(zip('ab', (1, 2)))": [
        [["a", 1], ["b", 2]],
        {"a": 1, "b": 2},
    ],
    "any([0, 1]), all([]), list(reversed([1, 2]))": [True, True, [2, 1]],
    "list(map(str, [1, 2])), list(filter(None, [0, 1]))": [["1", "2"], [1]],
    "(lambda a, *b, c=3, **d: [a, b, c, d])(1, *[2], **{'e': 4})": [
        1,
        [2],
        3,
        {"e": 4},
    ],
    "f'{3.14159:.2f} {\"x\"!r:>5} {1_000:,}'": "3.14   'x' 1,000",
    "'{0:.2f} {name:>4} {0.imag}'.format(2.5, name='x')": "2.50    x 0.0",
    "'{a[k]} {a}'.format_map({'a': {'k': 1}})": "1 {'k': 1}",
    "'%s is %d' % ('a', 1)": "a is 1",
    "' A-b '.strip().lower().replace('-', '_').split('_')": ["a", "b"],
    "','.join(['a', 'b']).title().partition(',')": ["A", ",", "B"],
    "'äöü'.encode().decode().upper()": "ÄÖÜ",
    "[1, 2, 3, 4][1:-1], 'abcd'[::-1], [1, 2][-1]": [[2, 3], "dcba", 2],
    "(n := 5) + n": 10,
    "isinstance(1, (int, str)), callable(len), bool([])": [True, True, False],
    "int('ff', 16), hex(255), ord('a'), chr(98), 0b11": [255, "0xff", 97, "b", 3],
    "math.sqrt(16) + math.floor(math.pi)": 7.0,
    "statistics.mean([1, 2, 6]), statistics.stdev([1, 2, 3])": [3, 1.0],
    "json.loads(json.dumps({'a': [1, None, True]}))": {"a": [1, None, True]},
    "re.sub(r'(\\d+)', lambda m: str(int(m.group(1)) * 2), 'a1b20')": "a2b40",
    "[m.start() for m in re.finditer('a', 'banana')]": [1, 3, 5],
    "str(decimal.Decimal('0.1') + decimal.Decimal('0.2'))": "0.3",
    "str(fractions.Fraction(1, 3) + fractions.Fraction(1, 6))": "1/2",
    "collections.Counter('banana').most_common(1)": [["a", 3]],
    "list(itertools.chain([1], itertools.repeat(2, 2)))": [1, 2, 2],
    "(datetime.date(2024, 3, 1) - datetime.timedelta(1)).isoformat()": "2024-02-29",
    "datetime.datetime.strptime('1.2.24', '%d.%m.%y').strftime('%Y-%m-%d')": (
        "2024-02-01"
    ),
    "random.Random(1).randint(1, 1)": 1,
    "string.ascii_lowercase[:3] + string.Template('$a').substitute(a=1)": "abc1",
    "(10 ** 30000) // (3 ** 60000) % 1000 >= 0": True,
    "math.inf, -math.inf": [float("inf"), float("-inf")],
    "None": None,
}

STATEMENTS: dict[str, dict[str, Any]] = {
    "a = b = [1]\nb += [2]": {"a": [1, 2], "b": [1, 2]},
    "a, (b, *c), [d] = 1, (2, 3, 4), [5]": {"a": 1, "b": 2, "c": [3, 4], "d": 5},
    "a = 1\na += 2\na **= 2\na //= 2\na <<= 1\na |= 1": {"a": 9},
    "d = {}\nfor w in 'a b a'.split():\n    d[w] = d.get(w, 0)\n    d[w] += 1\ndel w": {
        "d": {"a": 2, "b": 1}
    },
    "x = [1, 2, 3]\nx[1:] = [9]\nx[0] -= 1\ndel x[-1]": {"x": [0]},
    "x = [[1], [2]]\ni = iter([0, 1])\nx[next(i)][0] += 5\ni = next(i)": {
        "x": [[6], [2]],
        "i": 1,
    },
    "x: list[int] = []\ny: str\nx.append(1)": {"x": [1]},
    "n = 0\nwhile True:\n    n += 1\n    if n == 2: continue\n    if n > 3: break": {
        "n": 4
    },
    "for i in []:\n    pass\nelse:\n    r = 'else'": {"r": "else"},
    "try:\n    int('x')\nexcept (ValueError, KeyError) as e:\n    r = str(e)[:7]\n"
    "else:\n    r = 0\nfinally:\n    f = 1": {"r": "invalid", "f": 1},
    "try:\n    1 / 0\nexcept:\n    r = 1": {"r": 1},
    "def fib(n: int) -> int:\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
    "r = fib(10)": {"r": 55},
    "def f(a, /, b=2, *c, d, **e):\n    '''Doc.'''\n    return a, b, c, d, e\n"
    "r = f(1, d=4, z=5)": {"r": [1, 2, [], 4, {"z": 5}]},
    "def counter():\n    n = 0\n    def step():\n        nonlocal n\n        n += 1\n"
    "        return n\n    return step\ns = counter()\nr = [s(), s()]": {"r": [1, 2]},
    "n = 1\ndef f():\n    global n\n    n += 1\nf()": {"n": 2},
    "def g(n):\n    for i in range(n):\n        yield i\n    yield from 'ab'\n"
    "r = list(g(2))": {"r": [0, 1, "a", "b"]},
    "class P:\n    n = 0\n    def __init__(self, x):\n        self.x = x\n"
    "        self.x += 1\n    @property\n    def twice(self): return self.x * 2\n"
    "    @classmethod\n    def make(cls): return cls(2)\n"
    "    def __lt__(self, o): return self.x < o.x\n"
    "class Q(P):\n    pass\n"
    "r = Q.make().twice, sorted([P(3), P(1)])[0].x, isinstance(Q(1), P)\n": {
        "r": [6, 2, True]
    },
    "class TooCold(ValueError):\n    pass\ntry:\n    raise TooCold(3)\n"
    "except TooCold as e:\n    r = e.args": {"r": [3]},
    "from __future__ import annotations\nfrom math import sqrt as root, pi\n"
    "import datetime as dt\nr = root(4), dt.date(2024, 1, 2).year": {
        "r": [2.0, 2024],
        "pi": 3.141592653589793,
    },
    "from collections import defaultdict, deque, namedtuple\nd = defaultdict(list)\n"
    "d['a'].append(1)\nP = namedtuple('P', 'x y')\np = P(1, y=2)\nq = deque([1])\n"
    "q.append(p.x + p.y)\nq = list(q)": {"d": {"a": [1]}, "p": [1, 2], "q": [1, 3]},
    "import decimal\nwith decimal.localcontext() as c:\n    c.prec = 3\n"
    "    r = str(decimal.Decimal(1) / 3)": {"r": "0.333"},
    "assert 1, 'no'\nif 0:\n    pass\nelif 1:\n    r = ...  is Ellipsis": {"r": True},
}


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_expression(expr: str) -> None:
    """What an ordinary expression says is allowed, and means what it does in Python."""
    assert safe_eval_sync(expr, isolation="in_process") == EXPRESSIONS[expr]


@pytest.mark.parametrize("code", STATEMENTS)
def test_statements(code: str) -> None:
    """What ordinary statements say is allowed, and means what it does in Python."""
    assert safe_exec_sync(code, isolation="in_process") == STATEMENTS[code]


@pytest.mark.realtime
async def test_children_do_all_of_it() -> None:
    """Several snippets at once give the same values in children."""
    expressions, statements = [*EXPRESSIONS][::6], [*STATEMENTS][::5]
    values = await asyncio.gather(
        *map(safe_eval, expressions), *map(safe_exec, statements)
    )
    wanted = [EXPRESSIONS[e] for e in expressions] + [STATEMENTS[s] for s in statements]
    assert values == wanted
