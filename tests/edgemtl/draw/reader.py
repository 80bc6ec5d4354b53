"""Pages as a browser takes them, and names that would like to be more than text."""

from html.parser import HTMLParser

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></svg></style><iframe src=//evil.example>",
    "' onmouseover='alert(1)",
    "&lt;b&gt; &amp;",
    "turned \u202e around\nand \x1b[31mred",
)


class Reader(HTMLParser):
    """Every element, attribute and text of a page, as a browser would take them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open, self.words = set(), set(), [], []
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, name, attributes):
        self.tags.add(name)
        self.attributes.update(key for key, _ in attributes)
        self.words += [value for _, value in attributes]
        if name != "meta":
            self.open.append(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, words):
        self.words.append(words)
