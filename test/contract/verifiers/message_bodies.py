"""Schemathesis knows how JSON and forms are sent; a mail goes as it is."""

import schemathesis


@schemathesis.serializer("message/rfc822")
def message(ctx, value):
    if isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", errors="surrogateescape")
