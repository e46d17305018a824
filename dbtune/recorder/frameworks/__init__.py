"""Where requests begin and end in Flask, Django and WSGI or ASGI servers."""
