"""report.html taken apart with the standard library's parser, for tests."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_VOID = frozenset({"meta", "br", "line", "rect", "circle", "path", "link", "img", "input", "wbr"})


@dataclass
class Node:
    """One element: name, attributes, children, own text."""

    name: str
    attributes: dict[str, str]
    children: list["Node"] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def all(self, name: str = "", **attributes: str) -> list["Node"]:
        """Descendants of a name that carry the attributes; `css` is one class."""
        css = attributes.pop("css", None)
        found = []
        for child in self.children:
            is_named = not name or child.name == name
            is_classed = css is None or css in child.attributes.get("class", "").split()
            has_all = all(child.attributes.get(k.replace("_", "-")) == v for k, v in attributes.items())
            if is_named and is_classed and has_all:
                found.append(child)
            found += child.all(name, **({"css": css} if css else {}), **attributes)
        return found

    @property
    def text(self) -> str:
        """All text below, in order of the pieces of each element."""
        return "".join(self.words) + "".join(child.text for child in self.children)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Node("root", {})
        self.stack = [self.root]
        self.broken: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {k: v or "" for k, v in attrs})
        self.stack[-1].children.append(node)
        if tag not in _VOID:
            self.stack.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.stack[-1].children.append(Node(tag, {k: v or "" for k, v in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            # `<rect ...><title>..</title></rect>`: its end closes nothing that was opened here.
            return
        if self.stack[-1].name != tag:
            self.broken.append(tag)
            return
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        self.stack[-1].words.append(data)


def parse(html: str) -> tuple[Node, list[str]]:
    """The tree, and end tags that close nothing."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root, builder.broken + [node.name for node in builder.stack[1:]]


def value_at(document: Any, place: str) -> Any:
    """Value of the document under a dotted place; None where a step is missing."""
    for step in place.split("."):
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isdigit():
            document = document[int(step)]
        else:
            return None
    return document
