"""What restricted code may say: RestrictedPython's rules, a little wider and narrower.

Wider: annotations (dropped), `nonlocal`, and `+=` on items and attributes, each by way
of the same guards. Narrower: imports are checked before anything runs, and a bare
`except:` catches no more than `except Exception:`.
"""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

from RestrictedPython.transformer import (
    IOPERATOR_TO_STR,
    RestrictingNodeTransformer,
    copy_locations,
)

from notebook_async.safe._restricted.modules import MODULES

__all__ = ["Policy", "Refusal"]


class Refusal(NamedTuple):
    """Something that the code says and may not say; line and column begin at 1."""

    line: int
    column: int
    what: str
    why: str


class Policy(RestrictingNodeTransformer):  # type: ignore[misc, unused-ignore]
    """Checks a tree and puts the guards into it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.refusals: list[Refusal] = []
        self._source = source

    def error(self, node: ast.AST, info: str) -> None:
        """Keep what was refused."""
        line = getattr(node, "lineno", 1)
        column = getattr(node, "col_offset", 0) + 1
        segment = ast.get_source_segment(self._source, node) or type(node).__name__
        what = segment.strip().partition("\n")[0][:80]
        self.refusals.append(Refusal(line, column, what, info.rstrip(".")))

    def visit_Name(self, node: ast.Name) -> Any:
        """Let `print` stand for what captures it; `printed` means nothing here."""
        if isinstance(node.ctx, ast.Load) and node.id in ("print", "printed"):
            if node.id == "printed":
                self.error(node, "it is a reserved name")
            return ast.copy_location(ast.Name("_print_", ast.Load()), node)
        return super().visit_Name(node)

    def visit_Import(self, node: ast.Import) -> Any:
        """Refuse modules that are not on the list."""
        for alias in node.names:
            self._check_module(node, alias.name)
        return super().visit_Import(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        """Refuse modules that are not on the list; drop what `__future__` says."""
        if node.module == "__future__" and not node.level:
            return ast.copy_location(ast.Pass(), node)
        self._check_module(node, "." * node.level + (node.module or ""))
        return super().visit_ImportFrom(node)

    def _check_module(self, node: ast.AST, name: str) -> None:
        if name not in MODULES:
            self.error(node, f"only these may be imported: {', '.join(MODULES)}")

    def visit_Nonlocal(self, node: ast.Nonlocal) -> Any:
        """Allow it for names that may be used."""
        for name in node.names:
            self.check_name(node, name)
        return node

    def visit_Global(self, node: ast.Global) -> Any:
        """Allow it for names that may be used."""
        for name in node.names:
            self.check_name(node, name)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        """Drop what annotates it, as nothing here reads that."""
        node.returns = None
        return super().visit_FunctionDef(node)

    def visit_arg(self, node: ast.arg) -> Any:
        """Drop its annotation."""
        node.annotation = None
        return super().visit_arg(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        """Assign without the annotation."""
        if node.value is None:
            self.visit(node.target)
            return ast.copy_location(ast.Pass(), node)
        plain = ast.Assign(targets=[node.target], value=node.value)
        return self.visit(ast.copy_location(plain, node))

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        """Change items and attributes in place by the guards that read and write."""
        if isinstance(node.target, ast.Name):
            return super().visit_AugAssign(node)
        # Object and key are evaluated once, and the old value before the new one.
        ob, keep_ob = self._kept(node.target.value)
        kept = [keep_ob]
        if isinstance(node.target, ast.Subscript):
            key, keep_key = self._kept(node.target.slice)
            kept.append(keep_key)
            old = _call("_getitem_", ob, key)
            new: ast.expr = ast.Subscript(_call("_write_", ob), key, ast.Store())
        else:
            self.visit(ast.copy_location(_attribute(node.target), node.target))
            name = node.target.attr
            old = _call("_getattr_", ob, ast.Constant(name))
            new = ast.Attribute(_call("_write_", ob), name, ast.Store())
        sign = ast.Constant(IOPERATOR_TO_STR[type(node.op)])
        value = _call("_inplacevar_", sign, old, self.visit(node.value))
        made = [*kept, ast.Assign(targets=[new], value=value)]
        for statement in made:
            copy_locations(statement, node)
        return made

    def _kept(self, value: ast.expr) -> tuple[ast.Name, ast.Assign]:
        """Return a name for a value, and the statement that gives it this name."""
        name = self.gen_tmp_name()
        target = ast.Name(name, ast.Store())
        keep = ast.Assign(targets=[target], value=self.visit(value))
        return ast.Name(name, ast.Load()), keep

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> Any:
        """Let a bare `except:` leave interrupts and exits alone."""
        handler: Any = super().visit_ExceptHandler(node)
        if handler.type is None:
            handler.type = ast.copy_location(ast.Name("_except_", ast.Load()), node)
        return handler

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        """Refuse keywords, which RestrictedPython would forget."""
        if node.keywords:
            self.error(node, "keywords of a class are not allowed")
        return super().visit_ClassDef(node)


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(func=ast.Name(name, ast.Load()), args=list(args), keywords=[])


def _attribute(target: ast.Attribute) -> ast.Attribute:
    return ast.Attribute(ast.Constant(None), target.attr, ast.Load())
