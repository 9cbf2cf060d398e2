"""The only two ways user text reaches C: as a string literal, or as an identifier of the Plan."""

from __future__ import annotations


def c_string(data: bytes | str) -> str:
    """Return text as a C string literal, safe inside a comment and on a `#line` too."""
    raw = data.encode() if isinstance(data, str) else data
    pieces = []
    for byte in raw:
        char = chr(byte)
        if char in '"\\*/?':
            # `*` and `/` could end a comment, `?` could start a trigraph.
            pieces.append(
                f"\\{char}" if char in '"\\' else (char if char == "/" else f"\\{byte:03o}")
            )
        elif 32 <= byte < 127:
            pieces.append(char)
        else:
            pieces.append(f"\\{byte:03o}")
    return '"' + "".join(pieces) + '"'
